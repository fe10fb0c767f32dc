"""Which region a cell names: by code, also a former one, or by name with as many of those above it as it takes."""

import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from uuid import UUID

from services.core.exchange.findings import Wrong
from services.core.kit.scope import Scope
from services.core.territory import queries as territory

if TYPE_CHECKING:
    import asyncpg

BELOW = """
SELECT id, parent_id, code, name, level, path,
       array(SELECT x.old_code FROM region_change x WHERE x.region_id = r.id AND x.old_code IS NOT NULL) AS former_codes
FROM region r WHERE path >= $1 AND path < $2 AND (valid_to IS NULL OR path = $1) ORDER BY path
"""

MAX_SAID = 10_000
"""Most texts that are remembered with the region that they name."""


@dataclass(frozen=True, slots=True, eq=False)
class Place:
    """A region that a row may land in, one object each. `prefix` begins the numbers that the system gives there; `label` names it
    in files.
    """

    id: UUID
    path: str
    level: str
    prefix: str
    label: str


class Regions:
    """The regions of a subtree, by what a file may call them."""

    def __init__(self, above: Iterable[Mapping[str, Any]], subtree: Iterable[Mapping[str, Any]]) -> None:
        """`above`: the ancestors of the subtree's root, from the top; `subtree`: the root and all below, parents first."""
        chains: dict[UUID, list[Mapping[str, Any]]] = {}
        upper = list(above)
        self.places: dict[UUID, Place] = {}
        self._by_code: dict[str, Place] = {}
        self._by_former_code: dict[str, set[UUID]] = {}
        self._below: dict[str, set[UUID]] = {}
        self._by_name: dict[str, set[UUID]] = {}
        self._said: dict[str, Place] = {}
        for region in subtree:
            parent = chains.get(region["parent_id"])
            chain = chains[region["id"]] = [*(upper if parent is None else parent), region]
            inside = chain[len(upper) + 1 :] or chain[-1:]
            label = region["code"] or "/".join(one["name"] for one in inside)
            place = Place(region["id"], region["path"], region["level"], _prefix(chain), label)
            self.places[place.id] = place
            if region["code"]:
                self._by_code[region["code"]] = place
            for former in region["former_codes"]:
                self._by_former_code.setdefault(former, set()).add(place.id)
            self._below.setdefault(_plain("".join(one["name"] for one in inside)), set()).add(place.id)
            for begin in range(len(chain)):
                name = _plain("".join(one["name"] for one in chain[begin:]))
                self._by_name.setdefault(name, set()).add(place.id)
        self.root = next(iter(self.places.values()))

    def named(self, given: str) -> Place:
        """The region that a text names; Wrong when none or several do. A full path below the root goes before a mere name."""
        place = self._said.get(given)
        if place is None:
            place = self._meant(given)
            if len(self._said) < MAX_SAID:
                self._said[given] = place
        return place

    def _meant(self, given: str) -> Place:
        name = _plain(given)
        for zeros in ("", "000", "000000"):  # codes are also written to twelve digits
            code = name.removesuffix(zeros)
            if code in self._by_code:
                return self._by_code[code]
            if code in self._by_former_code:
                return self._only(self._by_former_code[code])
        return self._only(self._below.get(name) or self._by_name.get(name, set()))

    def _only(self, meant: set[UUID]) -> Place:
        if not meant:
            raise Wrong("region-unknown")
        if len(meant) > 1:
            raise Wrong("region-ambiguous")
        return self.places[next(iter(meant))]

    def label(self, region_id: UUID) -> str | None:
        """What a file calls a region; None for one that is no more."""
        place = self.places.get(region_id)
        return None if place is None else place.label


def _prefix(chain: list[Mapping[str, Any]]) -> str:
    """The code of the county, else of the nearest region that has one (as `territory.service` numbers compounds)."""
    coded = [region for region in reversed(chain) if region["code"]]
    county = [region for region in coded if region["level"] == "county"]
    return str((county or coded)[0]["code"]) if coded else "C"


def _plain(name: str) -> str:
    return "".join(mark for mark in unicodedata.normalize("NFKC", name) if mark.isalnum()).casefold()


async def load(driver: "asyncpg.Connection", *, region_id: UUID, scope: Scope) -> Regions:
    """The regions below one of the scope; NotFound when it lies outside."""
    region = await territory.region_in(driver, region_id=region_id, scope=scope)
    above = await driver.fetch(territory.UPWARDS, region_id)
    within = Scope((region["path"],))
    return Regions(above[:-1], await driver.fetch(BELOW, within.lows[0], within.highs[0]))
