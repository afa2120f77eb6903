"""Cursors: where the next part of a list begins, as something that clients can only give back."""

import base64
import binascii
import hashlib
import hmac
import secrets
from typing import Annotated

from fastapi import Depends, Query, Request

from {{ package_name }}.core.web.pagination import Slice
from {{ package_name }}.core.errors import InvalidInputError

SIGNATURE_BYTES = 16
NUMBER_BYTES = 8
LENGTH = 32
UNREADABLE = (ValueError, binascii.Error)


class InvalidCursorError(InvalidInputError):
    """A cursor is not one that was given out for this list."""

    code = "invalid_cursor"


class Cursors:
    """Makes cursors and reads them.

    They are signed, so that nobody builds on what is in them, and hold for one list each.

    Args:
        secret: What they are signed with; made up if it is empty.
    """

    def __init__(self, secret: str) -> None:
        self.key = secret.encode() or secrets.token_bytes(32)

    def sign(self, number: bytes, path: str) -> bytes:
        """Return the signature of a place in a list."""
        signed = hmac.new(self.key, number + path.encode(), hashlib.sha256)
        return signed.digest()[:SIGNATURE_BYTES]

    def write(self, last: int, path: str) -> str:
        """Return the cursor of what comes after an entry.

        Args:
            last: The number of the entry.
            path: The path of the list.
        """
        number = last.to_bytes(NUMBER_BYTES, "big")
        return base64.urlsafe_b64encode(number + self.sign(number, path)).decode()

    def read(self, cursor: str, path: str) -> int:
        """Return the number of the entry that a cursor points behind.

        Raises:
            InvalidCursorError: It was not given out for the list at this path.
        """
        try:
            found = base64.b64decode(cursor, altchars=b"-_", validate=True)
        except UNREADABLE:
            found = b""
        number, signature = found[:NUMBER_BYTES], found[NUMBER_BYTES:]
        if not hmac.compare_digest(signature, self.sign(number, path)):
            raise InvalidCursorError("The cursor is not from this list; begin without one.")
        return int.from_bytes(number, "big")


class Paging:
    """The part of a list that a request asks for.

    Attributes:
        limit: How many entries it has at most.
        after: The number of the entry that it comes after, None for the first part.
    """

    def __init__(self, request: Request, limit: int, after: int | None) -> None:
        self.request = request
        self.limit = limit
        self.after = after

    def slice(self, of: int | None = None) -> Slice:
        """Return what the use cases take: one entry more tells whether the list goes on."""
        return Slice(limit=self.limit + 1, after=self.after, of=of)

    def next(self, ids: list[int]) -> str | None:
        """Return the cursor of the next part, None if this is the last one.

        Args:
            ids: The numbers of the entries that were found, one more than are shown if it is not.
        """
        if len(ids) <= self.limit:
            return None
        cursors: Cursors = self.request.state.cursors
        return cursors.write(ids[self.limit - 1], self.request.url.path)


async def paging(
    request: Request,
    limit: Annotated[int, Query(ge=1, le=100, description="Entries at most")] = 20,
    cursor: Annotated[
        str | None, Query(min_length=LENGTH, max_length=LENGTH, description="`next` of a part")
    ] = None,
) -> Paging:
    """Read which part of a list a request asks for."""
    cursors: Cursors = request.state.cursors
    after = None if cursor is None else cursors.read(cursor, request.url.path)
    return Paging(request, limit, after)


Part = Annotated[Paging, Depends(paging)]
