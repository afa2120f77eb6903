"""Measures in a rendered project's environment, with the database of its own tests."""

import json
import sys
from importlib import import_module
from pathlib import Path

import uvloop

from benchmarks.data.both import Figures, both
from benchmarks.data.works import WORKS


async def measured(url: str, package: str, rounds: int, names: list[str]) -> dict[str, object]:
    """Return the figures by what was done, and how many requests the service has served."""
    figures: dict[str, Figures] = {}
    async with both(url, package, rounds) as pair:
        for name in names:
            figures[name] = await WORKS[name](pair)
    return {"figures": figures, "served": pair.served}


def main() -> None:
    """Write what came out to a file; standard output is the service's."""
    package, rounds, names, result = sys.argv[1:]
    with import_module("database_server").migrated_database_url() as url:
        found = uvloop.run(measured(url, package, int(rounds), json.loads(names)))
    Path(result).write_text(json.dumps(found), encoding="utf-8")


if __name__ == "__main__":
    main()
