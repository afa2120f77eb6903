"""Problems: the response to every error, without secrets."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from http.client import HTTPConnection
from typing import Annotated, Literal

import httpx2
import pytest
from fastapi import APIRouter, HTTPException
from pydantic import AfterValidator, BaseModel, ConfigDict, Field
from starlette.responses import StreamingResponse

from {{ package_name }}.core import errors
from {{ package_name }}.core.app import build
from {{ package_name }}.core.component import Component
from {{ package_name }}.core.web.context import RequestContext
from {{ package_name }}.practices import PracticeSettings

from support.client import connect
from support.server import served


def refuse(value: str) -> str:
    """Reject a value with a message that quotes it."""
    raise ValueError(f"{value} is wrong")


class Body(BaseModel):
    """A body with a field for each kind of error."""

    model_config = ConfigDict(extra="forbid")

    password: str = Field(min_length=12)
    size: Literal["s", "m"] = "s"
    ratio: float = 1
    named: dict[str, int] = Field(default_factory=dict)
    quoted: Annotated[str, AfterValidator(refuse)] | None = None


class NameTakenError(errors.ConflictError):
    """An error of the project."""

    code = "name_taken"


class PaymentRequiredError(errors.AppError):
    """An error with a status of its own."""

    code = "payment_required"


class QuotaExceededError(PaymentRequiredError):
    """An error with the status of its base class."""

    code = "quota_exceeded"


def refuse_request(context: RequestContext) -> None:
    """Refuse a request by its path."""
    if context.scope["path"] == "/try/refused":
        raise PaymentRequiredError("Pay first.")


router = APIRouter(prefix="/try")


@router.post("/body")
async def echo(body: Body) -> Body:
    """Return the body."""
    return body


@router.get("/error/{name}")
async def fail(name: str) -> None:
    """Raise an error by its name."""
    raise {
        "domain": NameTakenError("That address has an account."),
        "own": PaymentRequiredError("Pay first."),
        "derived": QuotaExceededError("Pay for more."),
        "unauthorized": errors.UnauthorizedError("Sign in first."),
        "unavailable": errors.UnavailableError("Try again later."),
        "http": HTTPException(418, "short and stout", {"X-Pot": "tea"}),
        "unhandled": RuntimeError("hunter2"),
    }[name]


@router.get("/status/{status}")
async def fail_with(status: int) -> None:
    """Raise an error with a status."""
    raise HTTPException(status)


@router.get("/stream")
async def stream() -> StreamingResponse:
    """Fail after the response has started."""

    async def chunks() -> AsyncIterator[bytes]:
        yield b"chunk"
        raise RuntimeError("hunter2")

    return StreamingResponse(chunks())


@pytest.fixture(scope="module")
async def client(settings: PracticeSettings) -> AsyncIterator[httpx2.AsyncClient]:
    """Yield a client of the routes."""
    component = Component(
        name="try",
        routers=(router,),
        on_request=refuse_request,
        error_statuses={PaymentRequiredError: 402},
    )
    async with connect(build(settings.limits, [component])) as client:
        yield client


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/nowhere", 404, "not_found"),
        ("GET", "/try/body", 405, "method_not_allowed"),
        ("GET", "/try/error/domain", 409, "name_taken"),
        ("GET", "/try/error/own", 402, "payment_required"),
        ("GET", "/try/error/derived", 402, "quota_exceeded"),
        ("GET", "/try/refused", 402, "payment_required"),
        ("GET", "/try/error/unauthorized", 401, "unauthorized"),
        ("GET", "/try/error/unavailable", 503, "unavailable"),
        ("GET", "/try/error/http", 418, "http_418"),
        ("POST", "/try/body", 422, "invalid_request"),
        ("GET", "/try/error/unhandled", 500, "internal_error"),
    ],
)
async def test_every_error_is_a_problem(
    client: httpx2.AsyncClient, method: str, path: str, status: int, code: str
) -> None:
    """The body of every error is an RFC 9457 problem with a code."""
    response = await client.request(method, path)
    body = response.json()

    assert response.status_code == status
    assert response.headers["content-type"] == "application/problem+json"
    assert (body["type"], body["status"], body["code"]) == ("about:blank", status, code)


@pytest.mark.parametrize(
    ("path", "header", "value"),
    [
        ("/try/body", "allow", "POST"),
        ("/try/error/unauthorized", "www-authenticate", "Bearer"),
        ("/try/error/unavailable", "retry-after", "5"),
        ("/try/error/http", "x-pot", "tea"),
    ],
)
async def test_headers_that_a_status_requires(
    client: httpx2.AsyncClient, path: str, header: str, value: str
) -> None:
    """The response has the headers that its status requires, and those of the HTTPException."""
    assert (await client.get(path)).headers[header] == value


async def test_detail_is_the_message(client: httpx2.AsyncClient) -> None:
    """The message of an AppError is the detail; without a message there is no detail."""
    assert (await client.get("/try/error/domain")).json()[
        "detail"
    ] == "That address has an account."
    assert "detail" not in (await client.get("/nowhere")).json()


@pytest.mark.parametrize(
    "body",
    [
        {"password": "hunter2"},
        {"password": {"hunter2": "hunter2"}},
        {"password": "x" * 12, "size": "hunter2"},
        {"password": "x" * 12, "ratio": "hunter2"},
        {"password": "x" * 12, "quoted": "hunter2"},
        {"password": "x" * 12, "hunter2": 1},
    ],
    ids=["too short", "wrong type", "no choice", "no number", "quoted by a validator", "unknown"],
)
async def test_input_is_not_echoed(client: httpx2.AsyncClient, body: dict[str, object]) -> None:
    """No response has the input, which may be a password."""
    response = await client.post("/try/body", json=body)

    assert response.status_code == 422
    assert "hunter2" not in response.text


async def test_field_errors_are_bounded(client: httpx2.AsyncClient) -> None:
    """A response has at most 100 field errors, and shortens the names of fields."""
    body = {"password": "x" * 12, "named": {f"~/{number}{'x' * 1000}": "" for number in range(999)}}
    response = await client.post("/try/body", json=body)

    assert len(response.json()["errors"]) == 100
    assert len(response.content) < 30_000
    assert response.json()["errors"][0]["pointer"].startswith("/body/named/~0~10xxx")


async def test_field_error_has_pointer_and_rule(client: httpx2.AsyncClient) -> None:
    """A field error points at the value, and states the rule that it violates."""
    response = await client.post("/try/body", json={"password": "short"})

    assert response.json()["errors"] == [
        {
            "pointer": "/body/password",
            "code": "string_too_short",
            "detail": "String should have at least 12 characters",
        }
    ]


async def test_lone_surrogate_gets_422(client: httpx2.AsyncClient) -> None:
    """The name of a field may have no UTF-8 encoding."""
    response = await client.post(
        "/try/body", content=rb'{"\ud800": 1}', headers={"Content-Type": "application/json"}
    )

    assert response.status_code == 422


async def test_unhandled_error_is_in_the_log_only(
    client: httpx2.AsyncClient, caplog: pytest.LogCaptureFixture
) -> None:
    """The log has the cause, the response does not, and the next request is served."""
    response = await client.get("/try/error/unhandled")

    assert "hunter2" not in response.text
    assert "hunter2" in caplog.text
    assert (await client.get("/nowhere")).status_code == 404


def request_twice(port: int, path: str) -> list[tuple[int, bytes]]:
    """Return the status and body of a request, and those of the next one of the connection."""
    with contextlib.closing(HTTPConnection("127.0.0.1", port, timeout=5)) as connection:
        found = []
        for each in (path, "/try/status/304"):
            connection.request("GET", each)
            response = connection.getresponse()
            found.append((response.status, response.read()))
            connection.auto_open = 0  # no second connection
    return found


@pytest.mark.parametrize(
    ("path", "status", "has_body"),
    [
        ("/try/error/unhandled", 500, True),
        ("/try/status/204", 204, False),
        ("/try/status/205", 205, False),
        ("/try/status/304", 304, False),
    ],
)
async def test_connection_survives_an_error(
    settings: PracticeSettings, path: str, status: int, *, has_body: bool
) -> None:
    """The connection, which clients may share behind a proxy, serves the next request."""
    app = build(settings.limits, [Component(name="try", routers=(router,))])

    async with served(app) as server:
        first, second = await asyncio.to_thread(request_twice, server.port, path)

    assert (first[0], bool(first[1])) == (status, has_body)
    assert second == (304, b"")


async def test_failed_stream_breaks_the_connection(client: httpx2.AsyncClient) -> None:
    """After the response has started, the server learns of an error by an exception."""
    with pytest.raises(RuntimeError):
        await client.get("/try/stream")


async def test_problems_are_in_openapi(settings: PracticeSettings) -> None:
    """The OpenAPI document declares the problems of each route."""
    app = build(settings.limits, [Component(name="try", routers=(router,))])
    responses = app.openapi()["paths"]["/try/body"]["post"]["responses"]

    assert set(responses) == {"200", "413", "415", "422", "500", "503", "default"}
    assert set(responses["422"]["content"]) == {"application/problem+json"}
