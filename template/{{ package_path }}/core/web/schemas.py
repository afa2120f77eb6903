"""Values that every schema is made of: each has its bounds, and none breaks what comes behind."""

from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, EmailStr, Field, StringConstraints

from {{ package_name }}.domain.models import MOST_MONEY

MOST_ID = 2**53 - 1
"""The most that counts entities: what JSON's readers still take exactly."""

SIMPLE_LINE = r"^[^\x00-\x1f\x7f]+$"
NO_NULL = r"^[^\x00]*$"


def folded(email: str) -> str:
    """Return an e-mail address as all its spellings are stored."""
    return email.lower()


Id = Annotated[int, Field(ge=1, le=MOST_ID)]
Money = Annotated[int, Field(ge=0, le=MOST_MONEY, description="In minor units, such as cents")]
Email = Annotated[EmailStr, Field(max_length=254), AfterValidator(folded)]
Name = Annotated[str, StringConstraints(min_length=1, max_length=100, pattern=SIMPLE_LINE)]
Title = Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=SIMPLE_LINE)]
Text = Annotated[str, StringConstraints(min_length=1, max_length=10_000, pattern=NO_NULL)]


class RequestBody(BaseModel):
    """What comes in: exactly what is expected, of exactly its type."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class ResponseBody(BaseModel):
    """What goes out: what it names of an object, and nothing else."""

    model_config = ConfigDict(from_attributes=True, frozen=True)
