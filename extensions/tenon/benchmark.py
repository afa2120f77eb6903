"""Measure what a copy costs beyond bare Copier on as many plain files, in pairs of runs."""

import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAIRS = 15
INPUTS = ("copier.yml", "extensions", "template")


def timed(template: Path, project: Path) -> float:
    """Return the seconds of one copy by the command line."""
    start = time.perf_counter()
    subprocess.run(
        ["copier", "copy", "--quiet", "--defaults", str(template), str(project)], check=True
    )
    return time.perf_counter() - start


def main() -> int:
    """Print the medians, and the median of the differences."""
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

        pairs = [
            (timed(tenon, here / f"a{number}"), timed(plain, here / f"b{number}"))
            for number in range(PAIRS)
        ]
    ours, bare = (statistics.median(times) for times in zip(*pairs, strict=True))
    added = statistics.median(a - b for a, b in pairs)
    print(f"{files} files, {PAIRS} pairs, medians")
    print(f"copy of Tenon          {ours:6.3f} s")
    print(f"bare Copier            {bare:6.3f} s")
    print(f"added                  {added * 1000:6.0f} ms  (x{ours / bare:.2f})")
    return 0


if __name__ == "__main__":
    sys.exit(main())
