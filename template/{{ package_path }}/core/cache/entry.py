"""Cache entries: a version, a checksum, and an encoded value or NotFoundError.

The version of an entry is the schema of its codec and the versions that its tags had before the
load. Only an entry with the current version is a hit. An invalidation writes a new version, for a
tag or over an entry, so that a load that started earlier can't store its old value.
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
"""Prefix of every key; its number changes with the format of the entries."""

MAX_KEY_LENGTH = 200
VALUE, NOT_FOUND = b"+", b"-"
CHECKSUM_BYTES = 4

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy(Generic[T]):
    """How the results of one function are cached.

    Attributes:
        name: Its label in metrics.
        codec: Encodes the results.
        ttl: Seconds until a result expires.
        negative_ttl: Seconds until a NotFoundError expires; 0 caches none.
    """

    name: str
    codec: Codec[T]
    ttl: float
    negative_ttl: float = 0

    def encode(self, value: T) -> bytes:
        """Return the body of an entry with a value."""
        return VALUE + self.codec.encode(value)

    def encode_not_found(self, error: NotFoundError) -> bytes:
        """Return the body of an entry with an error.

        Raises:
            NotFoundError: The policy caches no errors.
        """
        if not self.negative_ttl:
            raise error
        return NOT_FOUND + f"{error.code}\n{error.message}".encode(errors="surrogatepass")

    def decode(self, body: bytes) -> T:
        """Return the value in a body.

        Raises:
            NotFoundError: The body is a cached error.
            ValueError: The body can't be decoded.
        """
        if body.startswith(NOT_FOUND):
            code, _, message = body[1:].decode(errors="surrogatepass").partition("\n")
            raise error_class_for(code, NotFoundError)(message)
        return self.codec.decode(body[1:])

    def jittered_ttl(self, body: bytes, jitter: float) -> float:
        """Return the seconds until a body expires, less a random share of up to `jitter`.

        Entries that were stored together then don't expire together.
        """
        ttl = self.negative_ttl if body.startswith(NOT_FOUND) else self.ttl
        return ttl * (1 - jitter * secrets.randbelow(1000) / 1000)


@dataclass(frozen=True, slots=True)
class Entry:
    """The stored bytes of a key, and the current version."""

    key: str
    version: bytes
    raw: bytes | None

    @property
    def single_flight_key(self) -> str:
        """Callers that saw the same version share one load."""
        return f"{self.key}:{crc32(self.version + (self.raw or b'')):x}"

    def pack(self, body: bytes) -> bytes:
        """Return the bytes to store for a body."""
        return self.version + crc32(body).to_bytes(CHECKSUM_BYTES) + body

    def unpack(self) -> bytes | None:
        """Return the body, None if it is missing, outdated or damaged."""
        if self.raw is None or not self.raw.startswith(self.version):
            return None
        start = len(self.version) + CHECKSUM_BYTES
        body = self.raw[start:]
        is_intact = self.raw[len(self.version) : start] == crc32(body).to_bytes(CHECKSUM_BYTES)
        return body if is_intact else None


def storage_key(kind: str, key: str) -> str:
    """Return the key of an entry or a tag in the store: short and ASCII."""
    if len(key) > MAX_KEY_LENGTH or not key.isascii():
        key = hashlib.sha256(key.encode(errors="surrogatepass")).hexdigest()
    return f"{NAMESPACE}:{kind}:{key}"


def new_version() -> bytes:
    """Return a new random version."""
    return secrets.token_bytes(16)


def error_class_for(code: str, kind: type[NotFoundError]) -> type[NotFoundError]:
    """Return the class of errors that has the code: this one or a subclass.

    Raises:
        ValueError: There is none in this release.
    """
    if kind.code == code:
        return kind
    for subclass in kind.__subclasses__():
        with suppress(ValueError):
            return error_class_for(code, subclass)
    raise ValueError("No error has this code")
