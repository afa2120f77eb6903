"""Bare Starlette with one endpoint."""

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route


async def ping(_request: Request) -> JSONResponse:
    """Respond."""
    return JSONResponse({"message": "pong"})


app = Starlette(routes=[Route("/ping", ping)])
