from typing import Any, Protocol

from parcel_tracker.models import Event


class CarrierError(Exception):
    pass


class Carrier(Protocol):
    def parse(self, message: dict[str, Any]) -> Event: ...
