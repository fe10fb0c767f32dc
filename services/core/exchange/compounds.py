"""Writes rows of compounds: the register's entry by number, else by region and name; figures as facts of their source.

A blank cell states nothing and erases nothing. A figure that its source states already, with the same document and date, stays
as it is, so that an export sent back changes nothing. Several rows may be about one compound when their sources differ.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING, NamedTuple
from uuid import UUID

from services.core.exchange.forms import FIGURES
from services.core.exchange.regions import Place
from services.core.exchange.writing import Importing, Line, Outcome, inserting
from services.core.facts import service as facts
from services.core.facts.catalogue import Subject
from services.core.facts.errors import SourceAttested, SourceCounts, SourceOfAnother
from services.core.facts.rules import Kind
from services.core.kit.calendar import day_of
from services.core.kit.ids import new_id
from services.core.kit.uow import UnitOfWork
from services.core.territory.errors import CompoundOfProject
from services.core.territory.events import CompoundChanged, CompoundRegistered

if TYPE_CHECKING:
    import asyncpg

FIGURE_BITS = {column.key: 1 << position for position, column in enumerate(FIGURES)}

# Locked in the order of ids, and before anything is compared: nobody changes them meanwhile.
KNOWN = """
SELECT id, no, name, address, region_id, region_path, version, closed_at FROM compound
WHERE no = ANY ($1::text[]) OR (region_path = ANY ($2::text[]) AND name = ANY ($3::text[]) AND closed_at IS NULL)
ORDER BY id FOR UPDATE
"""
# Whoever abolishes one of these regions waits, or has done so before this reads it.
STANDING = "SELECT id FROM region WHERE id = ANY ($1::uuid[]) AND valid_to IS NULL ORDER BY id FOR KEY SHARE"
# As `territory.queries.IN_PROJECT_OUTSIDE`, for many.
LEAVING = """
SELECT DISTINCT x.compound_id, x.path FROM unnest($1::uuid[], $2::text[]) AS x(compound_id, path)
JOIN project_compound c ON c.compound_id = x.compound_id JOIN project p ON p.id = c.project_id
WHERE p.stage <> 'dropped' AND NOT starts_with(x.path, p.region_path)
"""
ADD = """
INSERT INTO compound (id, number, no, name, address, region_id, region_path, version, created_at)
SELECT x.id, x.number, coalesce(x.no, x.prefix || '-' || lpad(x.number::text, 6, '0')), x.name, x.address, x.region_id,
       x.region_path, 1, $8
FROM (SELECT g.*, nextval((SELECT pg_get_serial_sequence('compound', 'number'))) AS number
      FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::uuid[], $6::text[], $7::text[])
           AS g(id, no, name, address, region_id, region_path, prefix)) AS x
"""
CHANGE = """
UPDATE compound c SET name = x.name, address = x.address, region_id = coalesce(x.region_id, c.region_id),
                      region_path = x.region_path, version = c.version + 1
