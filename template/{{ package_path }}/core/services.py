"""Services: what components offer to each other and to requests, found by type."""

from collections.abc import Awaitable, Callable
from typing import TypeVar, cast

from fastapi import Request

T = TypeVar("T")


class DuplicateServiceError(Exception):
    """Two components offer a service of the same type."""


class MissingServiceError(LookupError):
    """No component has offered a service of this type yet."""


class Services:
    """The services of one running application, each with the component that offers it.

    Attributes:
        component: The component that is starting.
    """

    def __init__(self) -> None:
        self.component = "core"
        self._services: dict[type, object] = {}
        self._owners: dict[type, str] = {}

    def add(self, kind: type[T], service: T) -> None:
        """Offer a service.

        Raises:
            DuplicateServiceError: Another component offers one of this type.
        """
        owner = self._owners.get(kind)
        if owner is not None:
            raise DuplicateServiceError(
                f'Components "{owner}" and "{self.component}" both add {kind.__name__}; '
                "call services.replace in the second one if it takes the place of the first."
            )
        self._services[kind] = service
        self._owners[kind] = self.component

    def replace(self, kind: type[T], service: T) -> None:
        """Offer a service in place of the one that an earlier component offers.

        Raises:
            MissingServiceError: There is none to replace.
        """
        self.get(kind)
        self._services[kind] = service
        self._owners[kind] = self.component

    def get(self, kind: type[T]) -> T:
        """Return the service of a type.

        Raises:
            MissingServiceError: No component has offered it yet.
        """
        try:
            return cast("T", self._services[kind])
        except KeyError:
            raise MissingServiceError(
                f'No component before "{self.component}" adds {kind.__name__}.'
            ) from None


def provide(kind: type[T]) -> Callable[[Request], Awaitable[T]]:
    """Return a dependency for `Depends` that gives a route the service of a type."""

    async def get_service(request: Request) -> T:
        services: Services = request.state.services
        return services.get(kind)

    return get_service
