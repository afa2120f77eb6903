from parcel_tracker.carriers.base import Carrier, CarrierError
from parcel_tracker.carriers.post import Post

CARRIERS: dict[str, Carrier] = {"post": Post()}

__all__ = ["CARRIERS", "Carrier", "CarrierError", "Post"]
