"""Trace ids in the log."""

import json

import pytest

from {{ package_name }}.core import tracing
from {{ package_name }}.core.app import build
from {{ package_name }}.core.component import Component
from {{ package_name }}.core.logging import component as logging
from {{ package_name }}.core.logging import tracing as trace_ids
from {{ package_name }}.practices import PracticeSettings

from support.client import connect

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"


async def test_lines_of_a_request_name_its_trace(capsys: pytest.CaptureFixture[str]) -> None:
    """The access line of a request has the ids of its trace and span."""
    settings = PracticeSettings.load(
        {"logging": {"format": "json"}, "tracing": {"endpoint": "http://127.0.0.1:9"}}
    )
    traced = Component(
        name="traced", telemetry=tracing.telemetry_config(tracing.build_provider(settings.tracing))
    )
    components = [
        trace_ids.component(settings.tracing),
        logging.component(settings.logging),
        traced,
    ]
    async with connect(build(settings.limits, components)) as client:
        await client.get("/nowhere", headers={"traceparent": f"00-{TRACE}-00f067aa0ba902b7-01"})

    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    (served,) = [line for line in lines if line["event"] == "request.completed"]
    assert served["trace_id"] == TRACE
    assert len(served["span_id"]) == 16


def test_without_traces_there_are_no_ids(settings: PracticeSettings) -> None:
    """Without an endpoint, the component has no hook."""
    assert trace_ids.component(settings.tracing) == Component(name="trace_ids")
