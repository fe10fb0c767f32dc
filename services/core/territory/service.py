"""Use cases of territory: regions that staff add, compounds, what sources say about them."""

from collections.abc import Sequence
from typing import NamedTuple
from uuid import UUID

import asyncpg

from services.core.facts import rules as fact_rules
from services.core.facts import service as facts
from services.core.facts.statements import attest_sql
from services.core.kit.errors import InputInvalid, NotFound
from services.core.kit.ids import new_id
from services.core.kit.scope import Scope
from services.core.kit.uow import UnitOfWork
from services.core.territory import queries, rules
from services.core.territory.errors import (
    CompoundNoTaken,
    CompoundOfProject,
    RegionCodeTaken,
    RegionNameTaken,
)
from services.core.territory.events import CompoundChanged, CompoundRegistered, RegionAdded

ADD_REGION = """
WITH next AS (SELECT nextval(pg_get_serial_sequence('region', 'number')) AS number)
INSERT INTO region (id, number, code, name, level, parent_id, path, valid_from, source, source_date, version)
SELECT $1, number, $2, $3, $4, $5, $6 || number || '.', $7, $8, $7, 1 FROM next
RETURNING path
"""
# A number of the system's own: the code of the county (else of the nearest region that has one), and a number that the
# sequence gives out once in the whole register. Gaps are no matter; two who register at once never meet.
# One statement: the region is looked up in the scope, the compound entered, and what the answer tells comes back.
ADD_COMPOUND = """
WITH RECURSIVE place AS (
  SELECT id, path, name, parent_id, code, level FROM region
  WHERE id = $4 AND valid_to IS NULL AND level = ANY ($9::text[])
    AND EXISTS (SELECT 1 FROM unnest($6::text[], $7::text[]) AS scope(low, high)
                WHERE path >= scope.low AND path < scope.high)
  FOR KEY SHARE),
up AS (
  SELECT parent_id, code, level, 1 AS height FROM place
  UNION ALL
  SELECT r.parent_id, r.code, r.level, height + 1 FROM region r JOIN up ON r.id = up.parent_id),
next AS (
  SELECT nextval(pg_get_serial_sequence('compound', 'number')) AS number, path,
         coalesce((SELECT code FROM up WHERE code IS NOT NULL ORDER BY level <> 'county', height LIMIT 1), 'C') AS code
  FROM place),
made AS (
  INSERT INTO compound (id, number, no, name, address, region_id, region_path, version, created_at)
  SELECT $1, number, coalesce($2, code || '-' || lpad(number::text, 6, '0')), $3, $5, $4, path, 1, $8 FROM next
  ON CONFLICT (no) DO NOTHING
  RETURNING no)
SELECT path, name AS region_name, (SELECT no FROM made) AS no FROM place
"""
CHANGE_COMPOUND = """
UPDATE compound SET no = $2, name = $3, address = $4, region_id = $5, region_path = $6, version = version + 1
WHERE id = $1 RETURNING version
"""
MOVE_FACTS = "UPDATE fact SET region_path = $2 WHERE subject_id = $1"
ATTEST = attest_sql("compound", where="s.closed_at IS NULL")
HOLDERS = sorted(rules.HOLDS_COMPOUNDS)


class Registered(NamedTuple):
    """A compound just entered: its id, its number, its region's name."""

    id: UUID
    no: str
    region_name: str


async def add_region(
    uow: UnitOfWork, *, scope: Scope, parent_id: UUID, name: str, level: str, code: str | None, source: str
) -> UUID:
    """Adds a zone, street or community below a region of the scope. Its path is set now and never changes."""
    parent = await queries.region_held(uow.driver, region_id=parent_id, scope=scope)
    if parent["valid_to"] is not None:
        raise InputInvalid.at("/parent_id", zh="上级区域已撤销", en="is a region that is no more")
    if level not in rules.ADDED_BY_STAFF or level not in rules.BELOW[parent["level"]]:
        raise InputInvalid.at("/level", zh="该级区域不能设在此上级之下", en="cannot stand below this parent")
    region_id = new_id()
    try:
        path = await uow.driver.fetchval(
            ADD_REGION, region_id, code, name, level, parent_id, parent["path"], uow.now.date(), source
        )
    except asyncpg.UniqueViolationError as taken:
        raise (RegionCodeTaken if taken.constraint_name == "uq_region_code_valid" else RegionNameTaken) from taken
    uow.record(RegionAdded(level=level), subject="region", subject_id=region_id, region_path=path)
    return region_id


