"""Control characters, which could send commands to a terminal or forge a line."""

import re

CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")


def escape_controls(text: str) -> str:
    r"""Return a text with its control characters as escapes, such as `\x1b`."""
    return CONTROL.sub(lambda found: ascii(found[0])[1:-1], text)
