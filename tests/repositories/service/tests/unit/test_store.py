from parcel_tracker.carriers import Post
from parcel_tracker.models import Status
from parcel_tracker.store import Store


def test_events_are_in_order(message):
    store, post = Store(), Post()
    store.add(post.parse({**message, "st": "D", "ts": "2026-05-02T08:00:00+00:00"}))
    parcel = store.add(post.parse(message))
    assert [event.status for event in parcel.events] == [Status.moving, Status.delivered]
