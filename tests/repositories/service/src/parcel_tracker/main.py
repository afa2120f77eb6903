import datetime as dt
from typing import Any

from fastapi import FastAPI, HTTPException

from parcel_tracker.carriers import CARRIERS, CarrierError
from parcel_tracker.core.config import Config
from parcel_tracker.models import Parcel
from parcel_tracker.store import Store


def create_app(config: Config | None = None) -> FastAPI:
    config = config or Config()
    app = FastAPI(title="Parcel tracker")
    store = Store()

    @app.post("/events/{carrier}", status_code=202)
    def receive(carrier: str, message: dict[str, Any]) -> Parcel:
        if carrier not in CARRIERS:
            raise HTTPException(404, "unknown carrier")
        try:
            return store.add(CARRIERS[carrier].parse(message))
        except CarrierError as e:
            raise HTTPException(422, str(e))

    @app.get("/parcels/{id}")
    def show(id: str) -> Parcel:
        parcel = store.get(id)
        if parcel is None:
            raise HTTPException(404, "unknown parcel")
        return parcel

    @app.get("/late")
    def late() -> list[Parcel]:
        return store.late(dt.datetime.now(dt.timezone.utc), config.late_after_hours)

    return app


app = create_app()
