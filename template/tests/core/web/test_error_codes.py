"""Errors of ours: each has a code and a status."""

from {{ package_name }}.core.errors import AppError
from {{ package_name }}.core.web.problems import STATUS


def family(kind: type[AppError]) -> list[type[AppError]]:
    """Return an error class and all that derive from it."""
    return [kind, *(found for child in kind.__subclasses__() for found in family(child))]


def test_codes_are_unique() -> None:
    """A program can tell every error apart by its code."""
    codes = [kind.code for kind in family(AppError)]

    assert len(codes) == len(set(codes))


def test_every_error_has_a_status() -> None:
    """No direct leaf falls back to 500."""
    assert {AppError, *AppError.__subclasses__()} == set(STATUS)
