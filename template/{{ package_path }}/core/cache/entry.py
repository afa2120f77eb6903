"""Entries of the cache: a stamp, a checksum, and a value or the news that there is none.

The stamp is the schema of the codec, and the marks that the tags of the entry had before its value
was loaded. The entry counts only while the stamp is still right. To forget is to write a new mark,
over an entry or for a tag, so that a load which began before can't bring the old value back.
"""

import hashlib
import secrets
from contextlib import suppress
from dataclasses import dataclass
from typing import Generic, TypeVar
from zlib import crc32

from {{ package_name }}.core.cache.codec import Codec
from {{ package_name }}.core.errors import NotFoundError

NAMESPACE = "{{ distribution_name }}:v1"
"""Before every name. Another form of the entries gets another version."""

LONGEST_KEY = 200
VALUE, MISSING = b"+", b"-"
CHECKSUM_BYTES = 4

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy(Generic[T]):
    """How the results of one function are cached.

    Attributes:
        name: What metrics call it.
        codec: Writes and reads the results.
        ttl: Seconds for which a result is served.
        negative_ttl: Seconds for which a NotFoundError is; 0 for not at all.
    """

    name: str
    codec: Codec[T]
    ttl: float
    negative_ttl: float = 0

    def close(self, value: T) -> bytes:
        """Return the body of an entry with a value."""
        return VALUE + self.codec.encode(value)

    def close_missing(self, error: NotFoundError) -> bytes:
        """Return the body of an entry for what was not found.

        Raises:
            NotFoundError: That is not to be stored.
        """
        if not self.negative_ttl:
            raise error
        return MISSING + f"{error.code}\n{error.message}".encode(errors="surrogatepass")

    def open(self, body: bytes) -> T:
        """Return the value in a body.

        Raises:
            NotFoundError: It was not found.
            ValueError: It is no such value.
        """
        if body.startswith(MISSING):
            code, _, message = body[1:].decode(errors="surrogatepass").partition("\n")
            raise kind_of(code, NotFoundError)(message)
        return self.codec.decode(body[1:])

    def seconds(self, body: bytes, jitter: float) -> float:
        """Return how long to keep a body: less by up to a share, so that not all end at once."""
        ttl = self.negative_ttl if body.startswith(MISSING) else self.ttl
        return ttl * (1 - jitter * secrets.randbelow(1000) / 1000)


@dataclass(frozen=True, slots=True)
class Entry:
    """What was found under a name, and the stamp that is right now."""

    name: str
    stamp: bytes
    raw: bytes | None

    @property
    def flight(self) -> str:
        """What those have in common who may share a load: who has found a newer mark may not."""
        return f"{self.name}:{crc32(self.stamp + (self.raw or b'')):x}"

    def seal(self, body: bytes) -> bytes:
        """Return a body as it is kept."""
        return self.stamp + crc32(body).to_bytes(CHECKSUM_BYTES) + body

    def body(self) -> bytes | None:
        """Return the body, unless it is old or damaged."""
        if self.raw is None or not self.raw.startswith(self.stamp):
            return None
        start = len(self.stamp) + CHECKSUM_BYTES
        body = self.raw[start:]
        is_whole = self.raw[len(self.stamp) : start] == crc32(body).to_bytes(CHECKSUM_BYTES)
        return body if is_whole else None


def name_of(kind: str, key: str) -> str:
    """Return the name under which a store knows a key or a tag: short, and of plain letters."""
    if len(key) > LONGEST_KEY or not key.isascii():
        key = hashlib.sha256(key.encode(errors="surrogatepass")).hexdigest()
    return f"{NAMESPACE}:{kind}:{key}"


def new_mark() -> bytes:
    """Return what has never been before."""
    return secrets.token_bytes(16)


def kind_of(code: str, kind: type[NotFoundError]) -> type[NotFoundError]:
    """Return the kind of NotFoundError that has the code.

    Raises:
        ValueError: There is none, any more.
    """
    if kind.code == code:
        return kind
    for narrower in kind.__subclasses__():
        with suppress(ValueError):
            return kind_of(code, narrower)
    raise ValueError("No error has this code")
