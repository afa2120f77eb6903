"""Request and response bodies of posts."""

from datetime import datetime
from typing import Annotated

from pydantic import StringConstraints

from {{ package_name }}.core.web.schemas import (
    NO_NUL,
    SINGLE_LINE,
    Id,
    RequestBody,
    ResponseBody,
)
from {{ package_name }}.domain.commands import NewPost

Title = Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=SINGLE_LINE)]
Text = Annotated[str, StringConstraints(min_length=1, max_length=10_000, pattern=NO_NUL)]


class PostIn(RequestBody):
    """A new post."""

    author_id: Id
    title: Title
    body: Text

    def to_domain(self) -> NewPost:
        """Return the argument of the use case."""
        return NewPost(author_id=self.author_id, title=self.title, body=self.body)


class AuthorOut(ResponseBody):
    """The author of a post."""

    id: int
    name: str


class PostOut(ResponseBody):
    """A post."""

    id: int
    title: str
    body: str
    created_at: datetime
    author: AuthorOut
