"""Reads of identity: who a token stands for."""

from services.core.identity.access import Principal


async def principal_by_token(connection: object, digest: str) -> Principal | None:
    """Placeholder signature for the first slice; replaced with the tables of identity."""
    return None
