"""Retries: which failed calls are retried, and after which delay."""

import logging
import socket
import ssl
import time
from email.utils import parsedate_to_datetime
from secrets import SystemRandom

import httpx2
from stamina.instrumentation import RetryDetails

logger = logging.getLogger(__name__)

RETRYABLE_STATUSES = frozenset({429, 502, 503, 504})
BURST = 10
JITTER_SECONDS = 1

# Errors in the request itself, which httpx2 raises as transport errors.
UNSENDABLE = (httpx2.LocalProtocolError, httpx2.UnsupportedProtocol)
TIMEOUTS = (TimeoutError, httpx2.TimeoutException)
INVALID_DATE_ERRORS = (ValueError, OverflowError)


class Budget:
    """Retry budget: limits retries to a share of the calls, so that they don't worsen an outage."""

    def __init__(self, ratio: float) -> None:
        self.ratio = ratio
        self.tokens: float = BURST

    def earn(self) -> None:
        """Count a call."""
        self.tokens = min(self.tokens + self.ratio, BURST)

    def spend(self) -> bool:
        """Return whether the budget allows a retry, and count it."""
        if self.tokens < 1:
            return False
        self.tokens -= 1
        return True


def parse_retry_after(header: str) -> float:
    """Return the delay of a Retry-After header (seconds or a date) in seconds, 0 if it is bad."""
    try:
        if header.isascii() and header.isdigit():
            return float(header)
        return max(parsedate_to_datetime(header).timestamp() - time.time(), 0)
    except INVALID_DATE_ERRORS:
        return 0


def root_cause(error: BaseException) -> BaseException:
    """Return the first error of a chain: that of the network or of TLS."""
    while cause := error.__cause__ or error.__context__:
        error = cause
    return error


def retry_delay(error: Exception) -> float | None:
    """Return the minimum delay after a failure in seconds, None if a retry would not help."""
    if isinstance(error, httpx2.HTTPStatusError):
        if error.response.status_code not in RETRYABLE_STATUSES:
            return None
        seconds = parse_retry_after(error.response.headers.get("retry-after", ""))
        # Jitter: clients with the same Retry-After must not retry together.
        return seconds and seconds + SystemRandom().uniform(0, JITTER_SECONDS)
    if isinstance(root_cause(error), ssl.SSLCertVerificationError):
        return None
    is_transient = isinstance(error, httpx2.TransportError) and not isinstance(error, UNSENDABLE)
    return 0 if is_transient else None


def explain(error: Exception) -> str:
    """Return why a call failed, for the user of a tool."""
    if isinstance(error, httpx2.HTTPStatusError):
        return f"it responds with {error.response.status_code}"
    if isinstance(error, TIMEOUTS):
        return "it does not respond in time"
    match root_cause(error):
        case ssl.SSLCertVerificationError(verify_message=reason):
            return f"its certificate is not valid: {reason}"
        case socket.gaierror():
            return "its name can't be resolved"
        case ConnectionRefusedError():
            return "it refuses the connection"
        case _:
            return str(error).rstrip(".") or type(error).__name__


def describe(request: httpx2.Request, error: Exception) -> dict[str, object]:
    """Return log fields of a failure: neither path nor query, which may hold secrets."""
    cause: object = type(error).__name__
    if isinstance(error, httpx2.HTTPStatusError):
        cause = error.response.status_code
    return {"host": request.url.host, "method": request.method, "cause": cause}


def log_retry(details: RetryDetails) -> None:
    """Log a retry; stamina's own record shows arguments and messages."""
    error = details.caused_by
    fields: dict[str, object] = {
        "attempt": details.retry_num,
        "wait_seconds": round(details.wait_for, 3),
    }
    if isinstance(error, httpx2.HTTPError):
        logger.warning("http_client.retried", extra={**describe(error.request, error), **fields})
    else:
        cause = type(error).__name__
        logger.warning("retry.scheduled", extra={"call": details.name, "cause": cause, **fields})
