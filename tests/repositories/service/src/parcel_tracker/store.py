import datetime as dt
from threading import Lock

from parcel_tracker.models import Event, Parcel, Status


class Store:
    """Parcels in memory; the events are replayed at start."""

    def __init__(self) -> None:
        self._parcels: dict[str, Parcel] = {}
        self._lock = Lock()

    def add(self, event: Event) -> Parcel:
        with self._lock:
            parcel = self._parcels.setdefault(event.parcel, Parcel(id=event.parcel, carrier=event.carrier))
            parcel.events = sorted([*parcel.events, event], key=lambda e: e.at)
            return parcel

    def get(self, id: str) -> Parcel | None:
        return self._parcels.get(id)

    def late(self, now: dt.datetime, hours: int) -> list[Parcel]:
        limit = now - dt.timedelta(hours=hours)
        return [
            p
            for p in self._parcels.values()
            if p.status != Status.delivered and p.events and p.events[-1].at < limit
        ]
