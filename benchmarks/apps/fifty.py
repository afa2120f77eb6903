"""Bare FastAPI with fifty routes."""

from fastapi import FastAPI

app = FastAPI()


async def ping() -> dict[str, str]:
    """Respond."""
    return {"message": "pong"}


for index in range(50):
    app.get(f"/fifty/{index:02}")(ping)
