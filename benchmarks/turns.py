"""Loads two servers in turns, and holds what they say that they served against the load."""

from contextlib import ExitStack
from dataclasses import dataclass

from benchmarks import evidence
from benchmarks.client import ask
from benchmarks.load import loaded
from benchmarks.model import Row, Setting
from benchmarks.pairs import Pair, Sample
from benchmarks.servers import Server, started

WARM_UP = 500
"""Requests before the first that is measured."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Turns:
    """What came out.

    Attributes:
        pairs: What the loads took.
        memory: Megabytes that the baseline and the subject kept after the last of them.
    """

    pairs: list[Pair]
    memory: tuple[float, float]


class Tally:
    """Loads a server and keeps count of what it was asked."""

    def __init__(self, server: Server) -> None:
        ask(server.port, server.serving.path, WARM_UP)
        self.server = server
        self.answered = WARM_UP + 1  # the first answer, which showed that it runs
        self.cut = 0

    def sample(self, seconds: int) -> Sample:
        """Load the server for a while."""
        before = self.server.cpu()
        load = loaded(self.server.port, self.server.serving.path, seconds)
        used = self.server.cpu() - before
        self.answered += load.requests
        self.cut += load.cut
        return Sample(cpu=used / load.requests, rate=load.requests / load.seconds)


def in_turns(row: Row, setting: Setting) -> Turns:
    """Load both servers of a row in turns.

    Raises:
        BenchmarkError: A request failed, or was not logged or counted.
    """
    with ExitStack() as stack:
        baseline, subject = tallies = [
            Tally(stack.enter_context(started(serving, setting.folder, setting.core)))
            for serving in (row.baseline, row.subject)
        ]
        pairs = [
            (baseline.sample(setting.seconds), subject.sample(setting.seconds))
            for _ in range(setting.pairs)
        ]
        memory = baseline.server.memory(), subject.server.memory()
        in_counters = [evidence.requests_counted(tally.server) for tally in tallies]
    for tally, in_counter in zip(tallies, in_counters, strict=True):
        evidence.verify(
            tally.server.serving.name,
            tally.answered,
            tally.cut,
            logged=evidence.requests_logged(tally.server),
            in_counter=in_counter,
        )
        evidence.verify_traces(tally.server)
        tally.server.log.unlink()
    return Turns(pairs=pairs, memory=memory)
