"""Every error as an RFC 9457 problem: the one place that maps errors to HTTP."""

import json
from collections.abc import Mapping, Sequence
from http.client import responses as phrases
from typing import Any, TypedDict

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.responses import Response

from {{ package_name }}.core import errors

MEDIA_TYPE = "application/problem+json"

STATUS: Mapping[type[errors.AppError], int] = {
    errors.AppError: 500,
    errors.NotFoundError: 404,
    errors.ConflictError: 409,
    errors.PreconditionFailedError: 412,
    errors.InvalidInputError: 422,
    errors.UnauthorizedError: 401,
    errors.ForbiddenError: 403,
    errors.UnavailableError: 503,
}

# The phrases of http.client differ between releases of Python; programs need names that stay.
CODES: Mapping[int, str] = {
    400: "bad_request",
    401: "unauthorized",
    403: "forbidden",
    404: "not_found",
    405: "method_not_allowed",
    406: "not_acceptable",
    408: "request_timeout",
    409: "conflict",
    412: "precondition_failed",
    413: "content_too_large",
    415: "unsupported_media_type",
    422: "invalid_request",
    428: "precondition_required",
    429: "too_many_requests",
    431: "headers_too_large",
    500: "internal_error",
    503: "unavailable",
}

CLOSE: Mapping[str, str] = {"Connection": "close"}
"""For answers to requests that are not read to their end."""

HEADERS: Mapping[int, Mapping[str, str]] = {
    401: {"WWW-Authenticate": "Bearer"},
    503: {"Retry-After": "5"},
}

# The faults whose sentence only states the rule; pydantic's other sentences may quote the input.
RULES = frozenset(
    {
        "enum",
        "extra_forbidden",
        "finite_number",
        "greater_than",
        "greater_than_equal",
        "json_invalid",
        "less_than",
        "less_than_equal",
        "literal_error",
        "missing",
        "multiple_of",
        "string_pattern_mismatch",
        "string_too_long",
        "string_too_short",
        "too_long",
        "too_short",
    }
)


# A body may have more faults than anybody wants to read, and names of any length.
MOST_FAULTS = 100
MOST_CHARACTERS = 100


class Fault(TypedDict):
    """What is wrong with one value of a request; `pointer` says where it is."""

    pointer: str
    code: str
    detail: str


SCHEMA: Mapping[str, Any] = {
    "title": "Problem",
    "type": "object",
    "required": ["type", "title", "status", "code"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "code": {"type": "string", "description": "Stable name of the error, for programs"},
        "detail": {"type": "string"},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["pointer", "code", "detail"],
                "properties": {
                    "pointer": {"type": "string"},
                    "code": {"type": "string"},
                    "detail": {"type": "string"},
                },
            },
        },
    },
}

DESCRIPTIONS: Mapping[int | str, str] = {
    413: "The body is too large",
    415: "The body is of a type that is not read here",
    422: "The request breaks a rule",
    500: "An error that nobody foresaw",
    503: "Something that the request needs can't serve now, or there are too many requests",
    "default": "Any other error",
}

RESPONSES: dict[int | str, dict[str, Any]] = {
    status: {"description": description, "content": {MEDIA_TYPE: {"schema": SCHEMA}}}
    for status, description in DESCRIPTIONS.items()
}


def problem(
    status: int,
    code: str,
    *,
    detail: str | None = None,
    faults: Sequence[Fault] = (),
    headers: Mapping[str, str] | None = None,
) -> Response:
    """Return the response that tells of an error.

    Args:
        status: HTTP status.
        code: Stable name of the error, for programs.
        detail: A sentence for people; it must not quote the request.
        faults: The values at fault.
        headers: Sent besides the ones that the status calls for.
    """
    body: dict[str, object] = {
        "type": "about:blank",
        "title": phrases.get(status, "Error"),
        "status": status,
        "code": code,
    }
    if detail is not None:
        body["detail"] = detail
    if faults:
        body["errors"] = faults
    return Response(
        json.dumps(body),
        status,
        {**HEADERS.get(status, {}), **(headers or {})},
        MEDIA_TYPE,
    )


def pointer(parts: Sequence[object]) -> str:
    """Return where a value is, as a JSON Pointer (RFC 6901)."""
    names = (str(part)[:MOST_CHARACTERS].replace("~", "~0").replace("/", "~1") for part in parts)
    return "".join(f"/{name}" for name in names)


def describe(error: Mapping[str, Any]) -> Fault:
    """Return what one of pydantic's errors says, without the input that it was given."""
    code: str = error["type"]
    # The name of a member that nobody knows is input, too: its owner is named instead.
    where = error["loc"][:-1] if code == "extra_forbidden" else error["loc"]
    return {
        "pointer": pointer(where),
        "code": code,
        "detail": error["msg"] if code in RULES or code.endswith("_type") else "Value is not valid",
    }


def answer(error: Exception) -> Response:
    """Return the problem that stands for an error."""
    match error:
        case errors.AppError():
            status = next(STATUS[kind] for kind in type(error).__mro__ if kind in STATUS)
            return problem(status, error.code, detail=error.message)
        case RequestValidationError():
            faults = [describe(item) for item in error.errors()[:MOST_FAULTS]]
            return problem(422, CODES[422], faults=faults)
        case HTTPException(status_code=status):
            return problem(
                status,
                CODES.get(status, f"http_{status}"),
                detail=error.detail if error.detail != phrases.get(status) else None,
                headers=error.headers,
            )
        case ClientDisconnect():  # in the middle of its body: it won't hear this, but the log will
            return problem(400, CODES[400])
        case _:
            return problem(500, CODES[500])


async def on_error(_request: Request, error: Exception) -> Response:
    """Answer an error that the framework hands over."""
    return answer(error)


def install(app: FastAPI) -> None:
    """Make the application answer the errors that it knows as problems."""
    for kind in (errors.AppError, RequestValidationError, HTTPException, ClientDisconnect):
        app.add_exception_handler(kind, on_error)
