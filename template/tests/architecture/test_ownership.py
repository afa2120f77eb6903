"""Calls that one module makes for all, and that no tool can restrict to it."""

import pytest

from support.source_code import calls, refuse

LOAD = "Take the settings as an argument; a command or a test calls `Settings.load`."

# By the name of the call: the only module with the call, and what to write elsewhere.
OWNERS = {
    "{{ package_name }}.settings.Settings": ("", LOAD),
    "{{ package_name }}.practices.PracticeSettings": ("", LOAD),
    "{{ package_name }}.core.cli.CoreSettings": ("", LOAD),
    "fastapi.FastAPI": ("core/app.py", "Call `create_app`, which builds the application."),
    "{{ package_name }}.core.app.Application": (
        "core/app.py",
        "Call `create_app`, which builds the application.",
    ),
    ".add_exception_handler": (
        "core/web/problems.py",
        "Raise an `AppError`; core/web/problems.py maps it to HTTP.",
    ),
    ".exception_handler": ("", "Raise an `AppError`; core/web/problems.py maps it to HTTP."),
    "app.include_router": ("core/web/routing.py", "Name the router in a component."),
    ".middleware": ("", "Write pure ASGI middleware."),
}


@pytest.mark.parametrize("name", OWNERS)
def test_only_the_owner_calls(name: str) -> None:
    """The settings, the application and the mapping of errors each have one owner."""
    owner, instead = OWNERS[name]

    refuse(calls(name, owner), instead)
