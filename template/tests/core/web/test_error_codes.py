"""Error codes: each error has one of its own, and a status."""

from {{ package_name }}.core.errors import AppError
from {{ package_name }}.core.web.problems import STATUS

PACKAGE = AppError.__module__.partition(".")[0]


def children(kind: type[AppError]) -> list[type[AppError]]:
    """Return the error classes of the package that derive from a class; tests have others."""
    return [child for child in kind.__subclasses__() if child.__module__.startswith(f"{PACKAGE}.")]


def family(kind: type[AppError]) -> list[type[AppError]]:
    """Return an error class and all those of the package that derive from it."""
    return [kind, *(found for child in children(kind) for found in family(child))]


def test_codes_are_unique() -> None:
    """A client can tell every error apart by its code."""
    codes = [kind.code for kind in family(AppError)]

    assert len(codes) == len(set(codes))


def test_every_error_has_a_status() -> None:
    """No direct subclass of AppError falls back to 500."""
    assert {AppError, *children(AppError)} == set(STATUS)