FROM unnest($1::uuid[], $2::text[], $3::text[], $4::uuid[], $5::text[]) AS x(id, name, address, region_id, region_path)
WHERE c.id = x.id
"""
# As `territory.service.MOVE_FACTS`, for many.
MOVE_FACTS = """
UPDATE fact f SET region_path = x.region_path FROM unnest($1::uuid[], $2::text[]) AS x(id, region_path)
WHERE f.subject_id = x.id
"""
STATED = """
SELECT subject_id, key, source, value, kind, document, observed_on FROM fact
WHERE subject_id = ANY ($1::uuid[]) AND superseded_at IS NULL
"""


class Said(NamedTuple):
    """What the first row of the file about a compound said of it."""

    row: int
    name: str
    region: UUID | None
    address: str | None


class Stated(NamedTuple):
    """That a row states figures, as bits, in the name of a source."""

    source: str
    bits: int
    row: int


@dataclass(slots=True, eq=False)
class Entry:
    """A compound as the register has it or will have it. `version` 0: this import enters it.

    `said`, `stated`: what the file's rows up to here say of it.
    """

    id: UUID
    no: str | None
    name: str
    address: str | None
    place: Place | None  # None: where it stands already
    region_path: str
    version: int = 0
    closed: bool = False
    changed: bool = False
    said: Said | None = None
    stated: tuple[Stated, ...] = ()


@dataclass(slots=True)
class Batch:
    """What a batch would do: compounds by row, figures of compounds that are new and of those that were known."""

    entries: dict[int, Entry] = field(default_factory=dict)
    first: list[facts.FirstSaid] = field(default_factory=list)
    known: dict[int, list[facts.NewFact]] = field(default_factory=dict)
    leaving: set[tuple[UUID, str]] = field(default_factory=set)


class CompoundWriter:
    """See `writing.Writer`."""

    def __init__(self, uow: UnitOfWork, importing: Importing) -> None:
        self._uow, self._importing = uow, importing
        self._today = day_of(uow.now)
        self._before: dict[UUID, tuple[Said | None, tuple[Stated, ...]]] = {}  # what earlier batches said, by compound

    async def finish(self) -> Sequence[Line]:
        """Every line was settled when it was written."""
        return ()

    async def write(self, lines: Sequence[Line]) -> Sequence[Line]:
        """Writes a batch. A figure that may not take another's place makes its whole row wrong: then once more without it."""
        places = {line.row: place for line in lines if (place := self._importing.place_of(line)) is not None}
        named = set(places.values())
        rows = await self._uow.driver.fetch(STANDING, [place.id for place in named])
        standing = {row["id"] for row in rows}
        fallen = {place for place in named if place.id not in standing}
        for line in lines:
            if places.get(line.row) in fallen:
                line.wrong("region-unknown", "region")
        while True:
            good = [line for line in lines if not line.findings]
            try:
                async with self._uow.driver.transaction():
                    batch = await self._write(good, places)
            except (SourceAttested, SourceCounts, SourceOfAnother) as refusal:
                by_row = {str(line.row): line for line in good}
                for error in refusal.errors:
                    row, _, key = error.pointer.partition(" ")
                    by_row[row].wrong(refusal.code, key)
                continue
            entries = list(dict.fromkeys(batch.entries.values()))
            self._before.update((entry.id, (entry.said, entry.stated)) for entry in entries)
            await self._record(entries)
            return lines

    async def _write(self, lines: Sequence[Line], places: Mapping[int, Place]) -> Batch:
        batch = Batch()
        await self._identify(lines, places, batch)
        entries = list(dict.fromkeys(batch.entries.values()))
        pushed = await self._push(batch)
        await self._change([entry for entry in entries if entry.version and entry.changed])
        async with inserting(self._uow.driver):
            entering = asyncio.create_task(self._enter([entry for entry in entries if not entry.version]))
            try:
                await asyncio.sleep(0)  # they are under way: the figures are made ready while the database enters them
                figures = facts.first_figures(batch.first)
            finally:
                await entering
            await facts.add_first(self._uow, Subject.COMPOUND, figures)
        settled: set[Entry] = set()
        for line in lines:
            entry = batch.entries.get(line.row)
            if entry is None:
                continue
            if entry not in settled and not entry.version:
                line.outcome = Outcome.CREATED
            elif (entry not in settled and entry.changed) or line.row in pushed:
                line.outcome = Outcome.CHANGED
            settled.add(entry)
        return batch

    async def _identify(self, lines: Sequence[Line], places: Mapping[int, Place], batch: Batch) -> None:
        """Which compound each line is about; new ones are made up in memory."""
        unnumbered = [line for line in lines if "no" not in line.values]
        rows = await self._uow.driver.fetch(
            KNOWN,
            [line.values["no"] for line in lines if "no" in line.values],
            list({places[line.row].path for line in unnumbered}),
            list({line.values["name"] for line in unnumbered}),
        )
        by_no = {row["no"]: self._entry(row) for row in rows}
        by_name: dict[tuple[str, str], list[Entry]] = {}
        for entry in by_no.values():
            if entry.closed:
                continue
            by_name.setdefault((entry.region_path, entry.name), []).append(entry)
        meant = [
            (line, found)
            for line in lines
            if (found := self._meant(line, places[line.row], by_no, by_name)) is not None
        ]
        batch.leaving = await self._leaving(
            {
                (found.id, places[line.row].path)
                for line, found in meant
                if "region" in line.values and found.region_path != places[line.row].path
            }
        )
        for line, found in meant:
            self._take(line, found, places[line.row], batch)

    async def _leaving(self, moves: set[tuple[UUID, str]]) -> set[tuple[UUID, str]]:
        """Which of these moves take a compound out of the region of a project that it is part of."""
        rows = (
            await self._uow.driver.fetch(LEAVING, [one for one, _ in moves], [path for _, path in moves])
            if moves
            else ()
        )
        return {(row["compound_id"], row["path"]) for row in rows}

    def _meant(
        self, line: Line, place: Place, by_no: dict[str, Entry], by_name: dict[tuple[str, str], list[Entry]]
    ) -> Entry | None:
        no, name = line.values.get("no"), line.values["name"]
        namesakes = by_name.setdefault((place.path, name), [])
        if no is None and len(namesakes) > 1:
            line.wrong("name-ambiguous", "name")
            return None
        found = by_no.get(no) if no is not None else next(iter(namesakes), None)
        if found is None:
            found = Entry(new_id(), no, name, line.values.get("address"), place, place.path)
            namesakes.append(found)
            if no is not None:
                by_no[no] = found
        elif not self._importing.scope.covers(found.region_path):
            line.wrong("no-elsewhere", "no")
            return None
        elif found.closed:
            line.wrong("compound-closed", "no")
            return None
        return found

    def _take(self, line: Line, entry: Entry, place: Place, batch: Batch) -> None:
        """A line joins the batch, unless its source is missing, it says something twice, or contradicts an earlier line."""
        figures = [(key, value) for key, value in line.values.items() if key in FIGURE_BITS]
        source = line.values.get("source") or self._importing.source
        if figures and source is None:
            line.wrong("source-missing", "source")
            return
        if line.values.get("observed_on", date.min) > self._today:
            line.wrong("date-to-come", "observed_on")
            return
        if batch.leaving and (entry.id, place.path) in batch.leaving:
            line.wrong(CompoundOfProject.code, "region")
            return
        for earlier in entry.stated:
            twice = next((key for key, _ in figures if FIGURE_BITS[key] & earlier.bits), None)
            if earlier.source == source and twice is not None:
                line.wrong("figure-repeated", twice, row=earlier.row)
                return
        region = place if "region" in line.values else None
        said = Said(line.row, line.values["name"], None if region is None else region.id, line.values.get("address"))
        first = entry.said
        if first is None:
            self._amend(entry, said, region)
            entry.said = said
        elif (said.name, said.region) != (first.name, first.region) or said.address not in (None, first.address):
            line.wrong("row-contradicts", row=first.row)
            return
        batch.entries[line.row] = entry
        if source is not None:
            bits = 0
            for key, _ in figures:
                bits |= FIGURE_BITS[key]
            entry.stated += (Stated(source, bits, line.row),)
            self._state(line, entry, source, figures, batch)

    @staticmethod
    def _amend(entry: Entry, said: Said, region: Place | None) -> None:
        if not entry.version:
            return
        moved = region is not None and region.path != entry.region_path
        entry.changed = moved or said.name != entry.name or said.address not in (None, entry.address)
        entry.name, entry.address = said.name, said.address or entry.address
        if moved and region is not None:
            entry.place, entry.region_path = region, region.path

    def _state(self, line: Line, entry: Entry, source: str, figures: Sequence[tuple[str, str]], batch: Batch) -> None:
        kind = Kind.SYNTHETIC if line.values.get("synthetic") else Kind.ATTESTED
        document, observed_on = line.values.get("document"), line.values.get("observed_on")
        origin = [self._importing.origin(line)]
        if not entry.version:
            said = facts.FirstSaid(entry.id, entry.region_path, kind, source, document, origin, observed_on, figures)
            batch.first.append(said)
            return
        batch.known[line.row] = [
            facts.NewFact(
                Subject.COMPOUND, entry.id, entry.region_path, key, value, kind, source, document=document,
                source_rows=origin, observed_on=observed_on, pointer=f"{line.row} {key}",
            )
            for key, value in figures
        ]  # fmt: skip

    async def _push(self, batch: Batch) -> set[int]:
        """Pushes what known compounds' sources do not state already; the rows that had such figures."""
        subjects = {new.subject_id for figures in batch.known.values() for new in figures}
        if not subjects:
            return set()
        rows = await self._uow.driver.fetch(STATED, list(subjects))
        held = {(row["subject_id"], row["key"], row["source"]): row for row in rows}
        changed = {
            row: [new for new in figures if _differs(new, held.get((new.subject_id, new.key, new.source)))]
            for row, figures in batch.known.items()
        }
        await facts.push(
            self._uow, [new for figures in changed.values() for new in figures], deciding=self._importing.deciding
        )
        return {row for row, figures in changed.items() if figures}

    async def _enter(self, entries: Sequence[Entry]) -> None:
        if not entries:
            return
        placed = [(entry, entry.place) for entry in entries if entry.place is not None]
        await self._uow.driver.execute(
            ADD,
            [entry.id for entry, _ in placed],
            [entry.no for entry, _ in placed],
            [entry.name for entry, _ in placed],
            [entry.address for entry, _ in placed],
            [place.id for _, place in placed],
            [place.path for _, place in placed],
            [place.prefix for _, place in placed],
            self._uow.now,
        )

    async def _change(self, entries: Sequence[Entry]) -> None:
        if not entries:
            return
        await self._uow.driver.execute(
            CHANGE,
            [entry.id for entry in entries],
            [entry.name for entry in entries],
            [entry.address for entry in entries],
            [entry.place.id if entry.place else None for entry in entries],
            [entry.region_path for entry in entries],
        )
        moved = [entry for entry in entries if entry.place is not None]
        await self._uow.driver.execute(
            MOVE_FACTS, [entry.id for entry in moved], [entry.region_path for entry in moved]
        )

    async def _record(self, entries: Sequence[Entry]) -> None:
        new = [(entry.id, entry.region_path) for entry in entries if not entry.version]
        await self._uow.record_each(CompoundRegistered(), subject="compound", subjects=new)
        for entry in entries:
            if entry.version and entry.changed:
                told = CompoundChanged(version=entry.version + 1)
                self._uow.record(told, subject="compound", subject_id=entry.id, region_path=entry.region_path)

    def _entry(self, row: "asyncpg.Record") -> Entry:
        said, stated = self._before.get(row["id"], (None, ()))
        return Entry(
            row["id"],
            row["no"],
            row["name"],
            row["address"],
            None,
            row["region_path"],
            version=row["version"],
            closed=row["closed_at"] is not None,
            said=said,
            stated=stated,
        )


def _differs(new: facts.NewFact, held: "asyncpg.Record | None") -> bool:
    """Whether a figure says more than its source's present one; where it rests on is only compared when it is given."""
    return (
        held is None
        or (new.value, new.kind) != (held["value"], held["kind"])
        or new.document not in (None, held["document"])
        or new.observed_on not in (None, held["observed_on"])
    )
