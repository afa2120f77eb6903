"""Bare FastAPI with fifty routes."""

from fastapi import FastAPI

from benchmarks.resources import ROUTES

app = FastAPI()


async def ping() -> dict[str, str]:
    """Answer."""
    return {"message": "pong"}


for number in range(ROUTES):
    app.get(f"/fifty/{number:02}")(ping)
