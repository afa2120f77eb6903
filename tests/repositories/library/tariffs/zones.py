import csv
import os
from functools import lru_cache
from typing import Dict

from tariffs.errors import UnknownCountry

PATH = os.path.join(os.path.dirname(__file__), "data", "zones.csv")


@lru_cache(maxsize=None)
def table() -> Dict[str, int]:
    with open(PATH) as file:
        return {row["country"]: int(row["zone"]) for row in csv.DictReader(file)}


def zone_of(country: str) -> int:
    try:
        return table()[country.upper()]
    except KeyError:
        raise UnknownCountry(country)
