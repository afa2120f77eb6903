"""What the commands' arguments have in common."""

import argparse
from collections.abc import Iterable


def positive(text: str) -> int:
    """Return a whole number from 1.

    Raises:
        ValueError: It is none.
    """
    number = int(text)
    if number < 1:
        raise ValueError(text)
    return number


def add_rounds(parser: argparse.ArgumentParser) -> None:
    """Add the argument of commands that measure in rounds."""
    parser.add_argument(
        "--rounds", type=positive, default=7, help="rounds that are measured (default: 7)"
    )


def add_common(parser: argparse.ArgumentParser, rows: Iterable[str]) -> None:
    """Add the arguments that every command has, given the rows it can measure."""
    parser.add_argument(
        "--only",
        action="append",
        choices=list(rows),
        metavar="ROW",
        help="measure this row; write nothing",
    )
    parser.add_argument("--no-write", action="store_true", help="print only")
    parser.add_argument("--strict", action="store_true", help="fail if a goal is missed, too")
