import pytest

from parcel_tracker.carriers import CarrierError, Post
from parcel_tracker.models import Status


@pytest.mark.carrier
def test_parse(message):
    assert Post().parse(message).status is Status.moving


@pytest.mark.carrier
@pytest.mark.parametrize("change", [{"st": "X"}, {"ts": "yesterday"}])
def test_bad_message(message, change):
    with pytest.raises(CarrierError):
        Post().parse({**message, **change})
