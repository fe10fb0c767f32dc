"""Tables of the register: buildings, entrances, properties, who owns them, who lives there (docs/adr/0021).

Every row carries its compound's path through a foreign key that follows it: a compound that moves takes its register along, and
no row can tell another region than its compound does.
"""

from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from uuid import UUID

from sqlalchemy import (
    CheckConstraint,
    Computed,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    LargeBinary,
    Numeric,
    String,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from services.core.kit.database import Base, Keyed
from services.core.ownership.rules import OwnerKind, PropertyKind, TitleAct, Verdict

PATH = String(255, collation="C")
NO = String(64, collation="C")
AREA = Numeric(14, 2)
OPEN = text("closed_at IS NULL")

# The strongest source decides (semantics.md *Votes*); what the weaker ones said stays beside it.
EFFECTIVE_AREA = "coalesce(area_by_register, area_by_survey, area_by_contract)"
EFFECTIVE_SOURCE = (
    "CASE WHEN area_by_register IS NOT NULL THEN 'register'::text WHEN area_by_survey IS NOT NULL THEN 'survey'::text "
    "WHEN area_by_contract IS NOT NULL THEN 'contract'::text ELSE NULL::text END"
)


def _one_of(column: str, words: type[StrEnum]) -> CheckConstraint:
    return CheckConstraint("{} IN ({})".format(column, ", ".join(f"'{word}'" for word in words)), name=column)


def _of_compound() -> ForeignKeyConstraint:
    return ForeignKeyConstraint(
        ["compound_id", "region_path"], ["compound.id", "compound.region_path"], onupdate="CASCADE"
    )


class Building(Keyed, Base):
    """A building of a compound. `no` as `rules.building_no` keeps it."""

    __tablename__ = "building"
    __table_args__ = (
        _of_compound(),
        Index("uq_building_open", "compound_id", "no", unique=True, postgresql_where=OPEN),
        Index("ix_building_compound_id", "compound_id", "id"),
    )

    compound_id: Mapped[UUID]
    region_path: Mapped[str] = mapped_column(PATH)
    no: Mapped[str] = mapped_column(NO)
    version: Mapped[int] = mapped_column(default=1, server_default="1")
    created_at: Mapped[datetime]
    closed_at: Mapped[datetime | None]


class Entrance(Keyed, Base):
    """An entrance (单元) of a building."""

    __tablename__ = "entrance"
    __table_args__ = (
        _of_compound(),
        UniqueConstraint("id", "building_id"),
        Index("uq_entrance_open", "building_id", "no", unique=True, postgresql_where=OPEN),
        Index("ix_entrance_compound_id", "compound_id", "id"),
    )

    compound_id: Mapped[UUID]
    region_path: Mapped[str] = mapped_column(PATH)
    building_id: Mapped[UUID] = mapped_column(ForeignKey("building.id"))
    no: Mapped[str] = mapped_column(NO)
    version: Mapped[int] = mapped_column(default=1, server_default="1")
    created_at: Mapped[datetime]
    closed_at: Mapped[datetime | None]


class Person(Keyed, Base):
    """An owner or tenant of one compound. Who owns in two compounds is entered in each.

    Name, phone and identity number are sealed (kit.crypto); what is searched for lies beside them as blind indexes, name and
    surname under the compound's own salt. `index_key`: the key that they were made with. A merged entry names the one that stands
    for it. `number_changed_by`: who last took an identity number away, or put another in its place. `synthetic`: made up for a
    demonstration.
    """

    __tablename__ = "person"
    __table_args__ = (
        _of_compound(),
        Index("ix_person_compound_id", "compound_id", "id"),
        Index("ix_person_surname", "compound_id", "surname_index", "phone_last4"),
        Index("ix_person_name", "compound_id", "name_index"),
        Index("ix_person_phone_index", "phone_index"),
        Index("ix_person_identity", "compound_id", "identity_index"),
        Index("ix_person_index_key", "index_key"),
        Index("ix_person_synthetic", "compound_id", postgresql_where=text("synthetic")),
        Index("ix_person_merged_into_id", "merged_into_id", postgresql_where=text("merged_into_id IS NOT NULL")),
        CheckConstraint("(phone_sealed IS NULL) = (phone_index IS NULL)", name="phone"),
        CheckConstraint("(phone_sealed IS NULL) = (phone_last4 IS NULL)", name="phone_last4"),
        CheckConstraint("(identity_sealed IS NULL) = (identity_index IS NULL)", name="identity"),
        CheckConstraint("merged_into_id <> id", name="merged_into_id"),
    )

    compound_id: Mapped[UUID]
    region_path: Mapped[str] = mapped_column(PATH)
    name_sealed: Mapped[bytes] = mapped_column(LargeBinary)
    phone_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    identity_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    name_index: Mapped[bytes] = mapped_column(LargeBinary)
    surname_index: Mapped[bytes] = mapped_column(LargeBinary)
    phone_index: Mapped[bytes | None] = mapped_column(LargeBinary)
    phone_last4: Mapped[str | None] = mapped_column(String(4, collation="C"))
    identity_index: Mapped[bytes | None] = mapped_column(LargeBinary)
    index_key: Mapped[str] = mapped_column(String(8, collation="C"))
    synthetic: Mapped[bool] = mapped_column(default=False, server_default="false")
    merged_into_id: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"))
    number_changed_by: Mapped[UUID | None]
    version: Mapped[int] = mapped_column(default=1, server_default="1")
    created_at: Mapped[datetime]


class PersonMatch(Keyed, Base):
    """What staff decided about two entries that may be one person: merged into one, or kept apart. `first_id` < `second_id`.

    Where a merge needs two of the staff, `keep_id` is the entry that is to stay while one of them has proposed it; `proposed_by`
    who that was, once it is done. The reason is sealed: it tells of people.
    """

    __tablename__ = "person_match"
    __table_args__ = (
        _of_compound(),
        _one_of("verdict", Verdict),
        UniqueConstraint("first_id", "second_id"),
        CheckConstraint("first_id < second_id", name="order"),
        CheckConstraint("(verdict = 'proposed') = (keep_id IS NOT NULL)", name="keep_id"),
        CheckConstraint("keep_id IN (first_id, second_id)", name="keep_one"),
        CheckConstraint("proposed_by <> decided_by", name="second_person"),
        Index("ix_person_match_second_id", "second_id"),
        Index("ix_person_match_compound_id", "compound_id", "id"),
    )

    compound_id: Mapped[UUID]
    region_path: Mapped[str] = mapped_column(PATH)
    first_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    second_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    verdict: Mapped[str] = mapped_column(String(10))
    keep_id: Mapped[UUID | None]
    proposed_by: Mapped[UUID | None]
    reason_sealed: Mapped[bytes] = mapped_column(LargeBinary)
    decided_by: Mapped[UUID | None]
    decided_at: Mapped[datetime]


class VotingOwner(Keyed, Base):
    """One head of a compound: a distinct set of co-owners, an organisation, or the unknown owner of one property.

    It never goes away: one without open properties has no vote. `set_key` tells sets apart (`rules.persons_key` and its like) and
    decides who makes it first. `title`: an organisation's; people have theirs in `person`.
    """

    __tablename__ = "voting_owner"
    __table_args__ = (
        _of_compound(),
        _one_of("kind", OwnerKind),
        UniqueConstraint("compound_id", "set_key"),
        CheckConstraint("(title IS NOT NULL) = (kind IN ('company', 'public', 'developer'))", name="title"),
        Index("ix_voting_owner_compound_id", "compound_id", "id"),
    )

    compound_id: Mapped[UUID]
    region_path: Mapped[str] = mapped_column(PATH)
    kind: Mapped[str] = mapped_column(String(10))
    title: Mapped[str | None] = mapped_column(String(200))
    set_key: Mapped[str] = mapped_column(String(64, collation="C"))
    version: Mapped[int] = mapped_column(default=1, server_default="1")
    created_at: Mapped[datetime]


class OwnerMember(Base):
    """A person of a set of co-owners."""

    __tablename__ = "owner_member"

    voting_owner_id: Mapped[UUID] = mapped_column(ForeignKey("voting_owner.id"), primary_key=True)
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"), primary_key=True, index=True)


class Property(Keyed, Base):
    """What is owned alone (专有部分): a dwelling, shop or garage. A closed one is no more, and has no vote.

    `exclusive_area` (专有部分面积, votes) is what the strongest source says; `registered_area` (产权面积) is for money.
    """

    __tablename__ = "property"
    __table_args__ = (
        _of_compound(),
        ForeignKeyConstraint(["entrance_id", "building_id"], ["entrance.id", "entrance.building_id"]),
        _one_of("kind", PropertyKind),
        CheckConstraint("entrance_id IS NULL OR building_id IS NOT NULL", name="entrance_id"),
        CheckConstraint(
            "area_by_register > 0 AND area_by_survey > 0 AND area_by_contract > 0 AND registered_area > 0", name="area"
        ),
        Index(
            "uq_property_open",
            "compound_id",
            "building_id",
            "entrance_id",
            "door_no",
            unique=True,
            postgresql_where=OPEN,
            postgresql_nulls_not_distinct=True,
        ),
        Index("ix_property_compound_id", "compound_id", "id"),
        Index("ix_property_building_id", "building_id"),
        Index("ix_property_entrance_id", "entrance_id"),
        Index("ix_property_voting_owner_id", "voting_owner_id"),
    )

    compound_id: Mapped[UUID]
    region_path: Mapped[str] = mapped_column(PATH)
    building_id: Mapped[UUID | None] = mapped_column(ForeignKey("building.id"))
    entrance_id: Mapped[UUID | None]
    door_no: Mapped[str] = mapped_column(NO)
    kind: Mapped[str] = mapped_column(String(10))
    area_by_register: Mapped[Decimal | None] = mapped_column(AREA)
    area_by_survey: Mapped[Decimal | None] = mapped_column(AREA)
    area_by_contract: Mapped[Decimal | None] = mapped_column(AREA)
    exclusive_area: Mapped[Decimal | None] = mapped_column(AREA, Computed(EFFECTIVE_AREA, persisted=True))
    exclusive_area_source: Mapped[str | None] = mapped_column(String(10), Computed(EFFECTIVE_SOURCE, persisted=True))
    registered_area: Mapped[Decimal | None] = mapped_column(AREA)
    voting_owner_id: Mapped[UUID] = mapped_column(ForeignKey("voting_owner.id"))
    version: Mapped[int] = mapped_column(default=1, server_default="1")
    created_at: Mapped[datetime]
    closed_at: Mapped[datetime | None]


class Tenancy(Keyed, Base):
    """Somebody lives in, or runs, what another owns."""

    __tablename__ = "tenancy"
    __table_args__ = (
        _of_compound(),
        CheckConstraint("until >= since", name="until"),
        Index("uq_tenancy_open", "property_id", "person_id", unique=True, postgresql_where=text("until IS NULL")),
        Index("ix_tenancy_property_id", "property_id", "id"),
        Index("ix_tenancy_person_id", "person_id"),
        Index("ix_tenancy_compound_id", "compound_id"),
    )

    compound_id: Mapped[UUID]
    region_path: Mapped[str] = mapped_column(PATH)
    property_id: Mapped[UUID] = mapped_column(ForeignKey("property.id"))
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    since: Mapped[date]
    until: Mapped[date | None]
    version: Mapped[int] = mapped_column(default=1, server_default="1")
    recorded_at: Mapped[datetime]


class TitleTransfer(Keyed, Base):
    """A property went from one head to another. `effective_on`: the day title changed hands; none for what mends the register."""

    __tablename__ = "title_transfer"
    __table_args__ = (
        _of_compound(),
        _one_of("act", TitleAct),
        CheckConstraint("(effective_on IS NOT NULL) = (act = 'transfer')", name="effective_on"),
        CheckConstraint("(document IS NULL) = (act IN ('merge', 'reshape'))", name="document"),
        Index("ix_title_transfer_property_id", "property_id", "id"),
        Index("ix_title_transfer_compound_id", "compound_id", "recorded_at"),
    )

    compound_id: Mapped[UUID]
    region_path: Mapped[str] = mapped_column(PATH)
    property_id: Mapped[UUID] = mapped_column(ForeignKey("property.id"))
    act: Mapped[str] = mapped_column(String(10))
    from_owner_id: Mapped[UUID] = mapped_column(ForeignKey("voting_owner.id"))
    to_owner_id: Mapped[UUID] = mapped_column(ForeignKey("voting_owner.id"))
    effective_on: Mapped[date | None]
    document: Mapped[str | None] = mapped_column(String(300))
    recorded_by: Mapped[UUID | None]
    recorded_at: Mapped[datetime]
