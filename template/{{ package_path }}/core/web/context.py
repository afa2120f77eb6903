"""The state of a request, for the hooks of components."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from starlette.types import Scope


@dataclass(slots=True)
class RequestContext:
    """One request, or the opening of a WebSocket.

    Attributes:
        scope: The ASGI scope.
        method: The HTTP method; a WebSocket opens with GET.
        request_headers: Request headers by lower-case name; the last value wins.
        start: Arrival time, by time.perf_counter().
        headers: Headers to add to the response.
        started: Whether the response has started.
        streamed: Whether it has more than one chunk.
        ended: Whether it has ended, or the WebSocket is closed.
        status: Response status; 500 until the response starts, 101 for an open WebSocket.
        route: Route template, e.g. `/users/{user_id}`: low cardinality, safe as a label. It is
            "unmatched" without a route, and set once the response has ended.
        duration: Seconds from arrival to the end of the response, set then.
    """

    scope: Scope
    method: str
    request_headers: Mapping[bytes, bytes]
    start: float
    headers: list[tuple[bytes, bytes]] = field(default_factory=list)
    started: bool = False
    streamed: bool = False
    ended: bool = False
    status: int = 500
    route: str = "unmatched"
    duration: float = 0
