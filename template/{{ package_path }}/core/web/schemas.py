"""Base classes and field types of request and response bodies."""

from typing import Annotated

from fastapi import Path
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

MAX_ID = 2**53 - 1
"""The largest integer that every JSON parser reads exactly."""

SINGLE_LINE = r"^[^\x00-\x1f\x7f]+$"
"""Pattern of text without control characters."""

NO_NUL = r"^[^\x00]*$"
"""Pattern of text without NUL, which PostgreSQL can't store."""

Id = Annotated[int, Field(ge=1, le=MAX_ID)]


def check_spelling(value: object) -> object:
    """Return a number of a path; reject "+1", " 1", "1_0" and "01": a resource has one path.

    Raises:
        ValueError: The text is not how the number is written.
    """
    if isinstance(value, str) and (not value.isdecimal() or value.startswith("0")):
        raise ValueError("Write the number in digits")
    return value


IdPath = Annotated[Id, BeforeValidator(check_spelling), Path()]


class RequestBody(BaseModel):
    """A request body: unknown fields and values of other types are rejected."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class ResponseBody(BaseModel):
    """A response body, made from the attributes of an object."""

    model_config = ConfigDict(from_attributes=True, frozen=True)
