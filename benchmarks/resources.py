"""A resource, added to a rendered project the way that its README tells the owner."""

from pathlib import Path

ROUTES = 50
LAST = f"/fifty/{ROUTES - 1:02}"
"""The path of the last of them."""

PROJECT = '''"""What this project adds to its practices."""

from my_service.api.routes import {name}
from my_service.component import Component
from my_service.settings import Settings


def components(_settings: Settings) -> tuple[Component, ...]:
    """Return the components of the project."""
    return (Component(name="{name}", routers=({name}.router,)),)
'''

HEAD = '''"""A resource."""

from fastapi import APIRouter

router = APIRouter(prefix="/{name}", tags=["{name}"])
'''

ROUTE = '''

@router.get("{path}")
async def {function}() -> dict[str, str]:
    """Answer."""
    return {{"message": "pong"}}
'''


def routes(name: str) -> dict[str, str]:
    """Return the paths of a resource's routes under its prefix, by the name of the function."""
    if name == "ping":
        return {"ping": ""}
    return {f"route_{number:02}": f"/{number:02}" for number in range(ROUTES)}


def add_resource(project: Path, name: str) -> None:
    """Add the resource "ping", which has one route, or "fifty"."""
    package = project / "src" / "my_service"
    text = HEAD.format(name=name) + "".join(
        ROUTE.format(function=function, path=path) for function, path in routes(name).items()
    )
    (package / "api" / "routes" / f"{name}.py").write_text(text, encoding="utf-8")
    (package / "project.py").write_text(PROJECT.format(name=name), encoding="utf-8")
