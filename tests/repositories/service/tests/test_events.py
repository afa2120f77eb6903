from freezegun import freeze_time


def test_event_is_kept(client, message):
    assert client.post("/events/post", json=message).status_code == 202
    assert client.get("/parcels/P1").json()["events"][0]["place"] == "Basel"


def test_unknown_carrier(client, message):
    assert client.post("/events/goose", json=message).status_code == 404


def test_unknown_parcel(client):
    assert client.get("/parcels/P9").status_code == 404


@freeze_time("2026-05-03")
def test_late(client, message):
    client.post("/events/post", json=message)
    assert [parcel["id"] for parcel in client.get("/late").json()] == ["P1"]
