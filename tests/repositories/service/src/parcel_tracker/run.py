import uvicorn


def main() -> None:
    uvicorn.run("parcel_tracker.main:app", host="0.0.0.0")
