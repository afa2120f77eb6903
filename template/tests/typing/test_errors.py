"""Types that callers see; mypy checks them, and reports an ignore that nothing needs."""

from typing import assert_type

from {{ package_name }} import Error


def test_error() -> None:
    """An error is built like any exception; errors of Python are not of its type."""
    error = Error("reason")

    assert_type(error, Error)
    caught: type[Error] = ValueError  # type: ignore[assignment]  # another base class
    assert not issubclass(caught, Error)
