"""The command of a worker: reads the settings, and does jobs until a signal ends it."""

import asyncio
import signal
import sys

from {{ package_name }}.app import create_app
from {{ package_name }}.core.settings import InvalidSettingsError
from {{ package_name }}.settings import Settings
from {{ package_name }}.core.jobs.worker import Worker
from {{ package_name }}.core.jobs.broker import build_queue


async def work(settings: Settings) -> None:
    """Run a worker: the application without its server."""
    app = create_app(settings)
    queue = build_queue(settings.jobs)
    loop = asyncio.get_running_loop()
    async with app.router.lifespan_context(app):
        worker = Worker(app.state.started["jobs"], queue, settings.jobs)
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: loop.call_soon_threadsafe(worker.stopped.set))
        await queue.startup()
        try:
            await worker.run()
        finally:
            await queue.shutdown()


def main() -> int:
    """Run a worker, and return the exit status: 2 if the settings can't be used."""
    try:
        settings = Settings.load({})
    except InvalidSettingsError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    asyncio.run(work(settings))
    return 0


if __name__ == "__main__":
    sys.exit(main())
