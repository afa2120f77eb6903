"""Codecs: how a cached value is encoded as bytes, and decoded to an equal value."""

import hashlib
import json
from functools import cached_property
from typing import Protocol, TypeVar

from pydantic import TypeAdapter

T = TypeVar("T")


class Codec(Protocol[T]):
    """Encodes values of one type."""

    @property
    def schema(self) -> bytes:
        """Identifies the type: bytes of another type or release are not decoded."""
        ...

    def encode(self, value: T) -> bytes:
        """Return a value as bytes.

        Raises:
            ValueError: The value is not of the type.
        """
        ...

    def decode(self, data: bytes) -> T:
        """Return a new value, which the caller may change.

        Raises:
            ValueError: The bytes are not a value of the type.
        """
        ...


class JsonCodec(Codec[T]):
    """Encodes any type that pydantic supports: `JsonCodec(TypeAdapter(Order))`."""

    def __init__(self, adapter: TypeAdapter[T]) -> None:
        self.adapter = adapter

    @cached_property
    def schema(self) -> bytes:
        """A digest of the JSON schema."""
        schema = json.dumps(self.adapter.json_schema(by_alias=False), sort_keys=True)
        return hashlib.blake2b(schema.encode(), digest_size=8).digest()

    def encode(self, value: T) -> bytes:
        """Return a value as JSON, with field names instead of aliases."""
        return self.adapter.dump_json(value, by_alias=False, round_trip=True, warnings="error")

    def decode(self, data: bytes) -> T:
        return self.adapter.validate_json(data, by_alias=False, by_name=True)


class BytesCodec:
    """Stores bytes unchanged, such as an encoded response: the fastest codec."""

    schema = b"bytes"

    def encode(self, value: bytes) -> bytes:
        return value

    def decode(self, data: bytes) -> bytes:
        return data
