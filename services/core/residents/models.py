"""What binds residents to properties: bindings, the codes and requests that lead to one; consents."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    String,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from services.core.kit.database import Base, Keyed
from services.core.residents.rules import Answer, Assurance, Kind, State, Topic

WORD = String(20)


def _one_of(column: str, words: type[StrEnum]) -> CheckConstraint:
    return CheckConstraint("{} IN ({})".format(column, ", ".join(f"'{word}'" for word in words)), name=column)


class Binding(Keyed, Base):
    """A resident stands for a property: as its owner, its tenant, or one of their family. Ended, never deleted.

    It carries no region: where the property lies is the register's matter, which may move it with its compound.

    An owner's or tenant's names his person in the register, and holds while the register says the same of that person: a transfer
    of title ends it without touching it. Family names the binding that invited it, and holds while that one does. Whether a binding
    holds is asked of `queries.LIVE`, never of `ended_at` alone.
    """

    __tablename__ = "binding"
    __table_args__ = (
        _one_of("kind", Kind),
        _one_of("assurance", Assurance),
        CheckConstraint("(kind = 'family') = (person_id IS NULL)", name="person_unless_family"),
        CheckConstraint("(kind = 'family') = (invited_by IS NOT NULL)", name="invited_when_family"),
        Index(
            "uq_binding_live",
            "resident_id",
            "property_id",
            "kind",
            unique=True,
            postgresql_where=text("ended_at IS NULL"),
        ),
    )

    resident_id: Mapped[UUID] = mapped_column(ForeignKey("resident.id"))
    property_id: Mapped[UUID] = mapped_column(ForeignKey("property.id"), index=True)
    person_id: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"), index=True)
    invited_by: Mapped[UUID | None] = mapped_column(ForeignKey("binding.id"), index=True)
    kind: Mapped[str] = mapped_column(String(10))
    assurance: Mapped[str] = mapped_column(String(10))
    since: Mapped[datetime]
    ended_at: Mapped[datetime | None]


class BindingCode(Keyed, Base):
    """A code on paper for somebody of the register, or an invitation to one's family. Used once.

    The code itself is nowhere: its first half finds the row, an HMAC of the whole under the installation's key, salted with the
    row's id, proves it. Who reads the table can neither use a code nor try guesses.
    """

    __tablename__ = "binding_code"
    __table_args__ = (
        _one_of("kind", Kind),
        CheckConstraint("(kind = 'family') = (person_id IS NULL)", name="person_unless_family"),
        CheckConstraint("(kind = 'family') = (invited_by IS NOT NULL)", name="invited_when_family"),
        Index(
            "uq_binding_code_printed",
            "property_id",
            "person_id",
            "kind",
            unique=True,
            postgresql_where=text("used_at IS NULL AND voided_at IS NULL AND invited_by IS NULL"),
        ),
        Index(
            "uq_binding_code_invitation",
            "invited_by",
            unique=True,
            postgresql_where=text("used_at IS NULL AND voided_at IS NULL AND invited_by IS NOT NULL"),
        ),
    )

    locator: Mapped[str] = mapped_column(String(8, collation="C"), index=True)
    digest: Mapped[bytes] = mapped_column(LargeBinary)
    property_id: Mapped[UUID] = mapped_column(ForeignKey("property.id"))
    person_id: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"), index=True)
    invited_by: Mapped[UUID | None] = mapped_column(ForeignKey("binding.id"))
    kind: Mapped[str] = mapped_column(WORD)
    issued_by: Mapped[UUID]
    issued_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    failures: Mapped[int] = mapped_column(Integer, default=0, server_default="0")
    used_at: Mapped[datetime | None]
    voided_at: Mapped[datetime | None]


class BindingRequest(Keyed, Base):
    """A resident asks the community to bind him to a door. The name that he gives and the reason of a refusal are sealed."""

    __tablename__ = "binding_request"
    __table_args__ = (
        ForeignKeyConstraint(
            ["compound_id", "region_path"], ["compound.id", "compound.region_path"], onupdate="CASCADE"
        ),
        _one_of("state", State),
        CheckConstraint("(state = 'open') = (decided_at IS NULL)", name="decided_at"),
        CheckConstraint("state = 'refused' OR reason_sealed IS NULL", name="reason"),
        Index(
            "uq_binding_request_open",
            "resident_id",
            "compound_id",
            "building",
            "door",
            unique=True,
            postgresql_where=text("state = 'open'"),
        ),
        Index("ix_binding_request_compound_id", "compound_id", "id"),
    )

    resident_id: Mapped[UUID] = mapped_column(ForeignKey("resident.id"))
    compound_id: Mapped[UUID]
    region_path: Mapped[str] = mapped_column(String(255, collation="C"))
    building: Mapped[str] = mapped_column(String(64))
    door: Mapped[str] = mapped_column(String(64))
    name_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    state: Mapped[str] = mapped_column(WORD)
    reason_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    binding_id: Mapped[UUID | None] = mapped_column(ForeignKey("binding.id"))
    created_at: Mapped[datetime]
    decided_by: Mapped[UUID | None]
    decided_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column(default=1, server_default="1")


class ConsentText(Keyed, Base):
    """What residents are asked to agree to. Never changed: another wording is another version, and is asked anew."""

    __tablename__ = "consent_text"
    __table_args__ = (_one_of("topic", Topic), UniqueConstraint("topic", "number"))

    topic: Mapped[str] = mapped_column(WORD)
    number: Mapped[int]
    title_zh: Mapped[str] = mapped_column(String(200))
    title_en: Mapped[str] = mapped_column(String(200))
    body_zh: Mapped[str] = mapped_column(Text)
    body_en: Mapped[str] = mapped_column(Text)
    published_by: Mapped[UUID | None]
    published_at: Mapped[datetime]


class ConsentAnswer(Keyed, Base):
    """What a resident answered to a version of a text, and when. Append-only: the newest of a topic holds."""

    __tablename__ = "consent_answer"
    __table_args__ = (_one_of("answer", Answer), Index("ix_consent_answer_resident_id", "resident_id", "id"))

    resident_id: Mapped[UUID] = mapped_column(ForeignKey("resident.id"))
    text_id: Mapped[UUID] = mapped_column(ForeignKey("consent_text.id"))
    answer: Mapped[str] = mapped_column(WORD)
    at: Mapped[datetime]
