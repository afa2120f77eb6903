"""The report in Markdown: the goals, the figures, and how they came about."""

from collections.abc import Iterable, Mapping, Sequence

from benchmarks import report
from benchmarks.data.model import Result
from benchmarks.data.works import ONE_BY_ONE, REQUESTS
from benchmarks.goals import Verdict
from benchmarks.report import shown


def figures(results: Iterable[Result]) -> str:
    """Return the table of the rows."""
    return report.table(
        ("what", "time", "CPU", "memory", "ours grows", "theirs grows"),
        [
            (
                result.name,
                shown(result.clock),
                shown(result.cpu),
                shown(result.memory),
                shown(result.our_growth),
                shown(result.their_growth),
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
    return f"""# What data costs

Written by `uv run poe bench-data`; do not edit it. Every figure says how many times what the
rendered service needs the guide's own form needs, measured in the same run: at 2.00, the service
needs half.

{report.goals(verdicts)}

{figures(results)}

- **time** on the clock, and **CPU** of the process; a database's server has its own.
- **memory** that Python holds at most. It **grows** as shown from 10,000 users to 100,000.
- **list**, **single read**, **create** and **export** are requests, sent without sockets and one
  after the other, {REQUESTS} a round. The service has structured logging, metrics and tracing on;
  the guide's form has nothing.
- **bulk insert** is the use case against {ONE_BY_ONE} users with a commit each, for one user.
- **last page** is the use case, which goes on after the last user seen, against OFFSET.

The service is rendered with the worked example, and called over the same table as the guide's
form, [chapters 6 to 8](../../benchmarks/data/guide.py): objects through `response_model`, a commit
a row, OFFSET, all rows at once. Both take turns, {rounds} rounds after one to warm up, on one core;
a figure is the median of the rounds. A run fails if a status is not 2xx, if the two do not find the
same, if a user is missing in the table, or if a request is missing in the service's log.

PostgreSQL is the server that the rendered project's tests bring, on the same core.

{report.measured_on(versions)}
"""
