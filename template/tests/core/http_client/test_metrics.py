"""Metrics of outgoing calls."""

import httpx2
import pytest

from {{ package_name }}.core import metrics
from {{ package_name }}.core.app import build
from {{ package_name }}.core.errors import UnavailableError
from {{ package_name }}.core.http_client import HttpClient
from {{ package_name }}.core.http_client import component as http_client
from {{ package_name }}.core.http_client import metrics as http_client_metrics
from {{ package_name }}.core.metrics import Metrics
from {{ package_name }}.practices import PracticeSettings

from support.client import connect


def respond(request: httpx2.Request) -> httpx2.Response:
    """Return 200, unless the host is down."""
    if request.url.host == "down.example.org":
        raise httpx2.ConnectError("refused")
    return httpx2.Response(200)


async def test_attempts_are_counted_by_host(settings: PracticeSettings) -> None:
    """Attempts are counted by host and class of status, for a bounded number of hosts."""
    components = [
        metrics.component(settings.metrics),
        http_client.component(settings.http_client, httpx2.MockTransport(respond)),
        http_client_metrics.component(),
    ]
    app = build(settings.limits, components)
    async with connect(app):
        http = app.services.get(HttpClient)
        registry = app.services.get(Metrics).registry

        def count(host: str, status: str) -> float | None:
            name = "http_client_attempt_duration_seconds_count"
            return registry.get_sample_value(name, {"host": host, "status": status})

        await http.get("https://api.example.org/orders/7")
        with pytest.raises(UnavailableError):
            await http.send(httpx2.Request("POST", "https://down.example.org/"))
        for number in range(60):
            await http.get(f"https://{number}.example.org/")

        assert count("api.example.org", "2xx") == 1
        assert count("down.example.org", "none") == 1
        assert count("47.example.org", "2xx") == 1
        assert count("48.example.org", "2xx") is None
        assert count("OTHER", "2xx") == 12
