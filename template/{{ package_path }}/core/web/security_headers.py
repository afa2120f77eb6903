"""Security headers of the responses of routes."""

from collections.abc import Sequence

JSON = (b"content-type", b"application/json")

BASE_HEADERS = [(b"x-content-type-options", b"nosniff")]

# A page can be framed and can leak its address in the Referer header; JSON can't.
HTML_HEADERS = [
    *BASE_HEADERS,
    (b"content-security-policy", b"frame-ancestors 'none'"),
    (b"referrer-policy", b"no-referrer"),
    (b"x-frame-options", b"DENY"),
]


def security_headers(headers: Sequence[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    """Return the security headers for a response with these headers."""
    if headers and headers[-1] == JSON:  # nearly always
        return BASE_HEADERS
    is_html = any(name == b"content-type" and b"html" in value for name, value in headers)
    return HTML_HEADERS if is_html else BASE_HEADERS
