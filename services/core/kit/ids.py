"""UUIDv7 keys (RFC 9562): they sort by time, so an index on them grows at its end."""

from uuid import UUID

from uuid_utils.compat import uuid7


def new_id() -> UUID:
    """A fresh time-ordered id."""
    return uuid7()
