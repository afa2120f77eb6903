"""Stale values while a source is unavailable."""

import logging

import pytest

from {{ package_name }}.core.errors import NotFoundError, UnavailableError
from {{ package_name }}.core.http_client.stale import StaleIfError


class Rates:
    """A source of rates, which returns its results in order and the last repeatedly; a clock."""

    def __init__(self, *results: float | Exception) -> None:
        self.results = list(results)
        self.now = 0.0

    async def load(self) -> float:
        """Return a rate."""
        result = self.results.pop(0) if len(self.results) > 1 else self.results[0]
        if isinstance(result, Exception):
            raise result
        return result

    def clock(self) -> float:
        """Return the time."""
        return self.now


DOWN = UnavailableError("down")


async def test_fresh_value_is_preferred() -> None:
    """While the source is available, no stale value is returned."""
    rates = Rates(1, 2)
    stale = StaleIfError("rates", clock=rates.clock)

    assert await stale.get("EUR", rates.load, max_age=60) == 1
    assert await stale.get("EUR", rates.load, max_age=60) == 2


async def test_stale_value_is_returned(caplog: pytest.LogCaptureFixture) -> None:
    """While the source is unavailable, the last value is returned and logged, without its key."""
    rates = Rates(0, DOWN)
    stale = StaleIfError("rates", clock=rates.clock)
    await stale.get("hunter2", rates.load, max_age=60)
    rates.now = 60

    assert await stale.get("hunter2", rates.load, max_age=60) == 0
    (line,) = [vars(record) for record in caplog.records if record.levelno == logging.WARNING]
    assert (line["msg"], line["values"], line["age_seconds"]) == ("stale.served", "rates", 60)
    assert "hunter2" not in str(line)


async def test_max_age_is_respected() -> None:
    """The caller limits the age of a stale value."""
    rates = Rates(1, DOWN)
    stale = StaleIfError("rates", clock=rates.clock)
    await stale.get("EUR", rates.load, max_age=60)
    rates.now = 60.001

    with pytest.raises(UnavailableError):
        await stale.get("EUR", rates.load, max_age=60)
    assert await stale.get("EUR", rates.load, max_age=61) == 1


async def test_error_without_a_stale_value() -> None:
    """Without a stale value, the error is raised."""
    stale = StaleIfError("rates")

    with pytest.raises(UnavailableError):
        await stale.get("EUR", Rates(DOWN).load, max_age=60)


async def test_other_errors_are_raised() -> None:
    """No stale value is returned for something that does not exist any more."""
    rates = Rates(1, NotFoundError("gone"))
    stale = StaleIfError("rates", clock=rates.clock)
    await stale.get("EUR", rates.load, max_age=60)

    with pytest.raises(NotFoundError):
        await stale.get("EUR", rates.load, max_age=60)


async def test_number_of_values_is_bounded() -> None:
    """The value that was refreshed longest ago is dropped first."""
    stale = StaleIfError("rates", maxsize=2)
    for key in ("EUR", "USD", "EUR", "CHF"):
        await stale.get(key, Rates(1).load, max_age=60)

    assert list(stale.kept) == ["EUR", "CHF"]
