"""Preconditions (RFC 9110, section 13): a client changes only the version that it has seen."""

import re
from typing import Annotated

from fastapi import Depends, Header, HTTPException

ETAG_LIST_PATTERN = r'^(\*|(W/)?"[!#-~]*"( ?, ?(W/)?"[!#-~]*")*)$'

# A weak tag, W/"1", never matches (RFC 9110, section 13.1.1).
STRONG_ETAG = re.compile(r'(?<!W/)"(\d{1,18})"')

# Declared here, not via Header(), so that a missing If-Match gets our 428 instead of a 422.
IF_MATCH: dict[str, object] = {
    "name": "If-Match",
    "in": "header",
    "required": True,
    "description": 'The ETag of the version to change, or "*" for any version',
    "schema": {"type": "string", "pattern": ETAG_LIST_PATTERN},
}


def etag(version: int) -> str:
    """Return the entity tag of a version (RFC 9110, section 8.8.3)."""
    return f'"{version}"'


async def if_match_versions(
    if_match: Annotated[
        str | None, Header(pattern=ETAG_LIST_PATTERN, include_in_schema=False)
    ] = None,
) -> frozenset[int] | None:
    """Return the versions that If-Match names, None for "*".

    Raises:
        HTTPException: The header is missing (428).
    """
    if if_match is None:
        raise HTTPException(428, 'Send If-Match with the ETag of the version to change, or "*"')
    if if_match == "*":
        return None
    return frozenset(map(int, STRONG_ETAG.findall(if_match)))


IfMatch = Annotated[frozenset[int] | None, Depends(if_match_versions)]
