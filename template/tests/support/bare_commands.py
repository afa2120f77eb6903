"""The program of `support.commands` without settings and logging, which starts in half the time."""

import sys
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace

from support.commands import PROGRAM


class NoSettings:
    """Settings that no command reads."""

    @classmethod
    def load_file(cls, *_: object, **__: object) -> object:
        """Return them, whatever the file."""
        return cls()


def start_logging(*_: object) -> AbstractContextManager[None]:
    """Leave the log as Python starts it."""
    return nullcontext()


if __name__ == "__main__":
    settings, logging = f"{__name__}:NoSettings", f"{__name__}:start_logging"
    sys.exit(replace(PROGRAM, settings=settings, start_logging=logging).main())
