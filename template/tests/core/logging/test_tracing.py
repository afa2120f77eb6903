"""Traces and logs lead to each other."""

import json

import pytest

from {{ package_name }}.app import create_app
from {{ package_name }}.core import logging, tracing
from {{ package_name }}.core.component import Component
from {{ package_name }}.core.logging import tracing as trace_ids
from {{ package_name }}.settings import Settings

from support.client import connect

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"


async def test_lines_of_a_request_name_its_trace(capsys: pytest.CaptureFixture[str]) -> None:
    """The line of a request has the trace that it belongs to, which the caller may have begun."""
    settings = Settings.load(
        {"logging": {"format": "json"}, "tracing": {"endpoint": "http://127.0.0.1:9"}}
    )
    traced = Component(name="traced", telemetry=tracing.traced(tracing.provider_for(settings)))
    components = [trace_ids.component(settings), logging.component(settings), traced]
    async with connect(create_app(settings, components)) as client:
        await client.get("/nowhere", headers={"traceparent": f"00-{TRACE}-00f067aa0ba902b7-01"})

    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    (served,) = [line for line in lines if line["event"] == "request.served"]
    assert served["trace_id"] == TRACE
    assert len(served["span_id"]) == 16


def test_without_traces_there_are_no_ids(settings: Settings) -> None:
    """Where nothing is traced, no request pays for it."""
    assert trace_ids.component(settings) == Component(name="trace_ids")
