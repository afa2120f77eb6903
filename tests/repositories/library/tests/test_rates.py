from decimal import Decimal

import pytest

from tariffs import UnknownCountry, quote
from tariffs.errors import TooHeavy
from tests.samples import PARCELS


@pytest.mark.parametrize("origin,destination,grams,price", PARCELS)
def test_quote(origin, destination, grams, price):
    assert quote(origin, destination, grams) == Decimal(price)


def test_unknown_country():
    with pytest.raises(UnknownCountry):
        quote("DE", "XX", 100)


def test_too_heavy():
    with pytest.raises(TooHeavy):
        quote("DE", "DE", 40000)


@pytest.mark.slow
def test_all_steps():
    prices = [quote("DE", "DE", grams) for grams in range(100, 31500, 100)]
    assert prices == sorted(prices)
