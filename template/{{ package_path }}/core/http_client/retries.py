"""When a failed call to another service is worth a second one, and how long to wait for it."""

import logging
import time
from email.utils import parsedate_to_datetime
from secrets import SystemRandom

import httpx
from stamina.instrumentation import RetryDetails

logger = logging.getLogger(__name__)

BUSY = frozenset({429, 502, 503, 504})
BURST = 10
JITTER_SECONDS = 1

# What is wrong with a request before it leaves; httpx takes these for errors of transport.
UNSENDABLE = (httpx.LocalProtocolError, httpx.UnsupportedProtocol)
UNREADABLE = (ValueError, OverflowError)


class Budget:
    """Keeps retries to a share of the calls, so that an outage is not made worse by them."""

    def __init__(self, ratio: float) -> None:
        self.ratio = ratio
        self.tokens: float = BURST

    def earn(self) -> None:
        """Count a call."""
        self.tokens = min(self.tokens + self.ratio, BURST)

    def spend(self) -> bool:
        """Take what a retry costs, if it is there."""
        if self.tokens < 1:
            return False
        self.tokens -= 1
        return True


def seconds_in(header: str) -> float:
    """Return the wait that Retry-After asks for, in seconds or as a date; 0 if it is neither."""
    try:
        if header.isascii() and header.isdigit():
            return float(header)
        return max(parsedate_to_datetime(header).timestamp() - time.time(), 0)
    except UNREADABLE:
        return 0


def wait_after(error: Exception) -> float | None:
    """Return the least wait after a failure, or None if another try would not help."""
    if isinstance(error, httpx.HTTPStatusError):
        if error.response.status_code not in BUSY:
            return None
        seconds = seconds_in(error.response.headers.get("retry-after", ""))
        # Those who were told the same time should not come back together.
        return seconds and seconds + SystemRandom().uniform(0, JITTER_SECONDS)
    is_passing = isinstance(error, httpx.TransportError) and not isinstance(error, UNSENDABLE)
    return 0 if is_passing else None


def describe(request: httpx.Request, error: Exception) -> dict[str, object]:
    """Return what a log may say of a failure: neither path nor query, which may hold secrets."""
    cause: object = type(error).__name__
    if isinstance(error, httpx.HTTPStatusError):
        cause = error.response.status_code
    return {"host": request.url.host, "method": request.method, "cause": cause}


def report(details: RetryDetails) -> None:
    """Log a retry of anything in this process; stamina's own line shows arguments and messages."""
    error = details.caused_by
    about = {"attempt": details.retry_num, "wait_seconds": round(details.wait_for, 3)}
    if isinstance(error, httpx.HTTPError):
        logger.warning("http.retried", extra={**describe(error.request, error), **about})
    else:
        cause = type(error).__name__
        logger.warning("call.retried", extra={"call": details.name, "cause": cause, **about})
