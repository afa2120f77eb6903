"""Codecs: how a cached value becomes bytes, and the same value again."""

import hashlib
import json
from functools import cached_property
from typing import Generic, Protocol, TypeVar

from pydantic import TypeAdapter

T = TypeVar("T")


class Codec(Protocol[T]):
    """Writes values of one type, and reads them back."""

    @property
    def schema(self) -> bytes:
        """What tells its bytes from those of other types and other releases."""

    def encode(self, value: T) -> bytes:
        """Return a value as bytes.

        Raises:
            ValueError: It is not of the type.
        """

    def decode(self, data: bytes) -> T:
        """Return a new value, which the caller may change.

        Raises:
            ValueError: The bytes are no such value.
        """


class JsonCodec(Generic[T]):
    """Writes what pydantic has a type for; `JsonCodec(TypeAdapter(Order))`."""

    def __init__(self, adapter: TypeAdapter[T]) -> None:
        self.adapter = adapter

    @cached_property
    def schema(self) -> bytes:
        """A digest of the JSON schema: bytes of a type that has changed since are not read."""
        schema = json.dumps(self.adapter.json_schema(by_alias=False), sort_keys=True)
        return hashlib.blake2b(schema.encode(), digest_size=8).digest()

    def encode(self, value: T) -> bytes:
        """Return a value as JSON, by the names of the fields."""
        return self.adapter.dump_json(value, by_alias=False, round_trip=True, warnings="error")

    def decode(self, data: bytes) -> T:
        """Return a new value."""
        return self.adapter.validate_json(data, by_alias=False, by_name=True)


class BytesCodec:
    """Keeps bytes as they are, such as an answer that is encoded already: the cheapest to read."""

    schema = b"bytes"

    def encode(self, value: bytes) -> bytes:
        """Return the bytes."""
        return value

    def decode(self, data: bytes) -> bytes:
        """Return the bytes."""
        return data
