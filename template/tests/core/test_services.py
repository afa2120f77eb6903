"""Services: found by type, offered by one component each."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Annotated

import pytest
from fastapi import APIRouter, Depends

from {{ package_name }}.core.app import build
from {{ package_name }}.core.component import Component
from {{ package_name }}.core.services import (
    DuplicateServiceError,
    MissingServiceError,
    Services,
    provide,
)
from {{ package_name }}.practices import PracticeSettings

from support.client import connect


@dataclass
class Greeter:
    """A service."""

    name: str


router = APIRouter()


@router.get("/greet")
async def greet(greeter: Annotated[Greeter, Depends(provide(Greeter))]) -> str:
    """Return the name of the service."""
    return greeter.name


def adding(name: str) -> Component:
    """Return a component that adds a service."""

    @asynccontextmanager
    async def start(services: Services) -> AsyncGenerator[None]:
        services.add(Greeter, Greeter(name))
        yield

    return Component(name=name, start=start)


def replacing(name: str) -> Component:
    """Return a component that replaces the service."""

    @asynccontextmanager
    async def start(services: Services) -> AsyncGenerator[None]:
        services.replace(Greeter, Greeter(name))
        yield

    return Component(name=name, start=start, routers=(router,))


async def test_route_gets_the_service(settings: PracticeSettings) -> None:
    """A dependency gives a route the service, and a later component may replace it."""
    app = build(settings.limits, [adding("one"), replacing("two")])
    async with connect(app) as client:
        response = await client.get("/greet")

    assert response.json() == "two"


async def test_second_service_of_a_type_is_an_error(settings: PracticeSettings) -> None:
    """The error names both components, and the way to replace a service."""
    message = r'"one" and "two" both add Greeter; .*services\.replace'
    with pytest.raises(DuplicateServiceError, match=message):
        async with connect(build(settings.limits, [adding("one"), adding("two")])):
            pass


async def test_missing_service_is_an_error(settings: PracticeSettings) -> None:
    """The error names the component that needs the service, and its type."""
    with pytest.raises(MissingServiceError, match='No component before "two" adds Greeter'):
        async with connect(build(settings.limits, [replacing("two")])):
            pass
