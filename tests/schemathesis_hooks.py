"""Rules of a rendered service that its schema can't express; schemathesis.toml names it."""

import schemathesis
from hypothesis import strategies
from schemathesis.core.failures import Failure
from schemathesis.openapi.checks import RejectedPositiveData

KNOWN_AT_RUN_TIME = {
    "idempotency_key_reused",  # the key was used for another transfer
    "invalid_cursor",  # the schema of a cursor has only its length
    "precondition_failed",  # the user has another version
    "same_account",  # a rule about two fields
}
"""Error codes that depend on more than one value, or on stored data."""

# The service rejects reserved domains such as x.test, which JSON Schema accepts.
domains = strategies.from_regex(r"[a-z]{1,20}\.(com|org)", fullmatch=True)
schemathesis.openapi.format("email", strategies.emails(domains=domains))


@schemathesis.hook
def filter_failure(
    _context: schemathesis.HookContext,
    failure: Failure,
    _case: object,
    response: schemathesis.Response,
) -> bool:
    """Return whether a failure is a fault of the service."""
    is_refusal = isinstance(failure, RejectedPositiveData)
    return not (is_refusal and response.json().get("code") in KNOWN_AT_RUN_TIME)
