"""What keeps identity's tables small."""

from datetime import datetime

from sqlalchemy import delete, exists
from sqlalchemy.ext.asyncio import AsyncConnection

from services.core.identity.models import AccessToken, RefreshToken, Session


async def forget_expired(connection: AsyncConnection, *, now: datetime) -> None:
    """Deletes expired tokens and the sessions they leave empty. Used refresh tokens stay until they expire: they show theft.

    Who signed in and when stays in the audit.
    """
    for token in (AccessToken, RefreshToken):
        await connection.execute(delete(token).where(token.expires_at < now))
    await connection.execute(
        delete(Session).where(
            Session.expires_at < now,
            ~exists().where(AccessToken.session_id == Session.id),
            ~exists().where(RefreshToken.session_id == Session.id),
        )
    )
