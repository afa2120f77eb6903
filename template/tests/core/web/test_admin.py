"""The admin port: what operators ask, apart from the users."""

import socket
from collections.abc import AsyncIterator

import httpx
import pytest
from fastapi import FastAPI, Request, Response

from {{ package_name }}.app import create_app
from {{ package_name }}.core.component import Component
from {{ package_name }}.core.web import admin
from {{ package_name }}.settings import Settings

from support.client import connect
from support.server import free_port


async def operation(request: Request) -> Response:
    """Answer an operator."""
    return Response(request.app.title)


ASKED = Component(
    name="asked", operations={"/shared": operation}, admin_operations={"/private": operation}
)


@pytest.fixture(scope="module")
async def both() -> AsyncIterator[tuple[httpx.AsyncClient, httpx.AsyncClient]]:
    """Yield a client of the users' port, and one of the operators'."""
    settings = Settings.load({"admin": {"port": free_port()}})
    app = create_app(settings, [admin.component(settings), ASKED])
    url = f"http://127.0.0.1:{settings.admin.port}"
    async with connect(app) as users, httpx.AsyncClient(base_url=url) as operators:
        yield users, operators


@pytest.mark.parametrize(
    ("method", "path", "for_users", "for_operators"),
    [
        ("GET", "/shared", 200, 200),
        ("HEAD", "/shared", 200, 200),
        ("POST", "/shared", 405, 405),
        ("GET", "/private", 404, 200),
        ("GET", "/openapi.json", 200, 404),
    ],
)
async def test_who_is_answered_what(
    both: tuple[httpx.AsyncClient, httpx.AsyncClient],
    method: str,
    path: str,
    for_users: int,
    for_operators: int,
) -> None:
    """Operators get their questions answered, and users none of those that are not for them."""
    answers = [await client.request(method, path) for client in both]

    assert [answer.status_code for answer in answers] == [for_users, for_operators]


async def test_taken_port_is_named() -> None:
    """A port that is taken ends the start, and says so."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        settings = Settings.load({"admin": {"port": taken.getsockname()[1]}})
        app: FastAPI = create_app(settings, [admin.component(settings)])
        with pytest.raises(OSError, match="in use"):
            async with connect(app):
                pass
