"""The components of this project. This file is yours: updates never touch it."""

from {{ package_name }}.core.component import Component
from {{ package_name }}.settings import Settings


def components(_settings: Settings) -> tuple[Component, ...]:
    """Return your components, such as `Component(name="orders", routers=(orders.router,))`."""
    return ()
