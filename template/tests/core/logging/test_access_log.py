"""The access log: one line a request, in the order of the other records."""

import asyncio
import io
import json
import re

import pytest
import structlog
from fastapi import APIRouter

from {{ package_name }}.core.app import build
from {{ package_name }}.core.component import Component
from {{ package_name }}.core.logging.access_log import (
    BUFFER_SECONDS,
    BufferedOutput,
)
from {{ package_name }}.practices import PracticeSettings, practice_components

from support.client import connect, practice_app


async def test_access_line_has_what_was_bound(capsys: pytest.CaptureFixture[str]) -> None:
    """Context variables of a request are in its access line, without secrets."""
    router = APIRouter()

    @router.get("/bound")
    async def bound() -> None:
        structlog.contextvars.bind_contextvars(order=7, token="hunter2")

    settings = PracticeSettings.load({"logging": {"format": "json"}})
    components = [*practice_components(settings), Component(name="bound", routers=(router,))]
    async with connect(build(settings.limits, components)) as client:
        await client.get("/bound", headers={"X-Request-ID": "one"})
    structlog.contextvars.clear_contextvars()

    records = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    (line,) = [record for record in records if record["event"] == "request.completed"]
    del line["timestamp"], line["duration_ms"]
    assert line == {
        "event": "request.completed",
        "level": "info",
        "logger": "access",
        "method": "GET",
        "route": "/bound",
        "status": 200,
        "request_id": "one",
        "order": 7,
        "token": "[redacted]",
    }


async def test_buffered_lines_are_written_together() -> None:
    """Buffered lines are written in order within BUFFER_SECONDS, by one write."""
    stream = io.BytesIO()
    output = BufferedOutput(stream)
    output.write_buffered(b"one")
    output.write_buffered(b"two")
    before = stream.getvalue()
    await asyncio.sleep(2 * BUFFER_SECONDS)

    assert before == b""
    assert stream.getvalue() == b"one\ntwo\n"


async def test_no_line_overtakes_another() -> None:
    """A record is written after the buffered lines."""
    stream = io.BytesIO()
    output = BufferedOutput(stream)
    output.write_buffered(b"one")
    output.write("two")

    assert stream.getvalue() == b"one\ntwo\n"
    await asyncio.sleep(2 * BUFFER_SECONDS)
    assert stream.getvalue() == b"one\ntwo\n"


async def test_access_line_is_readable_too(capsys: pytest.CaptureFixture[str]) -> None:
    """The access line has a readable form for a terminal."""
    settings = PracticeSettings.load({"logging": {"format": "console"}})
    async with connect(practice_app(settings)) as client:
        await client.get("/nowhere", headers={"X-Request-ID": "one"})

    assert re.search(r"request\.completed .*request_id=one .*status=404", capsys.readouterr().out)


async def test_quiet_level_leaves_access_lines_out(capsys: pytest.CaptureFixture[str]) -> None:
    """A level above INFO drops the access lines."""
    settings = PracticeSettings.load({"logging": {"format": "json", "level": "WARNING"}})
    async with connect(practice_app(settings)) as client:
        await client.get("/nowhere")

    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("is_on", [True, False], ids=["on", "off"])
async def test_client_address_is_logged_on_request(
    capsys: pytest.CaptureFixture[str], *, is_on: bool
) -> None:
    """The client address is personal data, and only logged if the setting is on."""
    settings = PracticeSettings.load({"logging": {"client_address": is_on, "format": "json"}})
    async with connect(practice_app(settings)) as client:
        await client.get("/nowhere")

    records = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    (line,) = [record for record in records if record["event"] == "request.completed"]
    assert ("client" in line) is is_on
