"""Errors at the edge: every one is a problem, and none tells what it should not."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from http.client import HTTPConnection
from typing import Annotated, Literal

import httpx
import pytest
from fastapi import APIRouter, HTTPException
from pydantic import AfterValidator, BaseModel, ConfigDict, Field
from starlette.responses import StreamingResponse

from {{ package_name }}.core import errors
from {{ package_name }}.core.app import build
from {{ package_name }}.core.component import Component
from {{ package_name }}.settings import Settings

from support.client import connect
from support.server import served


def refuse(value: str) -> str:
    """Refuse a value the way that careless validators do: by quoting it."""
    raise ValueError(f"{value} is wrong")


class Body(BaseModel):
    """A request with one field of each kind that matters here."""

    model_config = ConfigDict(extra="forbid")

    password: str = Field(min_length=12)
    size: Literal["s", "m"] = "s"
    ratio: float = 1
    named: dict[str, int] = Field(default_factory=dict)
    quoted: Annotated[str, AfterValidator(refuse)] | None = None


class NameTakenError(errors.ConflictError):
    """An error that a project adds."""

    code = "name_taken"


router = APIRouter(prefix="/try")


@router.post("/body")
async def take(body: Body) -> Body:
    """Take a body."""
    return body


@router.get("/error/{name}")
async def fail(name: str) -> None:
    """Raise the error of that name."""
    raise {
        "ours": NameTakenError("That address has an account."),
        "unauthorized": errors.UnauthorizedError("Sign in first."),
        "unavailable": errors.UnavailableError("Try again later."),
        "theirs": HTTPException(418, "short and stout", {"X-Pot": "tea"}),
        "unforeseen": RuntimeError("hunter2"),
    }[name]


@router.get("/stream")
async def stream() -> StreamingResponse:
    """Fail after the status is out."""

    async def parts() -> AsyncIterator[bytes]:
        yield b"begun"
        raise RuntimeError("hunter2")

    return StreamingResponse(parts())


@pytest.fixture(scope="module")
async def client(settings: Settings) -> AsyncIterator[httpx.AsyncClient]:
    """Yield a client of an application that can fail in every way."""
    async with connect(
        build(settings.limits, [Component(name="try", routers=(router,))])
    ) as client:
        yield client


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/nowhere", 404, "not_found"),
        ("GET", "/try/body", 405, "method_not_allowed"),
        ("GET", "/try/error/ours", 409, "name_taken"),
        ("GET", "/try/error/unauthorized", 401, "unauthorized"),
        ("GET", "/try/error/unavailable", 503, "unavailable"),
        ("GET", "/try/error/theirs", 418, "http_418"),
        ("POST", "/try/body", 422, "invalid_request"),
        ("GET", "/try/error/unforeseen", 500, "internal_error"),
    ],
)
async def test_every_error_is_a_problem(
    client: httpx.AsyncClient, method: str, path: str, status: int, code: str
) -> None:
    """Each status comes as RFC 9457 says, with a code for programs."""
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
        ("/try/error/theirs", "x-pot", "tea"),
    ],
)
async def test_headers_that_a_status_calls_for(
    client: httpx.AsyncClient, path: str, header: str, value: str
) -> None:
    """The headers that tell the caller what to do next are there."""
    assert (await client.get(path)).headers[header] == value


async def test_message_is_shown(client: httpx.AsyncClient) -> None:
    """The sentence of an error of ours reaches the caller; a mere phrase is not repeated."""
    assert (await client.get("/try/error/ours")).json()["detail"] == "That address has an account."
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
async def test_input_is_never_echoed(client: httpx.AsyncClient, body: dict[str, object]) -> None:
    """What the caller sent, a password perhaps, does not come back."""
    response = await client.post("/try/body", json=body)

    assert response.status_code == 422
    assert "hunter2" not in response.text


async def test_faults_are_few_and_short(client: httpx.AsyncClient) -> None:
    """The answer does not grow with the request, however much is wrong with it."""
    body = {"password": "x" * 12, "named": {f"~/{number}{'x' * 1000}": "" for number in range(999)}}
    response = await client.post("/try/body", json=body)

    assert len(response.json()["errors"]) == 100
    assert len(response.content) < 30_000
    assert response.json()["errors"][0]["pointer"].startswith("/body/named/~0~10xxx")


async def test_fault_says_where_and_why(client: httpx.AsyncClient) -> None:
    """The caller learns which value broke which rule."""
    response = await client.post("/try/body", json={"password": "short"})

    assert response.json()["errors"] == [
        {
            "pointer": "/body/password",
            "code": "string_too_short",
            "detail": "String should have at least 12 characters",
        }
    ]


async def test_half_a_surrogate_is_answered(client: httpx.AsyncClient) -> None:
    """A field's name that has no encoding does not break the answer."""
    response = await client.post(
        "/try/body", content=rb'{"\ud800": 1}', headers={"Content-Type": "application/json"}
    )

    assert response.status_code == 422


async def test_unforeseen_error_tells_nothing(
    client: httpx.AsyncClient, caplog: pytest.LogCaptureFixture
) -> None:
    """The cause is in the log, not in the answer, and the next request is served."""
    response = await client.get("/try/error/unforeseen")

    assert "hunter2" not in response.text
    assert "hunter2" in caplog.text
    assert (await client.get("/nowhere")).status_code == 404


def ask_twice(port: int) -> list[int]:
    """Fail a request, then send another one on the same connection; return the statuses."""
    with contextlib.closing(HTTPConnection("127.0.0.1", port, timeout=5)) as connection:
        statuses = []
        for path in ("/try/error/unforeseen", "/nowhere"):
            connection.request("GET", path)
            response = connection.getresponse()
            response.read()
            statuses.append(response.status)
            connection.auto_open = 0  # what was opened must do
    return statuses


async def test_connection_outlives_an_unforeseen_error(settings: Settings) -> None:
    """The next request on the connection, an innocent one behind the same proxy, is answered."""
    app = build(settings.limits, [Component(name="try", routers=(router,))])

    async with served(app) as server:
        assert await asyncio.to_thread(ask_twice, server.port) == [500, 404]


async def test_broken_stream_breaks_off(client: httpx.AsyncClient) -> None:
    """Once the status is out, only a broken connection says that something failed."""
    with pytest.raises(RuntimeError):
        await client.get("/try/stream")


async def test_problems_are_declared(settings: Settings) -> None:
    """The OpenAPI document says that errors are problems."""
    app = build(settings.limits, [Component(name="try", routers=(router,))])
    responses = app.openapi()["paths"]["/try/body"]["post"]["responses"]

    assert set(responses) == {"200", "413", "415", "422", "500", "503", "default"}
    assert set(responses["422"]["content"]) == {"application/problem+json"}
