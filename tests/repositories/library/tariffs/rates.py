from decimal import Decimal
from typing import List, Tuple

from tariffs.errors import TooHeavy
from tariffs.zones import zone_of

LIMIT = 31500
STEPS: List[Tuple[int, Decimal]] = [
    (500, Decimal("4.20")),
    (1000, Decimal("6.90")),
    (2000, Decimal("9.50")),
    (5000, Decimal("13.10")),
    (LIMIT, Decimal("24.00")),
]
SURCHARGE = {1: Decimal("1.0"), 2: Decimal("1.2"), 3: Decimal("1.5"), 4: Decimal("2.1")}


def base_rate(grams: int) -> Decimal:
    for limit, price in STEPS:
        if grams <= limit:
            return price
    raise TooHeavy(grams, LIMIT)


def quote(origin: str, destination: str, grams: int) -> Decimal:
    """Return the price of a parcel."""
    zone = max(zone_of(origin), zone_of(destination))
    return (base_rate(grams) * SURCHARGE[zone]).quantize(Decimal("0.01"))


def post(origin: str, destination: str, grams: int) -> Decimal:
    return quote(origin, destination, grams)
