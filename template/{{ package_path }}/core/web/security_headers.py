"""Headers that every answer carries."""

from collections.abc import Sequence

JSON = (b"content-type", b"application/json")

# Browsers take an answer for what its Content-Type says, and nothing else.
ALWAYS = [(b"x-content-type-options", b"nosniff")]

# A document can also be framed and can leak its address, which JSON can't.
DOCUMENT = [
    *ALWAYS,
    (b"content-security-policy", b"frame-ancestors 'none'"),
    (b"referrer-policy", b"no-referrer"),
    (b"x-frame-options", b"DENY"),
]


def added(headers: Sequence[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    """Return the headers that an answer with these lacks."""
    if headers and headers[-1] == JSON:  # nearly always
        return ALWAYS
    is_document = any(name == b"content-type" and b"html" in value for name, value in headers)
    return DOCUMENT if is_document else ALWAYS
