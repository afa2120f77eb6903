"""JSON that every parser reads the same way (I-JSON, RFC 7493)."""

import json
from functools import cache
from typing import Any, NoReturn

from fastapi import Request

INVALID_JSON_ERRORS = (RecursionError, ValueError)


def reject_duplicate_keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Return a JSON object; with a duplicate key, parsers would differ in which value they take."""
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("Duplicate key")
    return found


def parse_float(text: str) -> float:
    """Return a JSON number, as an integer if it is whole; reject one beyond a float's range."""
    value = float(text)
    if value in {float("inf"), float("-inf")}:
        raise ValueError("Number out of range")
    return int(value) if value.is_integer() else value


def reject_constant(_text: str) -> NoReturn:
    """Reject NaN and Infinity, which are not JSON."""
    raise ValueError("Not a JSON number")


class StrictRequest(Request):
    """A request whose JSON is UTF-8 and means the same to every parser."""

    async def json(self) -> object:
        """Return the body.

        Raises:
            json.JSONDecodeError: It is not JSON, or parsers could read it differently.
        """
        body = await self.body()
        try:
            found: object = json.loads(
                body.decode(),
                object_pairs_hook=reject_duplicate_keys,
                parse_constant=reject_constant,
                parse_float=parse_float,
            )
            if b"\\u" in body:
                json.dumps(found, ensure_ascii=False).encode()  # fails on a lone surrogate
        except INVALID_JSON_ERRORS as error:
            raise json.JSONDecodeError("Invalid", "", getattr(error, "pos", 0)) from None
        return found


@cache
def strict_request_class(kind: type[Request]) -> type[Request]:
    """Return the class of requests that are of a class and strict."""
    return StrictRequest if kind is Request else type(kind.__name__, (kind, StrictRequest), {})


def is_json(content_type: str) -> bool:
    """Return whether a media type is JSON or based on it (`+json`)."""
    media_type = content_type.partition(";")[0].strip().lower()
    return media_type.startswith("application/") and media_type.endswith(("/json", "+json"))
