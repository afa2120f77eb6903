import datetime as dt
from enum import Enum
from typing import Optional

from pydantic import BaseModel


class Status(str, Enum):
    accepted = "accepted"
    moving = "moving"
    delivered = "delivered"


class Event(BaseModel):
    parcel: str
    carrier: str
    status: Status
    at: dt.datetime
    place: Optional[str] = None


class Parcel(BaseModel):
    id: str
    carrier: str
    events: list[Event] = []

    @property
    def status(self) -> Status:
        return self.events[-1].status if self.events else Status.accepted
