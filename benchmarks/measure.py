"""Measures a row."""

from benchmarks.in_process import in_process
from benchmarks.model import Result, Row, Setting
from benchmarks.pairs import kept, rate
from benchmarks.startup import compared, import_time, start_time
from benchmarks.turns import in_turns


def measured(name: str, row: Row, setting: Setting) -> Result:
    """Measure all that there is to know of a row.

    Raises:
        BenchmarkError: A server did not start, a request failed, or was not logged or counted.
    """
    turns = in_turns(row, setting)
    baseline, subject = turns.memory
    return Result(
        name=name,
        against=row.baseline.name,
        kept=kept(turns.pairs),
        rate=rate(turns.pairs),
        memory=subject / baseline,
        megabytes=subject,
        imports=None if row.load_only else compared(import_time, row, setting),
        first_answer=None if row.load_only else compared(start_time, row, setting),
        in_process=in_process(row, setting) if row.in_process else None,
    )
