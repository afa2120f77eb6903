"""The queue that brings jobs to the workers: a list in Redis."""

from collections.abc import AsyncGenerator
from typing import Any

from redis.asyncio import Redis
from taskiq import AsyncBroker
from taskiq_redis import ListQueueBroker

from {{ package_name }}.core.jobs import JobsSettings

WAIT_SECONDS = 2
GIVE_UP_SECONDS = 5


class RedisQueue(ListQueueBroker):
    """A list that is asked anew all the time: nobody waits for ever on a connection that is dead.

    What is taken from it and not done comes again, as the outbox sees to that.
    """

    async def listen(self) -> AsyncGenerator[bytes, object]:
        """Yield messages."""
        async with Redis(connection_pool=self.connection_pool) as redis:
            while True:
                found: Any = await redis.brpop([self.queue_name], timeout=WAIT_SECONDS)
                if found is not None:
                    yield found[1]


def build_queue(settings: JobsSettings) -> AsyncBroker:
    """Return the queue that the settings name; it connects when it is needed."""
    return RedisQueue(
        settings.url.get_secret_value(),
        queue_name="{{ distribution_name }}",
        socket_connect_timeout=GIVE_UP_SECONDS,
        socket_timeout=GIVE_UP_SECONDS,
    )
