from typing import Any

from dateutil.parser import isoparse

from parcel_tracker.carriers.base import CarrierError
from parcel_tracker.models import Event, Status

STATUSES = {"A": Status.accepted, "T": Status.moving, "D": Status.delivered}


class Post:
    def parse(self, message: dict[str, Any]) -> Event:
        try:
            return Event(
                parcel=message["no"],
                carrier="post",
                status=STATUSES[message["st"]],
                at=isoparse(message["ts"]),
                place=message.get("pl"),
            )
        except (KeyError, ValueError) as e:
            raise CarrierError(f"post: {e!r}")
