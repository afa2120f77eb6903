"""Idempotency keys: a client may repeat a request that creates something."""

from typing import Annotated

from fastapi import Header

IdempotencyKey = Annotated[
    str,
    Header(
        alias="Idempotency-Key",
        pattern=r"^[A-Za-z0-9_-]{8,64}$",
        description="A unique key of your choice; a repeated request with it has no second effect",
    ),
]
