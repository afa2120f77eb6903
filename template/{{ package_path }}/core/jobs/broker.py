"""The queue from the outbox to the workers: a list in Redis."""

from collections.abc import AsyncGenerator
from typing import Any

from redis.asyncio import Redis
from taskiq import AsyncBroker
from taskiq_redis import ListQueueBroker

from {{ package_name }}.core.jobs.outbox import JobsSettings

POP_TIMEOUT = 2
SOCKET_TIMEOUT = 5


class RedisQueue(ListQueueBroker):
    """A list that is polled with a timeout, so that no worker waits on a dead connection.

    The outbox dispatches a job again that a worker has popped and not completed.
    """

    async def listen(self) -> AsyncGenerator[bytes, object]:
        """Yield messages."""
        async with Redis(connection_pool=self.connection_pool) as redis:
            while True:
                found: Any = await redis.brpop([self.queue_name], timeout=POP_TIMEOUT)
                if found is not None:
                    yield found[1]


def build_queue(settings: JobsSettings) -> AsyncBroker:
    """Return the queue; it connects on first use."""
    return RedisQueue(
        settings.redis_url.get_secret_value(),
        queue_name="{{ distribution_name }}",
        socket_connect_timeout=SOCKET_TIMEOUT,
        socket_timeout=SOCKET_TIMEOUT,
    )
