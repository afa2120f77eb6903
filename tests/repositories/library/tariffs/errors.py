class TariffError(Exception):
    """Base of the errors."""


class UnknownCountry(TariffError):
    def __init__(self, country: str) -> None:
        super().__init__("unknown country: %s" % country)
        self.country = country


class TooHeavy(TariffError):
    def __init__(self, grams: int, limit: int) -> None:
        super().__init__("%d g is over the limit of %d g" % (grams, limit))
