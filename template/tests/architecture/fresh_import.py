"""Import every module of the package, and exit with an error if one changes the process.

Modules of other packages are named as arguments. They are imported first, so that only the
package itself is judged. `--list` prints their names instead.
"""

import contextlib
import importlib
import json
import locale
import logging
import os
import pkgutil
import random
import signal
import sys
import threading
import warnings
from collections.abc import Iterator
from pathlib import Path

PACKAGE = "{{ package_name }}"
DESCRIPTORS = Path("/dev/fd")


def imported_modules() -> Iterator[str]:
    """Import every module but `__main__`, and yield the name of each after that."""
    package = importlib.import_module(PACKAGE)
    yield PACKAGE
    for module in pkgutil.walk_packages(package.__path__, f"{PACKAGE}."):
        if not module.name.endswith(".__main__"):
            importlib.import_module(module.name)
            yield module.name


def process_state() -> dict[str, object]:
    """Return what an import must not change, by its name."""
    root = logging.getLogger()
    descriptors = sorted(DESCRIPTORS.iterdir()) if DESCRIPTORS.is_dir() else []
    return {
        "environment variables": dict(os.environ),
        "import path": list(sys.path),
        "locale": locale.setlocale(locale.LC_ALL),
        "logger class": logging.getLoggerClass(),
        "loggers of the package": sorted(configured_loggers()),
        "open file descriptors": descriptors,
        "random numbers": random.getstate(),
        "recursion limit": sys.getrecursionlimit(),
        "root logger": (list(root.handlers), root.level, root.manager.disable),
        "signal handlers": {signum: signal.getsignal(signum) for signum in signal.valid_signals()},
        "sys.excepthook": sys.excepthook,
        "threads": threading.enumerate(),
        "warning filters": list(warnings.filters),
        "working directory": Path.cwd(),
    }


def configured_loggers() -> set[str]:
    """Return the names of the package's loggers with a level, or a handler that writes."""
    return {
        name
        for name, logger in logging.root.manager.loggerDict.items()
        if name.partition(".")[0] == PACKAGE and isinstance(logger, logging.Logger)
        if logger.level or {type(handler) for handler in logger.handlers} - {logging.NullHandler}
    }


def discard_inherited_state() -> None:
    """Clear what pytest passes on: it has imported the package, and so may be changed already."""
    os.environ.clear()
    for signum in signal.valid_signals():
        with contextlib.suppress(OSError):  # no handler can be set for SIGKILL and SIGSTOP
            signal.signal(signum, lambda *_: None)


def main(arguments: list[str]) -> None:
    """List the imported modules, or import them and then the package."""
    if arguments == ["--list"]:
        own = {PACKAGE, "__main__", *imported_modules()}
        names = [name for name in sys.modules if name not in own]
        sys.stdout.write(f"\n{json.dumps(names)}\n")
        return
    for name in arguments:
        with contextlib.suppress(ImportError):  # an extension module adds names without a file
            importlib.import_module(name)
    discard_inherited_state()
    before = process_state()
    for module in imported_modules():
        after = process_state()
        changed = [name for name in before if before[name] != after[name]]
        if changed:
            sys.exit(f"Importing {module} changes: {', '.join(changed)}.")


if __name__ == "__main__":
    main(sys.argv[1:])
