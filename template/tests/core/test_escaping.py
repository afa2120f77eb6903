"""Control characters are shown, not sent."""

import pytest

from {{ package_name }}.core.escaping import escape_controls


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain [b]é", "plain [b]é"),
        ("\x1b[31m", r"\x1b[31m"),
        ("a\r\nb\t\x00", r"a\r\nb\t\x00"),
        ("\x7f\x9b\u2028", r"\x7f\x9b\u2028"),
        ("\udcff", "\udcff"),
    ],
)
def test_controls_become_escapes(text: str, shown: str) -> None:
    """A control character becomes the escape of Python; other characters stay."""
    assert escape_controls(text) == shown
