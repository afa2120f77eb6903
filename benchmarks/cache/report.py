"""The report in Markdown: the goals, the figures, and how they came about."""

from collections.abc import Iterable, Mapping, Sequence

from benchmarks import report
from benchmarks.cache.model import Result
from benchmarks.cache.works import CALLERS, POSTS, REQUESTS
from benchmarks.goals import Verdict
from benchmarks.report import shown


def figures(results: Iterable[Result]) -> str:
    """Return the table of the rows."""
    return report.table(
        ("what", "time", "CPU", "loads", "milliseconds"),
        [
            (
                result.name,
                shown(result.clock),
                shown(result.cpu),
                shown(result.loads),
                shown(result.milliseconds),
            )
            for result in results
        ],
    )


def document(
    results: Sequence[Result],
    verdicts: Sequence[Verdict[Result]],
    rounds: int,
    versions: Mapping[str, str],
) -> str:
    """Return the whole report."""
    return f"""# What a cached read costs

Written by `uv run poe bench-cache`; do not edit it. The figures of a **cached read** say how many
times what it needs the other way needs, measured in the same run: at 2.00, it needs half.

{report.goals(verdicts)}

{figures(results)}

- **time** on the clock, and **CPU** of the process; the server of Redis has its own.
- A **cached read** is `GET /users/1/stats` of the worked example, for a user with {POSTS} posts in
  SQLite, sent without sockets, {REQUESTS} times a round, one after the other, with structured
  logging, metrics and tracing on. **Uncached**, the same route counts each time. With **the guide's
  decorator** ([chapters 2.3 and 8.1](../../benchmarks/cache/guide.py)) the same route asks that. A
  **ping** is another route of the same service, which does nothing.
- **Loads** of a value that takes 50 ms, for {CALLERS} callers who all ask when it has ended; with
  Redis, they are shared out among four caches, as those of four processes would be.
- **Milliseconds** that {CALLERS} callers, all at once, wait for a value that takes no time, while
  the server of Redis is stopped: the ninety-ninth of a hundred. Each round begins with the server
  back, and with a pass of Python's garbage collector, which would count as a wait otherwise.

Both ways take turns, {rounds} rounds after one to warm up, on one core; a figure is the median of
the rounds, or the most of them for loads. A run fails if a status is not 2xx, if the two ways do
not answer the same, or if a request is missing in the service's log.

{report.measured_on(versions)}
"""
