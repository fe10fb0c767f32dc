"""Long-lived keys of clients: made, revoked, whom one stands for. Two live at once: the new one works before the old one goes."""

from typing import TYPE_CHECKING
from uuid import UUID

from services.core.identity.access import Grant, Principal, Role
from services.core.identity.errors import ClientKeyRevoked, ClientKeysFull
from services.core.identity.service import Manager, audit_account, managed_client
from services.core.identity.tokens import CLIENT_KEY, new_secret, token_digest
from services.core.kit.calendar import day_of
from services.core.kit.errors import NotFound
from services.core.kit.ids import new_id

if TYPE_CHECKING:
    import asyncpg

    from services.core.kit.uow import UnitOfWork

MOST = 2

# The client's row is locked by whoever counts, so two at once do not both find room.
LIVE = "SELECT count(*) FROM client_key WHERE client_id = $1 AND revoked_at IS NULL"
ADD = "INSERT INTO client_key (id, client_id, digest, created_by, created_at) VALUES ($1, $2, $3, $4, $5)"
ONE = "SELECT revoked_at FROM client_key WHERE id = $1 AND client_id = $2"
REVOKE = "UPDATE client_key SET revoked_at = $2 WHERE id = $1"
LIST = """
SELECT id, created_at, used_on, revoked_at FROM client_key WHERE client_id = $1 AND id > $2 ORDER BY id LIMIT $3
"""
HOLDER = """
SELECT k.id, k.client_id, ARRAY(
  SELECT g.role || ' ' || g.region_path FROM role_grant g
  WHERE g.principal_kind = 'client' AND g.principal_id = k.client_id AND g.ended_at IS NULL ORDER BY g.id) AS grants
FROM client_key k JOIN client c ON c.id = k.client_id
WHERE k.digest = $1 AND k.revoked_at IS NULL AND c.disabled_at IS NULL
"""
USED = "UPDATE client_key SET used_on = $2 WHERE id = $1 AND used_on IS DISTINCT FROM $2"


async def make_key(uow: "UnitOfWork", by: Manager, *, client_id: UUID, version: int) -> tuple[UUID, str, int]:
    """One more key: its id, the key itself, which is not told again, and the client's new version. NotFound, VersionStale,
    StaffBeyondYours; ClientKeysFull.
    """
    client, grants = await managed_client(uow, by, client_id, version)
    if await uow.driver.fetchval(LIVE, client_id) >= MOST:
        raise ClientKeysFull(most=MOST)
    key_id, key = new_id(), new_secret(CLIENT_KEY)
    await uow.driver.execute(ADD, key_id, client_id, token_digest(key), uow.actor.id, uow.now)
    client.version += 1
    audit_account(uow, "client.key_made", of=client, grants=grants, key_id=str(key_id))
    return key_id, key, client.version


async def revoke_key(uow: "UnitOfWork", by: Manager, *, client_id: UUID, version: int, key_id: UUID) -> int:
    """A key opens nothing from now on; the client's new version. NotFound, VersionStale, StaffBeyondYours; ClientKeyRevoked."""
    client, grants = await managed_client(uow, by, client_id, version)
    row = await uow.driver.fetchrow(ONE, key_id, client_id)
    if row is None:
        raise NotFound
    if row["revoked_at"] is not None:
        raise ClientKeyRevoked
    await uow.driver.execute(REVOKE, key_id, uow.now)
    client.version += 1
    audit_account(uow, "client.key_revoked", of=client, grants=grants, key_id=str(key_id))
    return client.version


async def holder(connection: "asyncpg.Connection", key: str) -> tuple[UUID, Principal] | None:
    """The id of a live key and the client that it stands for, with the grants that hold now; None for a key that opens nothing."""
    row = await connection.fetchrow(HOLDER, token_digest(key))
    if row is None:
        return None
    held = (grant.split(" ") for grant in row["grants"])
    grants = tuple(Grant(Role(role), path) for role, path in held)
    return row["id"], Principal("client", row["client_id"], None, grants=grants)


async def mark_used(uow: "UnitOfWork", *, key_id: UUID) -> None:
    """Remembers the day; the first use of a day writes, the others look."""
    await uow.driver.execute(USED, key_id, day_of(uow.now))
