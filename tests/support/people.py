"""Regions and people of a test's own: each test builds its part of the tree, and signs somebody in there."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx
from fastapi import FastAPI

from services.core.identity import tokens
from services.core.kit.ids import new_id
from services.core.kit.uow import SYSTEM, Database

PASSWORD = "correct horse battery staple"
LIFETIMES = tokens.Lifetimes(timedelta(hours=1), timedelta(days=1), timedelta(seconds=30))

ADD_REGION = """
WITH next AS (SELECT nextval(pg_get_serial_sequence('region', 'number')) AS number)
INSERT INTO region (id, number, code, name, level, parent_id, path, source, source_date, valid_from, version)
OVERRIDING SYSTEM VALUE
SELECT $1, number, $2, $3, $4, $5, $6 || number || '.', 'test', DATE '2026-01-01', DATE '2026-01-01', 1 FROM next
RETURNING number, path
"""
ADD_STAFF = """
INSERT INTO staff (id, username, display_name, language, password_hash, must_change_password, failed_attempts, lock_count,
                   created_at, version)
VALUES ($1, $2, $3, 'zh', 'none', false, 0, 0, now(), 1)
"""
ADD_GRANT = """
INSERT INTO role_grant (id, principal_kind, principal_id, role, region_id, region_path, bureau, given_at)
VALUES ($1, 'staff', $2, $3, $4, $5, $6, now())
"""


@dataclass(frozen=True, slots=True)
class Region:
    """A region of a test."""

    id: UUID
    path: str
    name: str
    level: str
    code: str | None = None


ADD_RESIDENT = """
INSERT INTO resident (id, openid, openid_digest, index_key, language, failed_attempts, lock_count, created_at)
VALUES ($1, $2, $2, 'test', 'zh', 0, 0, now())
"""


class Client(httpx.AsyncClient):
    """An HTTP client signed in as somebody."""

    principal_id: UUID
    token: str

    @property
    def staff_id(self) -> UUID:
        """His id, where he is a member of staff."""
        return self.principal_id

    @property
    def resident_id(self) -> UUID:
        """His id, where he is a resident."""
        return self.principal_id


async def make_region(
    database: Database, level: str, parent: Region | None, *, name: str | None = None, code: str | None = None
) -> Region:
    """A region below `parent`, or at the root of a tree of its own."""
    region_id = new_id()
    name = name or f"{level} {uuid4().hex[:6]}"
    async with database.begin(SYSTEM) as uow:
        row = await uow.driver.fetchrow(
            ADD_REGION, region_id, code, name, level, parent.id if parent else None, parent.path if parent else ""
        )
    return Region(region_id, row["path"], name, level, code)


async def sign_in(
    app: FastAPI | None, database: Database, role: str, at: Region, *, bureau: str | None = None, **client: Any
) -> Client:
    """Somebody with `role` at a region (a department: for a bureau), signed in; passwords and their slow hashes are tested where
    they belong.

    `resident` is a role here too: an account that is bound to nothing, wherever `at` is.
    """
    if role == "resident":
        return await sign_in_resident(app, database, **client)
    staff_id = new_id()
    async with database.begin(SYSTEM) as uow:
        await uow.driver.execute(ADD_STAFF, staff_id, f"{role}-{uuid4().hex}", f"{role} 测试")
        await uow.driver.execute(ADD_GRANT, new_id(), staff_id, role, at.id, at.path, bureau)
    return await _signed_in(app, database, "staff", staff_id, **client)


async def sign_in_resident(app: FastAPI | None, database: Database, **client: Any) -> Client:
    """A resident's account, signed in, without WeChat: its door is tested where it belongs."""
    resident_id = new_id()
    async with database.begin(SYSTEM) as uow:
        await uow.driver.execute(ADD_RESIDENT, resident_id, resident_id.bytes)
    return await _signed_in(app, database, "resident", resident_id, **client)


async def _signed_in(app: FastAPI | None, database: Database, kind: str, principal_id: UUID, **client: Any) -> Client:
    async with database.begin(SYSTEM) as uow:
        issued = await tokens.open_session(
            uow, kind=kind, principal_id=principal_id, user_agent="test", lifetimes=LIFETIMES
        )
    if app is not None:
        client.setdefault("transport", httpx.ASGITransport(app, raise_app_exceptions=False))
    client.setdefault("base_url", "http://test")
    made = Client(headers={"Authorization": f"Bearer {issued.access_token}"}, **client)
    made.principal_id, made.token = principal_id, issued.access_token
    return made
