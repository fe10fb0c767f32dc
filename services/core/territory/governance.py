"""Who governs a compound and since when: read from its facts (domain.md G4; Xianning, 004_c9c5fc786dd61830.txt 四)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING
from uuid import UUID

from services.core.facts import queries as facts
from services.core.facts.catalogue import CATALOGUE, Entry
from services.core.facts.rules import EffectiveFact
from services.core.kit.scope import Scope
from services.core.territory import queries

if TYPE_CHECKING:
    import asyncpg

DOMAIN = "governance."
MODES = ("governance.property_service", "governance.public_custody", "governance.self_managed")
"""Xianning's three: 物业服务企业管理, 政府兜底托管, 居民自我管理."""

MAX_HISTORY = 1000
"""Most figures that a compound's history tells of, the newest."""


@dataclass(frozen=True, slots=True)
class Matter:
    """One matter of governance: what holds (None: nobody recorded it), since when, and what was ever said, the newest first."""

    entry: Entry
    holds: EffectiveFact | None
    since: date | None
    history: "tuple[asyncpg.Record, ...]"


async def governance(driver: "asyncpg.Connection", *, scope: Scope, compound_id: UUID) -> list[Matter]:
    """Every matter of governance of a compound of the scope, in the catalogue's order; NotFound outside the scope."""
    await queries.compound_in(driver, compound_id=compound_id, scope=scope)
    holding = (await facts.effective(driver, [compound_id]))[compound_id]
    ever = await facts.EVER_OF_DOMAIN.all(driver, subject_id=compound_id, domain=DOMAIN, limit=MAX_HISTORY)
    matters = []
    for key, entry in CATALOGUE.items():
        if key.startswith(DOMAIN):
            history = tuple(row for row in ever if row["key"] == key)
            holds = holding.get(key)
            matters.append(Matter(entry, holds, None if holds is None else since(holds, history), history))
    return matters


def since(holds: EffectiveFact, history: "Sequence[asyncpg.Record]") -> date | None:
    """The first day on which the source that holds saw what it says now, without a break since. `history`: the newest first."""
    first = None
    for row in history:
        if row["source"] != holds.source:
            continue
        if row["value"] != holds.value:
            break
        if row["observed_on"] is not None:
            first = row["observed_on"] if first is None else min(first, row["observed_on"])
    return first


def modes(matters: Sequence[Matter]) -> list[str]:
    """The keys of the management modes that hold now."""
    return [
        matter.entry.key
        for matter in matters
        if matter.entry.key in MODES and matter.holds is not None and matter.holds.value == "true"
    ]
