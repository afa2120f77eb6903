"""What accounts are worth: rates of another service, which may be down or wrong."""

from collections.abc import AsyncIterator
from dataclasses import dataclass

import httpx
import pytest
from fastapi import FastAPI

from {{ package_name }}.app import create_app
from {{ package_name }}.settings import Settings

from factories import new_account, new_user
from support.client import connect
from support.database import undone

URL = "https://rates.example.org/latest"


@dataclass(slots=True)
class Rates:
    """The other service: what it answers next, and what it was asked last."""

    answer: httpx.Response
    asked: httpx.URL | None = None

    def __call__(self, request: httpx.Request) -> httpx.Response:
        """Answer a request."""
        self.asked = request.url
        return self.answer


def answer(text: str, status: int = 200) -> httpx.Response:
    """Return an answer with a body."""
    return httpx.Response(status, content=text)


@pytest.fixture
def rates() -> Rates:
    """Return a service of rates that works."""
    return Rates(answer('{"base": "EUR", "rates": {"USD": 1.0865}}'))


@pytest.fixture
def app() -> FastAPI:
    """Return an application that knows whom to ask."""
    return create_app(Settings.load({"rates": {"url": URL}}))


@pytest.fixture
async def client(app: FastAPI, rates: Rates) -> AsyncIterator[httpx.AsyncClient]:
    """Yield a client of the application, which runs and asks nobody else."""
    async with connect(app) as client, undone(app.state.started["database"]):
        app.state.started["http"].client = httpx.AsyncClient(transport=httpx.MockTransport(rates))
        yield client


@pytest.fixture
async def worth(client: httpx.AsyncClient) -> str:
    """Return where it says what an account of 1001 is worth."""
    return f"/accounts/{await new_account(client, await new_user(client), 1001)}/worth"


async def test_account_has_a_worth(client: httpx.AsyncClient, worth: str, rates: Rates) -> None:
    """The rate is that of the other service, exactly, and the amount is rounded to even."""
    response = await client.get(worth, params={"currency": "USD"})

    found = response.json()
    assert response.status_code == 200
    assert (found["currency"], found["rate"], found["amount"]) == ("USD", "1.0865", 1088)
    assert rates.asked == httpx.URL(URL, params={"base": "EUR", "symbols": "USD"})


async def test_own_currency_needs_no_rate(
    client: httpx.AsyncClient, worth: str, rates: Rates
) -> None:
    """Nobody is asked what a euro is worth in euros."""
    found = (await client.get(worth, params={"currency": "EUR"})).json()

    assert (found["rate"], found["amount"]) == ("1", 1001)
    assert rates.asked is None


async def test_last_rate_will_do(
    client: httpx.AsyncClient, worth: str, rates: Rates, app: FastAPI
) -> None:
    """While the other service is down, its last rate serves, but not for ever."""
    fresh = await client.get(worth, params={"currency": "USD"})
    rates.answer = answer("", 500)
    stale = await client.get(worth, params={"currency": "USD"})
    known = app.state.started["valuations"].rates
    known.settings = known.settings.model_copy(update={"stale_seconds": 0})
    too_old = await client.get(worth, params={"currency": "USD"})

    assert fresh.status_code == stale.status_code == 200
    assert stale.json() == fresh.json()
    assert too_old.status_code == 503


@pytest.mark.parametrize(
    "wrong",
    [
        answer("no JSON"),
        answer('{"rates": {}}'),
        answer('{"rates": {"USD": 0}}'),
        answer('{"rates": {"USD": "NaN"}}'),
        answer('{"rates": {"USD": 1e9}}'),
        answer("gone", 404),
    ],
    ids=["text", "nothing", "zero", "no number", "absurd", "no page"],
)
async def test_nonsense_is_an_outage(
    client: httpx.AsyncClient, worth: str, rates: Rates, wrong: httpx.Response
) -> None:
    """Nothing is made of an answer that makes no sense, and an account is not "not found" by it."""
    rates.answer = wrong

    response = await client.get(worth, params={"currency": "USD"})

    assert (response.status_code, response.json()["code"]) == (503, "unavailable")


async def test_unknown_is_told(client: httpx.AsyncClient, worth: str) -> None:
    """There is no worth of an account that is not there, or in a currency that is not known."""
    assert (await client.get("/accounts/999999999/worth?currency=USD")).status_code == 404
    assert (await client.get(worth, params={"currency": "JPY"})).status_code == 422


async def test_nobody_to_ask_no_route(settings: Settings) -> None:
    """Without an address there is no such route."""
    async with connect(create_app(settings)) as client:
        paths = (await client.get("/openapi.json")).json()["paths"]

    assert "/accounts/{account_id}/worth" not in paths
    assert "/accounts/{account_id}" in paths
