"""Request ids: one id for all records of a request, here and in the services that it calls."""

import os
import re
from contextvars import ContextVar

from structlog.contextvars import STRUCTLOG_KEY_PREFIX

from {{ package_name }}.core.component import Component
from {{ package_name }}.core.web.context import RequestContext

HEADER = b"x-request-id"
VALID = re.compile(rb"[A-Za-z0-9._-]{1,128}")

# structlog merges every variable with this prefix into a record. Setting it directly costs a tenth
# of bind_contextvars.
request_id_var: ContextVar[str] = ContextVar(f"{STRUCTLOG_KEY_PREFIX}request_id")


def bind_request_id(context: RequestContext) -> None:
    """Bind the id of a request to the log, and return it with the response.

    An id that the client sends is used if it is valid; otherwise a new one replaces it.
    """
    given = context.request_headers.get(HEADER)
    if given is not None and VALID.fullmatch(given):
        request_id = given.decode()
    else:
        request_id = os.urandom(16).hex()
    context.headers.append((HEADER, request_id.encode()))
    request_id_var.set(request_id)


def component() -> Component:
    """Give every request an id."""
    return Component(name="request_id", on_request=bind_request_id)
