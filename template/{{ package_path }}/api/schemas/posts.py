"""Posts, as the API shows them."""

from datetime import datetime

from {{ package_name }}.core.web.pagination import Page
from {{ package_name }}.core.web.schemas import (
    Id,
    RequestBody,
    ResponseBody,
    Text,
    Title,
)
from {{ package_name }}.domain.commands import NewPost


class PostIn(RequestBody):
    """A new post."""

    author_id: Id
    title: Title
    body: Text

    def to_domain(self) -> NewPost:
        """Return what the use case takes."""
        return NewPost(author_id=self.author_id, title=self.title, body=self.body)


class AuthorOut(ResponseBody):
    """Who has written a post."""

    id: int
    name: str


class PostOut(ResponseBody):
    """A post."""

    id: int
    title: str
    body: str
    created_at: datetime
    author: AuthorOut


class PostPage(Page):
    """A part of the list of posts."""

    items: list[PostOut]