async def register_compound(
    uow: UnitOfWork, *, scope: Scope, region_id: UUID, name: str, no: str | None, address: str | None
) -> Registered:
    """Enters a compound into the register of a region of the scope. Without `no` the system gives one."""
    compound_id = new_id()
    while True:
        row = await uow.driver.fetchrow(
            ADD_COMPOUND, compound_id, no, name, region_id, address, scope.lows, scope.highs, uow.now, HOLDERS
        )
        if row is None:
            await _place(uow, region_id=region_id, scope=scope)  # says why not
            raise NotFound
        if row["no"] is not None:
            break
        if no is not None:
            raise CompoundNoTaken
        # Somebody once wrote by hand just the number that the sequence has come to: the next one.
    uow.record(CompoundRegistered(), subject="compound", subject_id=compound_id, region_path=row["path"])
    return Registered(compound_id, row["no"], row["region_name"])


async def change_compound(
    uow: UnitOfWork,
    *,
    scope: Scope,
    compound_id: UUID,
    version: int,
    region_id: UUID,
    name: str,
    no: str | None,
    address: str | None,
) -> None:
    """Replaces a compound's name, address, number (kept when None) and region. A move takes its facts along.

    CompoundOfProject when it would leave the region of a project that it is part of.
    """
    held = await queries.locked(uow.driver, scope=scope, compound_id=compound_id, version=version)
    path = held["region_path"]
    if region_id != held["region_id"]:
        path = await _place(uow, region_id=region_id, scope=scope)
        if await uow.driver.fetchval(queries.IN_PROJECT_OUTSIDE, compound_id, path):
            raise CompoundOfProject
    try:
        now_at = await uow.driver.fetchval(
            CHANGE_COMPOUND, compound_id, no or held["no"], name, address, region_id, path
        )
    except asyncpg.UniqueViolationError as taken:
        raise CompoundNoTaken from taken
    if path != held["region_path"]:
        await uow.driver.execute(MOVE_FACTS, compound_id, path)
    uow.record(CompoundChanged(version=now_at), subject="compound", subject_id=compound_id, region_path=path)


async def attest(
    uow: UnitOfWork, *, scope: Scope, deciding: Scope, compound_id: UUID, claims: Sequence[facts.Claim]
) -> list[facts.Attested]:
    """Records what people or departments say about a compound of the scope: one statement checks and writes.

    See `facts.service.attest` for refusals; CompoundClosed.
    """
    try:
        return await facts.attest(
            uow,
            sql=ATTEST,
            subject_type="compound",
            scope=scope,
            deciding=deciding,
            subject_id=compound_id,
            claims=claims,
        )
    except NotFound:
        await queries.standing(uow.driver, compound_id=compound_id, scope=scope)  # says why not
        raise


async def adjudicate(
    uow: UnitOfWork, *, scope: Scope, compound_id: UUID, key: str, fact_id: UUID, reason: str, document: str | None
) -> fact_rules.EffectiveFact:
    """A person decides which of the differing figures about a compound of the scope holds."""
    compound = await queries.standing(uow.driver, compound_id=compound_id, scope=scope)
    return await facts.adjudicate(
        uow,
        subject_type="compound",
        subject_id=compound_id,
        region_path=compound["region_path"],
        key=key,
        fact_id=fact_id,
        reason=reason,
        document=document,
    )


async def _place(uow: UnitOfWork, *, region_id: UUID, scope: Scope) -> str:
    """The path of a region of the scope where a compound may stand."""
    region = await queries.region_held(uow.driver, region_id=region_id, scope=scope)
    if region["level"] not in rules.HOLDS_COMPOUNDS or region["valid_to"] is not None:
        raise InputInvalid.at(
            "/region_id",
            zh="小区须登记在现存的市、区县、街道、社区或功能区之下",
            en="must be a city or below, still existing",
        )
    path: str = region["path"]
    return path
