"""Use cases of posts."""

from collections.abc import Awaitable, Callable, Sequence

from {{ package_name }}.core.web.pagination import Slice
from {{ package_name }}.domain.commands import NewPost
from {{ package_name }}.domain.models import Post
from {{ package_name }}.services.ports import Repositories, Transactions


class PostService:
    """Publishes posts and lists them.

    Attributes:
        changed: Called with the number of an author after the commit of a post; also if it failed,
            because the answer to a commit can be lost.
    """

    def __init__(self, transactions: Transactions) -> None:
        self.transactions = transactions
        self.changed: list[Callable[[int], Awaitable[None]]] = []

    async def publish(self, new: NewPost) -> Post:
        """Store a new post.

        Raises:
            NotFoundError: There is no such author.
        """

        async def work(stored: Repositories) -> Post:
            author = await stored.users.get(new.author_id)
            post = Post(author=author, author_id=author.id, title=new.title, body=new.body)
            return await stored.posts.save(post)

        try:
            return await self.transactions.write(work)
        finally:
            for tell in self.changed:
                await tell(new.author_id)

    async def newest(self, part: Slice) -> Sequence[Post]:
        """Return posts with their authors, newest first; those of one user, if asked to.

        Raises:
            NotFoundError: There is no such user.
        """

        async def work(stored: Repositories) -> Sequence[Post]:
            if part.of is not None:
                await stored.users.get(part.of)
            return await stored.posts.newest(part)

        return await self.transactions.read(work)
