"""Old values, where the caller allows them."""

import logging

import pytest

from {{ package_name }}.core.errors import NotFoundError, UnavailableError
from {{ package_name }}.core.http_client.stale import LastGood


class Rates:
    """A service of rates, and a clock; the last answer is given for ever."""

    def __init__(self, *answers: float | Exception) -> None:
        self.answers = list(answers)
        self.now = 0.0

    async def load(self) -> float:
        """Return a rate."""
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        return answer

    def clock(self) -> float:
        """Return the time."""
        return self.now


DOWN = UnavailableError("down")


async def test_fresh_value_wins() -> None:
    """As long as a fresh value is to be had, nobody gets an old one."""
    rates = Rates(1, 2)
    last = LastGood("rates", clock=rates.clock)

    assert await last.get("EUR", rates.load, most_seconds=60) == 1
    assert await last.get("EUR", rates.load, most_seconds=60) == 2


async def test_old_value_is_served(caplog: pytest.LogCaptureFixture) -> None:
    """While a fresh value is not to be had, the last one is, and the log says so."""
    rates = Rates(0, DOWN)
    last = LastGood("rates", clock=rates.clock)
    await last.get("hunter2", rates.load, most_seconds=60)
    rates.now = 60

    assert await last.get("hunter2", rates.load, most_seconds=60) == 0
    (line,) = [vars(record) for record in caplog.records if record.levelno == logging.WARNING]
    assert (line["msg"], line["values"], line["age_seconds"]) == ("stale.served", "rates", 60)
    assert "hunter2" not in str(line)


async def test_too_old_is_too_old() -> None:
    """The caller says how old a value may be."""
    rates = Rates(1, DOWN)
    last = LastGood("rates", clock=rates.clock)
    await last.get("EUR", rates.load, most_seconds=60)
    rates.now = 60.001

    with pytest.raises(UnavailableError):
        await last.get("EUR", rates.load, most_seconds=60)
    assert await last.get("EUR", rates.load, most_seconds=61) == 1


async def test_never_had() -> None:
    """Without an old value, the failure is the answer."""
    last = LastGood("rates")

    with pytest.raises(UnavailableError):
        await last.get("EUR", Rates(DOWN).load, most_seconds=60)


async def test_other_errors_are_answers() -> None:
    """What does not exist any more is not served from memory."""
    rates = Rates(1, NotFoundError("gone"))
    last = LastGood("rates", clock=rates.clock)
    await last.get("EUR", rates.load, most_seconds=60)

    with pytest.raises(NotFoundError):
        await last.get("EUR", rates.load, most_seconds=60)


async def test_newest_are_kept() -> None:
    """Memory is bounded: what was refreshed longest ago goes first."""
    last = LastGood("rates", most=2)
    for key in ("EUR", "USD", "EUR", "CHF"):
        await last.get(key, Rates(1).load, most_seconds=60)

    assert list(last.kept) == ["EUR", "CHF"]
