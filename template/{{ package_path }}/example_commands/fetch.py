"""The command `fetch`: its arguments. The work is apart, because `--help` needs no HTTP library."""

from collections.abc import Coroutine
from pkgutil import resolve_name
from typing import Annotated, cast

import typer


def fetch(
    context: typer.Context,
    file: Annotated[str, typer.Argument(help="A file with a URL a line; - is standard input.")],
    max_concurrent: Annotated[
        int, typer.Option(min=1, max=1000, help="Maximum number of requests in flight.")
    ] = 10,
) -> Coroutine[None, None, None]:
    """Fetch many URLs concurrently.

    The results have the order of the URLs. The exit status is 1 if a URL fails.
    """
    fetch_urls = resolve_name(f"{__package__}.fetching:fetch_urls")
    return cast("Coroutine[None, None, None]", fetch_urls(context.obj, file, max_concurrent))
