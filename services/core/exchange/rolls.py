"""Writes rows of properties and their owners: what the register says, compared in memory, then whole batches at once.

A property is known by building, entrance and door; an owner by identity number and name in the compound, or as a present owner of
that very property whom nothing in the row contradicts. So a file sent again changes nothing, and nobody is merged by a name.
A number that stands in another entry is a row for somebody to look at, not a second entry with it.
The compounds are locked from their first row on: nothing of their registers changes meanwhile.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from enum import IntEnum
from uuid import UUID

from services.core.exchange.rolls_batch import AREAS, Batch, Flat, Register, open_registers
from services.core.exchange.writing import Importing, Line, Outcome
from services.core.kit.calendar import day_of
from services.core.kit.ids import new_id
from services.core.kit.invalid import InvalidAt
from services.core.kit.uow import UnitOfWork
from services.core.ownership import rules
from services.core.ownership.errors import OwnerKindDiffers
from services.core.ownership.events import RollImported
from services.core.ownership.rules import ORGANISATIONS, OwnerKind, TitleAct
from services.core.ownership.sealing import Particulars


@dataclass(frozen=True, slots=True)
class Holder:
    """Whose a property is, as a row says."""

    kind: OwnerKind
    title: str | None = None
    people: tuple[Particulars, ...] = ()


class Likeness(IntEnum):
    """What a row and an entry have in common, the surest last."""

    NAME = 1
    PHONE = 2
    NUMBER = 3


@dataclass(slots=True)
class Match:
    """Co-owners of a row: for each the entry that it is, None for somebody new; and what the row adds to entries."""

    entries: list[UUID | None]
    more: list[tuple[UUID, Particulars]] = field(default_factory=list)

    def learn(self, person_id: UUID, entry: Particulars, told: Particulars) -> None:
        """Adds to an entry what a row says of it. Nothing to one that it agrees with only as merged into it."""
        whole = Particulars(entry.name, told.phone or entry.phone, told.identity_number or entry.identity_number)
        if whole != entry and _agreement(entry, told) is not None:
            self.more.append((person_id, whole))


class RollWriter:
    """See `writing.Writer`."""

    def __init__(self, uow: UnitOfWork, importing: Importing) -> None:
        self._uow, self._importing = uow, importing
        self._registers: dict[str, Register | None] = {}
        self._rows: dict[tuple[str, ...], int] = {}
        self._today = day_of(uow.now)

    async def write(self, lines: Sequence[Line]) -> Sequence[Line]:
        """Writes a batch; what the register refuses, its line says."""
        wanted = {line.values["compound_no"] for line in lines if "compound_no" in line.values}
        missing = sorted(wanted - self._registers.keys())
        if missing:
            self._registers.update(await open_registers(self._uow, self._importing.scope, missing))
        batch = Batch(self._uow, self._importing.id)
        for line in lines:
            if line.findings or not line.values:
                continue
            register = self._registers[line.values["compound_no"]]
            if register is None:
                line.wrong("compound-unknown", "compound_no")
            elif register.closed:
                line.wrong("compound-closed", "compound_no")
            else:
                self._one(line, register, batch)
        await batch.write()
        return lines

    async def finish(self) -> Sequence[Line]:
        """Tells of each register that was changed; every line was settled when it was written."""
        for register in self._registers.values():
            if register is not None and (register.added or register.changed):
                told = RollImported(import_id=self._importing.id, added=register.added, changed=register.changed)
                self._uow.record(told, subject="compound", subject_id=register.id, region_path=register.region_path)
        return ()

    def _one(self, line: Line, register: Register, batch: Batch) -> None:
        values = line.values
        building, entrance, door = values.get("building"), values.get("entrance"), values["door"]
        if entrance is not None and building is None:
            line.wrong("building-missing", "building")
        first = self._rows.setdefault((values["compound_no"], building or "", entrance or "", door), line.row)
        if first != line.row:
            line.wrong("row-repeated", "door", row=first)
        areas = self._areas(line)
        holder = self._holder(line)
        on: date | None = values.get("title_date")
        if on is not None and on > self._today:
            line.wrong("date-to-come", "title_date")
        flat = register.flats.get((building, entrance, door))
        match = None
        if not line.findings and holder is not None:
            match = self._matched(line, register, flat, holder)
            if flat is not None and on is not None and flat.last is not None and on < flat.last:
                same = _head_already(register, flat, holder, match)
                if not same:
                    line.wrong("title-earlier", "title_date")
        if line.findings:
            return
        if flat is None:
            where = register.place(batch, building, entrance)
            flat = Flat(new_id(), values["kind"], {**dict.fromkeys(AREAS), **areas})
            flat.owner_id = self._head(register, batch, flat, holder or Holder(OwnerKind.UNKNOWN), match, line)
            register.flats[building, entrance, door] = flat
            register.added += 1
            batch.add(register, flat, where, door)
            line.outcome = Outcome.CREATED
            return
        changed = flat.take(values["kind"], areas)
        if holder is not None:
            changed |= self._hand_over(line, register, batch, flat, holder, match)
        if changed:
            register.changed += 1
            batch.change(flat)
            line.outcome = Outcome.CHANGED

    def _areas(self, line: Line) -> dict[str, Decimal]:
        """The areas that a row states, by their column in the table."""
        found: dict[str, Decimal] = {}
        area, source, registered = (line.values.get(key) for key in ("area", "area_source", "registered_area"))
        for key, number in (("area", area), ("registered_area", registered)):
            if number is not None and not number:
                line.wrong("area-zero", key)
        if area is not None and source is None:
            line.wrong("area-source-missing", "area_source")
        elif area is not None:
            found[f"area_by_{source}"] = area
        if registered is not None:
            found["registered_area"] = registered
        return found

    def _holder(self, line: Line) -> Holder | None:
        """Whose the property is by this row; None where it says nothing, or something wrong, which the line then says."""
        values = line.values
        names: list[str | None] = values.get("owners", [])
        phones, numbers = values.get("phones", []), values.get("identity_numbers", [])
        said = values.get("owner_kind")
        if not names:
            if said == OwnerKind.UNKNOWN:
                return Holder(OwnerKind.UNKNOWN)
            if said or phones or numbers:
                line.wrong("owner-missing", "owners")
            return None
        kind = OwnerKind(said or OwnerKind.PERSONS)
        if kind is not OwnerKind.PERSONS:
            if kind is OwnerKind.UNKNOWN or len(names) > 1 or names[0] is None or phones or numbers:
                line.wrong("owner-several", "owners")
                return None
            return Holder(kind, title=names[0])
        for key, entries in (("phones", phones), ("identity_numbers", numbers)):
            if entries and len(entries) != len(names):
                line.wrong("list-uneven", key)
                return None
        try:
            people = tuple(
                Particulars(
                    rules.person_name(name or ""), phones[at] if phones else None, numbers[at] if numbers else None
                )
                for at, name in enumerate(names)
            )
        except InvalidAt:
            line.wrong("person-name", "owners")
            return None
        return Holder(kind, people=people)

    def _matched(self, line: Line, register: Register, flat: Flat | None, holder: Holder) -> Match | None:
        """Who of the holder's people is in the register already; None for what is no holder, which the line then says."""
        if holder.kind in ORGANISATIONS:
            head = register.heads.get(rules.organisation_set_key(holder.title or ""))
            if head is not None and head[1] != holder.kind:
                line.wrong(OwnerKindDiffers.code, "owner_kind")
            return None
        present = [] if flat is None else register.members.get(flat.owner_id, [])
        free = {person_id: register.ever_told(self._uow.vault, person_id) for person_id in present}
        match = Match([None] * len(holder.people))
        # The surest first: of two co-owners of one name the number, else the phone, says which of them a row means.
        for likeness in (Likeness.NUMBER, Likeness.PHONE, Likeness.NAME):
            for at, told in enumerate(holder.people):
                if match.entries[at] is None:
                    match.entries[at] = next((one for one in free if _likeness(free[one], told) is likeness), None)
                    if (person_id := match.entries[at]) is not None:
                        match.learn(person_id, free.pop(person_id)[0], told)
        for at, told in enumerate(holder.people):
            match.entries[at] = match.entries[at] or register.known(self._uow.vault, told)
        unmatched = [told for told, entry in zip(holder.people, match.entries, strict=True) if entry is None]
        if {told.name for told in unmatched} & {entry.name for entries in free.values() for entry in entries}:
            line.wrong("owner-differs", "owners")
        vault = self._uow.vault
        if any(register.is_of_another(vault, *one) for one in zip(holder.people, match.entries, strict=True)):
            line.wrong("number-of-another", "identity_numbers")
        known = [entry for entry in match.entries if entry is not None]
        numbers = [told.identity_number for told in unmatched if told.identity_number is not None]
        if len(set(known)) < len(known) or len(set(numbers)) < len(numbers):
            line.wrong("owner-repeated", "owners")
        return match

    def _head(
        self, register: Register, batch: Batch, flat: Flat, holder: Holder, match: Match | None, line: Line
    ) -> UUID:
        """The head that the holder is, made where there is none."""
        if holder.kind is OwnerKind.UNKNOWN:
            return register.head(batch, rules.unknown_key(flat.id), holder.kind, None, ())
        if match is None or holder.kind is not OwnerKind.PERSONS:
            key = rules.organisation_set_key(holder.title or "")
            return register.head(batch, key, holder.kind, holder.title, ())
        for person_id, whole in match.more:
            batch.tell_more(register, person_id, whole)
        people = [
            entry or batch.enter(register, told, synthetic=bool(line.values.get("synthetic")))
            for entry, told in zip(match.entries, holder.people, strict=True)
        ]
        return register.head(batch, rules.persons_key(people), holder.kind, None, people)

    def _hand_over(
        self, line: Line, register: Register, batch: Batch, flat: Flat, holder: Holder, match: Match | None
    ) -> bool:
        """Gives a known property to the holder; whether anything differs."""
        before = flat.owner_id
        on: date | None = line.values.get("title_date")
        after = self._head(register, batch, flat, holder, match, line)
        if after == before:
            return bool(match and match.more)
        flat.owner_id, flat.last = after, on or flat.last
        act = TitleAct.CORRECTION if on is None else TitleAct.TRANSFER
        batch.hand_over(register, flat, act, before, on, line.values.get("document"))
        return True


def _head_already(register: Register, flat: Flat, holder: Holder, match: Match | None) -> bool:
    """Whether the property is the holder's already."""
    if holder.kind is OwnerKind.PERSONS:
        entries = [] if match is None else match.entries
        return None not in entries and set(entries) == set(register.members.get(flat.owner_id, ()))
    key = rules.unknown_key(flat.id) if holder.title is None else rules.organisation_set_key(holder.title)
    return key in register.heads and register.heads[key][0] == flat.owner_id


def _likeness(entries: Sequence[Particulars], told: Particulars) -> Likeness | None:
    """By what a row may mean somebody, of whom these particulars are on record: the same name, and no number against it."""
    return max((found for entry in entries if (found := _agreement(entry, told))), default=None)


def _agreement(entry: Particulars, told: Particulars) -> Likeness | None:
    if entry.name != told.name:
        return None
    if entry.identity_number is not None and entry.identity_number == told.identity_number:
        return Likeness.NUMBER
    pairs = ((entry.phone, told.phone), (entry.identity_number, told.identity_number))
    if any(one is not None and other is not None and one != other for one, other in pairs):
        return None
    return Likeness.NAME if entry.phone is None or told.phone is None else Likeness.PHONE
