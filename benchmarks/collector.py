"""A collector of traces, so that a service that sends some has somewhere to send them."""

from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread


class Collector(ThreadingHTTPServer):
    """Takes whatever it is sent, and knows how often it was.

    Attributes:
        batches: Batches of spans that came.
    """

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.batches = 0


class Handler(BaseHTTPRequestHandler):
    """Takes one batch."""

    server: Collector

    def do_POST(self) -> None:
        """Read it and forget it."""
        self.rfile.read(int(self.headers["Content-Length"]))
        self.server.batches += 1
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def collecting() -> Iterator[Collector]:
    """Run a collector."""
    with Collector() as collector:
        thread = Thread(target=collector.serve_forever)
        thread.start()
        try:
            yield collector
        finally:
            collector.shutdown()
            thread.join()
