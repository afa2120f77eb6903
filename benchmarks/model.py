"""What is measured, how, and what comes out."""

from dataclasses import dataclass
from pathlib import Path

from benchmarks.servers import Serving


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """How to measure.

    Attributes:
        pairs: Loads of each server in a row, and starts.
        seconds: How long one load lasts.
        folder: Where logs go.
        core: Where servers run.
    """

    pairs: int
    seconds: int
    folder: Path
    core: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """What is compared with what.

    Attributes:
        subject: What is measured.
        baseline: What it is compared with.
        load_only: Leave out start and import, which another row shows?
        in_process: The package to call without sockets too, if any.
    """

    subject: Serving
    baseline: Serving
    load_only: bool = False
    in_process: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What came out for a row: ratios to its baseline, but for `megabytes`.

    Attributes:
        name: The row.
        against: The baseline.
        kept: Requests that the baseline's CPU for one request serves.
        rate: Requests a second.
        memory: Resident memory after the load.
        megabytes: The same of the subject alone.
        imports: Time of the import.
        first_answer: Time from start to first answer.
        in_process: CPU of a request without sockets.
    """

    name: str
    against: str
    kept: float
    rate: float
    memory: float
    megabytes: float
    imports: float | None = None
    first_answer: float | None = None
    in_process: float | None = None
