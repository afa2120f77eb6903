"""Bare FastAPI with one endpoint."""

from fastapi import FastAPI

app = FastAPI()


@app.get("/ping")
async def ping() -> dict[str, str]:
    """Respond."""
    return {"message": "pong"}
