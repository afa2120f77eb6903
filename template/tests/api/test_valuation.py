"""Valuation of accounts: the upstream service of exchange rates may be down or wrong."""

from collections.abc import AsyncIterator
from dataclasses import dataclass

import httpx2
import pytest

from {{ package_name }}.app import create_app
from {{ package_name }}.core.app import Application
from {{ package_name }}.core.database import Database
from {{ package_name }}.core.http_client import HttpClient
from {{ package_name }}.infrastructure.exchange_rates import (
    FrankfurterClient,
)
from {{ package_name }}.services.valuation import ValuationService
from {{ package_name }}.settings import Settings

from factories import new_account, new_user
from support.client import connect
from support.database import undone

URL = "https://rates.example.org/latest"


def rates_response(text: str, status: int = 200) -> httpx2.Response:
    """Return a response with a body."""
    return httpx2.Response(status, content=text)


@dataclass(slots=True)
class Upstream:
    """The upstream service.

    Attributes:
        response: The response to the next request.
        last_url: The URL of the last request, None before the first one.
    """

    response: httpx2.Response
    last_url: httpx2.URL | None = None

    def __call__(self, request: httpx2.Request) -> httpx2.Response:
        """Respond to a request."""
        self.last_url = request.url
        return self.response


@pytest.fixture
def upstream() -> Upstream:
    """Return an upstream service that is available."""
    return Upstream(rates_response('{"base": "EUR", "rates": {"USD": 1.0865}}'))


@pytest.fixture
def app() -> Application:
    """Return an application whose settings name the upstream service."""
    return create_app(Settings.load({"exchange_rates": {"url": URL}}))


@pytest.fixture
async def client(app: Application, upstream: Upstream) -> AsyncIterator[httpx2.AsyncClient]:
    """Yield a client of the running application; all its calls go to the upstream service."""
    async with connect(app) as client, undone(app.services.get(Database)):
        transport = httpx2.MockTransport(upstream)
        app.services.get(HttpClient).client = httpx2.AsyncClient(transport=transport)
        yield client


@pytest.fixture
async def valuation(client: httpx2.AsyncClient) -> str:
    """Return the path of the valuation of an account with a balance of 1001."""
    return f"/accounts/{await new_account(client, await new_user(client), 1001)}/valuation"


async def test_account_is_valued(
    client: httpx2.AsyncClient, valuation: str, upstream: Upstream
) -> None:
    """The rate is exactly the upstream rate, and the amount is rounded half to even."""
    response = await client.get(valuation, params={"currency": "USD"})

    found = response.json()
    assert response.status_code == 200
    assert (found["currency"], found["rate"], found["amount"]) == ("USD", "1.0865", 1088)
    assert upstream.last_url == httpx2.URL(URL, params={"base": "EUR", "symbols": "USD"})


async def test_own_currency_needs_no_rate(
    client: httpx2.AsyncClient, valuation: str, upstream: Upstream
) -> None:
    """The currency of the accounts has the rate 1, without a call."""
    found = (await client.get(valuation, params={"currency": "EUR"})).json()

    assert (found["rate"], found["amount"]) == ("1", 1001)
    assert upstream.last_url is None


async def test_stale_rate_is_used_up_to_its_age(
    client: httpx2.AsyncClient, valuation: str, upstream: Upstream, app: Application
) -> None:
    """While the upstream service is down, the last rate is used up to `stale_seconds`."""
    fresh = await client.get(valuation, params={"currency": "USD"})
    upstream.response = rates_response("", 500)
    stale = await client.get(valuation, params={"currency": "USD"})
    rates = app.services.get(ValuationService).rates
    assert isinstance(rates, FrankfurterClient)
    rates.settings = rates.settings.model_copy(update={"stale_seconds": 0})
    too_old = await client.get(valuation, params={"currency": "USD"})

    assert fresh.status_code == stale.status_code == 200
    assert stale.json() == fresh.json()
    assert too_old.status_code == 503


@pytest.mark.parametrize(
    "invalid",
    [
        rates_response("no JSON"),
        rates_response('{"rates": {}}'),
        rates_response('{"rates": {"USD": 0}}'),
        rates_response('{"rates": {"USD": "NaN"}}'),
        rates_response('{"rates": {"USD": 1e9}}'),
        rates_response("gone", 404),
    ],
    ids=["text", "empty", "zero", "not a number", "too large", "not found"],
)
async def test_invalid_rates_are_an_outage(
    client: httpx2.AsyncClient, valuation: str, upstream: Upstream, invalid: httpx2.Response
) -> None:
    """An invalid upstream response is a 503, not a 404 of the account."""
    upstream.response = invalid

    response = await client.get(valuation, params={"currency": "USD"})

    assert (response.status_code, response.json()["code"]) == (503, "unavailable")


async def test_account_and_currency_must_be_known(
    client: httpx2.AsyncClient, valuation: str
) -> None:
    """An unknown account is a 404, an unknown currency a 422."""
    missing = await client.get("/accounts/999999999/valuation?currency=USD")

    assert missing.status_code == 404
    assert (await client.get(valuation, params={"currency": "JPY"})).status_code == 422


async def test_no_route_without_upstream_service(settings: Settings) -> None:
    """Without a URL in the settings the route does not exist."""
    async with connect(create_app(settings)) as client:
        paths = (await client.get("/openapi.json")).json()["paths"]

    assert "/accounts/{account_id}/valuation" not in paths
    assert "/accounts/{account_id}" in paths
