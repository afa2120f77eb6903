"""Bare FastAPI with the endpoint that every served application has: the measure of all others."""

from fastapi import FastAPI

app = FastAPI()


@app.get("/ping")
async def ping() -> dict[str, str]:
    """Answer."""
    return {"message": "pong"}
