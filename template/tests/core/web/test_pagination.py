"""Cursors: only what was given out for a list is read, and as what it was."""

import pytest

from {{ package_name }}.core.settings import InvalidSettingsError
from {{ package_name }}.core.web.pagination import (
    LENGTH,
    Cursors,
    InvalidCursorError,
)
from {{ package_name }}.settings import Settings


@pytest.mark.parametrize("number", [1, 255, 2**63 - 1])
def test_cursor_is_read_as_it_was_written(number: int) -> None:
    """A cursor leads back to its entry, and is of the length that requests are held to."""
    cursors = Cursors("one secret for all processes")
    cursor = cursors.write(number, "/users")

    assert len(cursor) == LENGTH
    assert Cursors("one secret for all processes").read(cursor, "/users") == number


@pytest.mark.parametrize("secret", ["", "another secret"])
def test_cursor_of_others_is_refused(secret: str) -> None:
    """Who does not know the secret can't write a cursor."""
    cursor = Cursors(secret).write(1, "/users")

    with pytest.raises(InvalidCursorError):
        Cursors("one secret for all processes").read(cursor, "/users")


@pytest.mark.parametrize("cursor", ["", "x" * 31, "é" * 32, "=" * 32, "A" * 32])
def test_odd_cursor_is_refused(cursor: str) -> None:
    """Text that is no cursor is told from one."""
    with pytest.raises(InvalidCursorError):
        Cursors("").read(cursor, "/users")


def test_weak_secret_is_refused() -> None:
    """Who could guess the secret could write cursors."""
    with pytest.raises(InvalidSettingsError, match=r"PAGES__SECRET: .*random"):
        Settings.load({"pages": {"secret": "password"}})
    strong = Settings.load({"pages": {"secret": "0123456789abcdefghij"}})
    assert strong.pages.secret.get_secret_value() == "0123456789abcdefghij"
