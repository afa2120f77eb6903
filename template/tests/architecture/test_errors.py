"""Errors: each has a code and a status."""

from {{ package_name }}.core.app import Application
from {{ package_name }}.core.errors import AppError

PACKAGE = f"{AppError.__module__.partition('.')[0]}."
"""Other tests define errors too."""


def family(kind: type[AppError]) -> list[type[AppError]]:
    """Return an error class of the package and all that derive from it."""
    children = [child for child in kind.__subclasses__() if child.__module__.startswith(PACKAGE)]
    return [kind, *(found for child in children for found in family(child))]


def test_codes_are_unique() -> None:
    """Clients can tell errors apart by their codes; an error without its own has its parent's."""
    codes = [kind.code for kind in family(AppError) if "code" in vars(kind)]

    assert len(codes) == len(set(codes))


def test_every_error_has_a_status(app: Application) -> None:
    """No error of the package falls back to 500."""
    known = {*app.error_statuses} - {AppError}
    missing = [kind.__qualname__ for kind in family(AppError)[1:] if known.isdisjoint(kind.__mro__)]

    hint = "Derive from a subclass of AppError, or give `error_statuses` in a component, for"
    assert not missing, f"{hint} {', '.join(missing)}."
