"""Rows of the register as they are shown: people masked, areas as text."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any
from uuid import UUID

from fastapi import Depends, Request

from services.api.ownership.people_schemas import (
    DoorOut,
    OwnerOut,
    PersonOut,
)
from services.api.ownership.schemas import (
    HeadOut,
    MemberOut,
    PropertyOut,
    TenancyOut,
)
from services.core.kit.vault import Vault
from services.core.ownership import queries, sealing

if TYPE_CHECKING:
    import asyncpg

FIRST = UUID(int=0)


async def get_vault(request: Request) -> Vault:
    """What people's particulars are opened with, to be masked."""
    vault: Vault = request.app.state.database.vault
    return vault


Opening = Annotated[Vault, Depends(get_vault)]


def member(vault: Vault, row: Mapping[str, Any]) -> MemberOut:
    """A row of `person`, masked."""
    seen = sealing.masked(vault, row)
    return MemberOut(
        person_id=row["id"],
        name=seen.name,
        phone=seen.phone,
        identity_number=seen.identity_number,
        synthetic=row["synthetic"],
    )


async def members(driver: "asyncpg.Connection", vault: Vault, owner_ids: Sequence[UUID]) -> dict[UUID, list[MemberOut]]:
    """The people of each head."""
    found: dict[UUID, list[MemberOut]] = {}
    for row in await driver.fetch(queries.MEMBERS, list(owner_ids)):
        found.setdefault(row["voting_owner_id"], []).append(member(vault, row))
    return found


async def properties(driver: "asyncpg.Connection", vault: Vault, rows: "Sequence[asyncpg.Record]") -> list[PropertyOut]:
    """Properties with their owners."""
    of = await members(driver, vault, [row["voting_owner_id"] for row in rows])
    return [
        PropertyOut(
            owner=HeadOut(
                id=row["voting_owner_id"],
                kind=row["owner_kind"],
                title=row["owner_title"],
                members=of.get(row["voting_owner_id"], []),
            ),
            **{name: row[name] for name in PropertyOut.model_fields if name != "owner"},
        )
        for row in rows
    ]


async def owners(driver: "asyncpg.Connection", vault: Vault, rows: "Sequence[asyncpg.Record]") -> list[OwnerOut]:
    """Heads with their people."""
    of = await members(driver, vault, [row["id"] for row in rows])
    return [OwnerOut(members=of.get(row["id"], []), **row) for row in rows]


async def people(driver: "asyncpg.Connection", vault: Vault, rows: "Sequence[asyncpg.Record]") -> list[PersonOut]:
    """People with their doors."""
    doors: dict[UUID, list[DoorOut]] = {}
    for row in await driver.fetch(queries.DOORS, [row["id"] for row in rows]):
        doors.setdefault(row["person_id"], []).append(DoorOut(**{name: row[name] for name in DoorOut.model_fields}))
    return [
        PersonOut(
            **dict(member(vault, row)),
            **{name: row[name] for name in ("compound_id", "merged_into_id", "version", "created_at")},
            doors=doors.get(row["id"], []),
        )
        for row in rows
    ]


def tenancy(vault: Vault, row: "asyncpg.Record") -> TenancyOut:
    """A tenancy with its tenant."""
    tenant = member(vault, {**row, "id": row["person_id"]})
    own = {name: row[name] for name in TenancyOut.model_fields if name != "tenant"}
    return TenancyOut(tenant=tenant, **own)
