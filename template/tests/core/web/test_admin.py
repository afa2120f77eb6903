"""The admin port: endpoints for operators, apart from the public port."""

import socket
from collections.abc import AsyncIterator

import httpx2
import pytest
from fastapi import Request, Response

from {{ package_name }}.core.app import build
from {{ package_name }}.core.component import Component
from {{ package_name }}.core.web import admin
from {{ package_name }}.practices import PracticeSettings

from support.client import connect
from support.server import free_port


async def endpoint(request: Request) -> Response:
    """Return the title of the application."""
    return Response(request.app.title)


MANAGED = Component(
    name="managed",
    management_endpoints={"/shared": endpoint},
    admin_endpoints={"/private": endpoint},
)


@pytest.fixture(scope="module")
async def both() -> AsyncIterator[tuple[httpx2.AsyncClient, httpx2.AsyncClient]]:
    """Yield a client of the public port, and one of the admin port."""
    settings = PracticeSettings.load({"admin": {"port": free_port()}})
    app = build(settings.limits, [admin.component(settings.admin), MANAGED])
    url = f"http://127.0.0.1:{settings.admin.port}"
    async with connect(app) as public, httpx2.AsyncClient(base_url=url) as operators:
        yield public, operators


@pytest.mark.parametrize(
    ("method", "path", "public", "admin_port"),
    [
        ("GET", "/shared", 200, 200),
        ("HEAD", "/shared", 200, 200),
        ("POST", "/shared", 405, 405),
        ("GET", "/private", 404, 200),
        ("GET", "/openapi.json", 200, 404),
    ],
)
async def test_endpoints_of_each_port(
    both: tuple[httpx2.AsyncClient, httpx2.AsyncClient],
    method: str,
    path: str,
    public: int,
    admin_port: int,
) -> None:
    """The admin port has all endpoints for operators, the public port only the shared ones."""
    responses = [await client.request(method, path) for client in both]

    assert [response.status_code for response in responses] == [public, admin_port]


async def test_taken_port_is_named() -> None:
    """A port in use is an error at start."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        settings = PracticeSettings.load({"admin": {"port": taken.getsockname()[1]}})
        app = build(settings.limits, [admin.component(settings.admin)])
        with pytest.raises(OSError, match="in use"):
            async with connect(app):
                pass
