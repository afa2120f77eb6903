"""Errors as RFC 9457 problems: the one module that maps errors to HTTP."""

import json
from collections.abc import Mapping, Sequence
from http.client import responses as phrases
from typing import Any, TypedDict

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.utils import is_body_allowed_for_status_code
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.responses import Response

from {{ package_name }}.core import errors

MEDIA_TYPE = "application/problem+json"

ErrorStatuses = Mapping[type[errors.AppError], int]
"""The HTTP status of each class of errors; a subclass has that of its nearest base class."""

STATUSES: ErrorStatuses = {
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

CONNECTION_CLOSE: Mapping[str, str] = {"Connection": "close"}
"""For responses to requests whose body is not read to its end."""

HEADERS: Mapping[int, Mapping[str, str]] = {
    401: {"WWW-Authenticate": "Bearer"},
    413: CONNECTION_CLOSE,
    503: {"Retry-After": "5"},
}

# Error types whose message states a rule only; pydantic's other messages may quote the input.
SAFE_ERROR_TYPES = frozenset(
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

MAX_FIELD_ERRORS = 100
MAX_NAME_LENGTH = 100


class FieldError(TypedDict):
    """What is wrong with one value of a request; `pointer` is a JSON Pointer (RFC 6901)."""

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
    415: "The media type of the body is not supported",
    422: "The request is not valid",
    500: "An unexpected error",
    503: "A dependency is unavailable, or too many requests are in flight",
    "default": "Any other error",
}

RESPONSES: dict[int | str, dict[str, Any]] = {
    status: {"description": description, "content": {MEDIA_TYPE: {"schema": SCHEMA}}}
    for status, description in DESCRIPTIONS.items()
}


def problem_response(
    status: int,
    code: str,
    *,
    detail: str | None = None,
    field_errors: Sequence[FieldError] = (),
    headers: Mapping[str, str] | None = None,
) -> Response:
    """Return an error response; without a body if its status allows none, such as 304.

    Args:
        status: HTTP status.
        code: Stable name of the error, for programs.
        detail: A sentence for people; it must not quote the request.
        field_errors: The invalid values of the request.
        headers: Headers besides those that the status requires.
    """
    if not is_body_allowed_for_status_code(status):
        return Response(status_code=status, headers=headers)
    body: dict[str, object] = {
        "type": "about:blank",
        "title": phrases.get(status, "Error"),
        "status": status,
        "code": code,
    }
    if detail is not None:
        body["detail"] = detail
    if field_errors:
        body["errors"] = field_errors
    return Response(
        json.dumps(body),
        status,
        {**HEADERS.get(status, {}), **(headers or {})},
        MEDIA_TYPE,
    )


def pointer(parts: Sequence[object]) -> str:
    """Return a location as a JSON Pointer (RFC 6901)."""
    names = (str(part)[:MAX_NAME_LENGTH].replace("~", "~0").replace("/", "~1") for part in parts)
    return "".join(f"/{name}" for name in names)


def field_error(error: Mapping[str, Any]) -> FieldError:
    """Return one of pydantic's errors without the input."""
    code: str = error["type"]
    # The name of an unknown member is input, too: point at its object instead.
    location = error["loc"][:-1] if code == "extra_forbidden" else error["loc"]
    return {
        "pointer": pointer(location),
        "code": code,
        "detail": error["msg"]
        if code in SAFE_ERROR_TYPES or code.endswith("_type")
        else "Value is not valid",
    }


def error_response(error: Exception, statuses: ErrorStatuses) -> Response:
    """Return the response to an error.

    Args:
        error: The error.
        statuses: The status of each class of errors, with those of the project.
    """
    match error:
        case errors.AppError():
            status = next(statuses[kind] for kind in type(error).__mro__ if kind in statuses)
            return problem_response(status, error.code, detail=error.message)
        case RequestValidationError():
            found = [field_error(item) for item in error.errors()[:MAX_FIELD_ERRORS]]
            return problem_response(422, CODES[422], field_errors=found)
        case HTTPException(status_code=status):
            return problem_response(
                status,
                CODES.get(status, f"http_{status}"),
                detail=error.detail if error.detail != phrases.get(status) else None,
                headers=error.headers,
            )
        case ClientDisconnect():  # the client is gone; the status is for the log
            return problem_response(400, CODES[400])
        case _:
            return problem_response(500, CODES[500])


def add_exception_handlers(app: FastAPI, statuses: ErrorStatuses) -> None:
    """Map the errors of the project and of FastAPI to HTTP."""

    async def handle_error(_request: Request, error: Exception) -> Response:
        return error_response(error, statuses)

    app.add_exception_handler(Exception, handle_error)
    for kind in (errors.AppError, RequestValidationError, HTTPException, ClientDisconnect):
        app.add_exception_handler(kind, handle_error)
