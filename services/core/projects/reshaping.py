"""Merging and splitting compounds, as far as projects have a say in it."""

from collections.abc import Sequence
from uuid import UUID

from services.core.kit.errors import InputInvalid, VersionStale
from services.core.kit.scope import Scope
from services.core.kit.uow import UnitOfWork
from services.core.ownership import reshaping as ownership
from services.core.ownership.reshaping import Part
from services.core.projects import queries
from services.core.projects.errors import CompoundUnderWay
from services.core.territory import queries as territory
from services.core.territory import reshaping
from services.core.territory.reshaping import Successor


async def merge(
    uow: UnitOfWork,
    *,
    scope: Scope,
    compound_id: UUID,
    version: int,
    other_ids: Sequence[UUID],
    name: str,
    no: str | None,
    address: str | None,
    region_id: UUID | None,
    document: str,
    reason: str,
) -> UUID:
    """Several compounds become one new one, where the first stands unless a region is named; its id.

    NotFound for one outside the scope, CompoundClosed for one merged or split before, VersionStale when the first has changed,
    CompoundUnderWay while a project holds one that has applied and is not handed over: what was frozen, planned and built stays
    about the compounds that it named. A draft project is not touched; it cannot apply before somebody names the new compound in it.
    The register of owners follows; its refusals are those of `ownership.reshaping.follow_merge`.
    """
    every = [compound_id, *other_ids]
    first = await _free(uow, scope=scope, compound_id=compound_id, version=version, every=every)
    if len(set(every)) < len(every):
        raise InputInvalid.at("/compound_ids", zh="同一小区重复列出", en="a compound is listed twice")
    successor = Successor(name, region_id or first, no, address)
    (made,) = await reshaping.reshape(
        uow, scope=scope, predecessor_ids=every, successors=[successor], document=document, reason=reason
    )
    compound = await territory.compound_in(uow.driver, compound_id=made, scope=scope)
    await ownership.follow_merge(uow, predecessor_ids=every, compound_id=made, region_path=compound["region_path"])
    return made


async def split(
    uow: UnitOfWork,
    *,
    scope: Scope,
    compound_id: UUID,
    version: int,
    parts: Sequence[Successor],
    document: str,
    reason: str,
) -> list[UUID]:
    """One compound becomes several new ones (at least two); their ids in the order of the parts. Refusals as of `merge`.

    The register of owners follows by building; its refusals are those of `ownership.reshaping.follow_split`.
    """
    await _free(uow, scope=scope, compound_id=compound_id, version=version, every=[compound_id])
    made = await reshaping.reshape(
        uow, scope=scope, predecessor_ids=[compound_id], successors=parts, document=document, reason=reason
    )
    compounds = [await territory.compound_in(uow.driver, compound_id=one, scope=scope) for one in made]
    await ownership.follow_split(
        uow,
        predecessor_id=compound_id,
        parts=[
            Part(compound["id"], compound["region_path"], part.building_ids)
            for compound, part in zip(compounds, parts, strict=True)
        ],
    )
    return made


async def _free(uow: UnitOfWork, *, scope: Scope, compound_id: UUID, version: int, every: Sequence[UUID]) -> UUID:
    """Locks the compounds, which whoever applies locks too; the region of the first."""
    held = {row["id"]: row for row in await territory.locked_all(uow.driver, scope=scope, compound_ids=every)}
    if held[compound_id]["version"] != version:
        raise VersionStale
    project = await queries.UNDER_WAY_IN.first(uow.driver, compound_ids=list(every))
    if project is not None:
        raise CompoundUnderWay(zh=f"项目 {project['no']}", en=f"project {project['no']}")
    region_id: UUID = held[compound_id]["region_id"]
    return region_id
