"""Measure what a copy costs beyond bare Copier on as many plain files, in pairs of runs."""

import argparse
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).parents[2]
COPIER = str(Path(sys.executable).with_name("copier"))
INPUTS = ("copier.yml", "extensions", "template")
ROWS = ("copy of Tenon", "bare Copier", "added")


def timed(template: Path, project: Path) -> float:
    """Return the seconds of one copy by the command line."""
    start = time.perf_counter()
    subprocess.run(
        [COPIER, "copy", "--quiet", "--defaults", str(template), str(project)], check=True
    )
    return time.perf_counter() - start


def main(argv: Sequence[str] | None = None) -> int:
    """Print the medians, and the median of the differences."""
    parser = argparse.ArgumentParser(prog="poe bench-copy", description=__doc__)
    parser.add_argument("--pairs", type=int, default=15, help="default: %(default)s")
    pairs = parser.parse_args(argv).pairs
    with tempfile.TemporaryDirectory() as folder:
        here = Path(folder)
        tenon, plain = here / "tenon", here / "plain"
        tenon.mkdir()
        for name in INPUTS:
            source = ROOT / name
            copy = shutil.copytree if source.is_dir() else shutil.copy
            copy(source, tenon / name)
        timed(tenon, plain / "template")
        (plain / "copier.yml").write_text(
            '_subdirectory: template\n_templates_suffix: ".none"\n', encoding="utf-8"
        )
        files = sum(path.is_file() for path in (plain / "template").rglob("*"))

        seconds = [
            (timed(tenon, here / f"tenon-{index}"), timed(plain, here / f"plain-{index}"))
            for index in range(pairs)
        ]
    ours, bare = (statistics.median(each) for each in zip(*seconds, strict=True))
    added = statistics.median(tenon - plain for tenon, plain in seconds)
    print(f"{files} files, {pairs} pairs, medians")
    figures = (f"{ours:6.3f} s", f"{bare:6.3f} s", f"{added * 1000:6.0f} ms  (x{ours / bare:.2f})")
    for row, figure in zip(ROWS, figures, strict=True):
        print(f"{row:22} {figure}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
