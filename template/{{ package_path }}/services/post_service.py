"""Use cases of posts."""

from collections.abc import Awaitable, Callable, Sequence

from {{ package_name }}.core.page_query import PageQuery
from {{ package_name }}.domain.commands import NewPost
from {{ package_name }}.domain.models import Post
from {{ package_name }}.services.ports import Repositories, UnitOfWork


class PostService:
    """Publishes and lists posts.

    Attributes:
        on_change: Callbacks with an author id, called after a post is stored; also after a failed
            commit, because the commit may have succeeded.
    """

    def __init__(self, unit_of_work: UnitOfWork) -> None:
        self.unit_of_work = unit_of_work
        self.on_change: list[Callable[[int], Awaitable[None]]] = []

    async def publish(self, new: NewPost) -> Post:
        """Store a new post.

        Raises:
            NotFoundError: There is no such author.
        """

        async def work(repos: Repositories) -> Post:
            author = await repos.users.get(new.author_id)
            post = Post(author=author, author_id=author.id, title=new.title, body=new.body)
            return await repos.posts.save(post)

        try:
            return await self.unit_of_work.write(work)
        finally:
            for callback in self.on_change:
                await callback(new.author_id)

    async def newest(self, page: PageQuery, author_id: int | None = None) -> Sequence[Post]:
        """Return posts with their authors, newest first; of one author if `author_id` is given.

        Raises:
            NotFoundError: There is no such author.
        """

        async def work(repos: Repositories) -> Sequence[Post]:
            if author_id is not None:
                await repos.users.get(author_id)
            return await repos.posts.newest(page, author_id)

        return await self.unit_of_work.read(work)
