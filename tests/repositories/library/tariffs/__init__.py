"""Shipping tariffs."""
from tariffs.errors import TariffError, UnknownCountry
from tariffs.rates import quote
from tariffs.zones import zone_of

__all__ = ["TariffError", "UnknownCountry", "quote", "zone_of"]
__version__ = "2.4.1"
