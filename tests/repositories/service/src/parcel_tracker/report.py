import json
import sys

from parcel_tracker.carriers import CARRIERS
from parcel_tracker.store import Store


def main() -> int:
    """Print the parcels of a file of events, one JSON object a line."""
    store = Store()
    for line in sys.stdin:
        event = json.loads(line)
        parcel = store.add(CARRIERS[event["carrier"]].parse(event))
        print(parcel.id, parcel.status.value)
    return 0
