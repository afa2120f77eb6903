"""Measures in a rendered project's environment, with a Redis of its own if the project uses one."""

import json
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from importlib import import_module
from pathlib import Path

import uvloop

from benchmarks.cache.works import WORKS, Subject
from benchmarks.data.both import Figures

Freezer = Callable[[], AbstractContextManager[None]]


@contextmanager
def redis_server(port: int) -> Iterator[Freezer]:
    """Run a server, and yield what freezes it."""

    @contextmanager
    def frozen() -> Iterator[None]:
        process.send_signal(signal.SIGSTOP)
        yield
        process.send_signal(signal.SIGCONT)

    with tempfile.TemporaryDirectory() as folder:
        process = subprocess.Popen(
            ["redis-server", "--bind", "127.0.0.1", "--port", str(port), "--save", ""],
            cwd=folder,
            stdout=subprocess.DEVNULL,
        )
        try:
            for _ in range(100):
                with suppress(OSError), socket.create_connection(("127.0.0.1", port)):
                    break
                time.sleep(0.05)
            yield frozen
        finally:
            process.kill()
            process.wait()


async def measured(subject: Subject, names: list[str]) -> dict[str, object]:
    """Return the figures by what was done, and how many requests the service has served."""
    async with subject.app.router.lifespan_context(subject.app) as state:
        subject.state = {**(state or {})}
        figures: dict[str, Figures] = {name: await WORKS[name](subject) for name in names}
    return {"figures": figures, "served": subject.served}


def main() -> None:
    """Write what came out to a file; standard output is the service's."""
    package, rounds, names, port, result = sys.argv[1:]
    address = f"redis://127.0.0.1:{port}/0" if int(port) else None
    server = redis_server(int(port)) if address else nullcontext()
    with server as frozen, import_module("database_server").migrated_database_url() as url:
        given = {"database": {"url": url}} | ({"cache": {"url": address}} if address else {})
        settings = import_module(f"{package}.settings").Settings.load(given)
        app = import_module(f"{package}.app").create_app(settings)
        subject = Subject(package, app, {}, settings, address, frozen, int(rounds))
        found = uvloop.run(measured(subject, json.loads(names)))
    Path(result).write_text(json.dumps(found), encoding="utf-8")


if __name__ == "__main__":
    main()
