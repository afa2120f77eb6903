import pytest
from fastapi.testclient import TestClient

from parcel_tracker.core.config import Config
from parcel_tracker.main import create_app


@pytest.fixture
def config():
    return Config(late_after_hours=24)


@pytest.fixture
def client(config):
    with TestClient(create_app(config)) as client:
        yield client


@pytest.fixture
def message():
    return {"no": "P1", "st": "T", "ts": "2026-05-01T10:00:00+00:00", "pl": "Basel"}
