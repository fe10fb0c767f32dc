"""Tables of surveys: the survey, its questionnaires by version, whom it asks, what each of them said, what was published."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, ForeignKeyConstraint, Index, LargeBinary, String, Text, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from services.core.kit.database import Base, Keyed
from services.core.surveys.rules import Channel, Purpose, ResponseState, SurveyStatus, Unit


def _one_of(column: str, values: type[Purpose | SurveyStatus | Unit | Channel | ResponseState]) -> CheckConstraint:
    return CheckConstraint("{} IN ({})".format(column, ", ".join(f"'{value}'" for value in values)), name=column)


class Survey(Keyed, Base):
    """A survey of a project's compounds, of one compound, or of buildings or entrances of these.

    It lies where its compound lies, and moves along; a survey of a whole project lies where the project does.
    `questionnaire`: the number of the version that is answered now. `decisive`: the question whose answers the survey's fact
    counts. `target`: the share of all that should answer, as text. `closes_itself`: the worker closes it after its last day.
    `quotas_stop`: a building whose quota is reached takes nobody new. `compound_ids` and `units` are frozen when it opens: the
    compounds whose households (or people) are asked, and how many these are.
    """

    __tablename__ = "survey"
    __table_args__ = (
        _one_of("purpose", Purpose),
        _one_of("status", SurveyStatus),
        _one_of("unit", Unit),
        CheckConstraint("project_id IS NOT NULL OR compound_id IS NOT NULL", name="subject"),
        CheckConstraint("closes_on IS NOT NULL OR NOT closes_itself", name="closes_itself"),
        ForeignKeyConstraint(
            ["compound_id", "region_path"], ["compound.id", "compound.region_path"], onupdate="CASCADE"
        ),
        Index("ix_survey_region_path", "region_path", "id"),
        Index("ix_survey_project_id", "project_id", "id"),
        Index("ix_survey_compound_id", "compound_id", "id"),
    )

    region_path: Mapped[str] = mapped_column(String(255, collation="C"))
    project_id: Mapped[UUID | None] = mapped_column(ForeignKey("project.id"))
    compound_id: Mapped[UUID | None]
    building_ids: Mapped[list[Any]]
    entrance_ids: Mapped[list[Any]]
    purpose: Mapped[str] = mapped_column(String(20))
    title: Mapped[str] = mapped_column(String(200))
    unit: Mapped[str] = mapped_column(String(10))
    tenants: Mapped[bool]
    closes_on: Mapped[date | None]
    closes_itself: Mapped[bool] = mapped_column(default=False, server_default="false")
    quotas_stop: Mapped[bool] = mapped_column(default=False, server_default="false")
    target: Mapped[str | None] = mapped_column(String(40))
    decisive: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    status: Mapped[str] = mapped_column(String(10), default=SurveyStatus.DRAFT)
    questionnaire: Mapped[int] = mapped_column(default=1)
    compound_ids: Mapped[list[Any] | None] = mapped_column(JSONB(none_as_null=True))
    units: Mapped[int | None]
    version: Mapped[int] = mapped_column(default=1)
    made_by: Mapped[UUID | None]
    made_at: Mapped[datetime]
    opened_by: Mapped[UUID | None]
    opened_at: Mapped[datetime | None]
    closed_by: Mapped[UUID | None]
    closed_at: Mapped[datetime | None]


class SurveyQuestionnaire(Base):
    """One version of a survey's questions. While the survey is a draft its only version is edited; after that none ever changes."""

    __tablename__ = "survey_questionnaire"

    survey_id: Mapped[UUID] = mapped_column(ForeignKey("survey.id"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    questions: Mapped[list[Any]]
    made_by: Mapped[UUID | None]
    made_at: Mapped[datetime]


class SurveyQuota(Base):
    """How many answers a survey wants of a building."""

    __tablename__ = "survey_quota"
    __table_args__ = (CheckConstraint("target > 0", name="target"),)

    survey_id: Mapped[UUID] = mapped_column(ForeignKey("survey.id"), primary_key=True)
    building_id: Mapped[UUID] = mapped_column(ForeignKey("building.id"), primary_key=True)
    target: Mapped[int]


class SurveyExtension(Keyed, Base):
    """The last day of an open survey was put off, with a reason."""

    __tablename__ = "survey_extension"
    __table_args__ = (Index("ix_survey_extension_survey_id", "survey_id", "id"),)

    survey_id: Mapped[UUID] = mapped_column(ForeignKey("survey.id"))
    closed_on: Mapped[date]
    closes_on: Mapped[date]
    reason: Mapped[str] = mapped_column(Text)
    extended_by: Mapped[UUID | None]
    extended_at: Mapped[datetime]


class SurveyUnit(Base):
    """One of those that a survey asks, frozen when it opened: a household (`unit_id` is its property) or a person.

    `property_id`: the door at which a person is found; of several the first. `unit_id` is no foreign key: a person may be merged
    with another or erased, and was asked all the same.
    """

    __tablename__ = "survey_unit"
    __table_args__ = (Index("ix_survey_unit_unit_id", "unit_id"), Index("ix_survey_unit_property_id", "property_id"))

    survey_id: Mapped[UUID] = mapped_column(ForeignKey("survey.id"), primary_key=True)
    unit_id: Mapped[UUID] = mapped_column(primary_key=True)
    property_id: Mapped[UUID] = mapped_column(ForeignKey("property.id"))


class SurveyResponse(Keyed, Base):
    """What somebody answered. Rows stay: an edited answer is superseded, a wrong one is void. `standing`: what the resident who
    gave it is to the household (owner, family, tenant); null when staff entered it.
    """

    __tablename__ = "survey_response"
    __table_args__ = (
        ForeignKeyConstraint(["survey_id", "unit_id"], ["survey_unit.survey_id", "survey_unit.unit_id"]),
        ForeignKeyConstraint(
            ["survey_id", "questionnaire"], ["survey_questionnaire.survey_id", "survey_questionnaire.number"]
        ),
        _one_of("channel", Channel),
        _one_of("state", ResponseState),
        CheckConstraint("entered_by <> confirmed_by", name="second_person"),
        CheckConstraint("channel = 'phone' OR state <> 'counted' OR confirmed_by IS NOT NULL", name="confirmed"),
        Index(
            "uq_survey_response_counted",
            "survey_id",
            "unit_id",
            unique=True,
            postgresql_where=text("state = 'counted'"),
        ),
        Index(
            "uq_survey_response_pending",
            "survey_id",
            "unit_id",
            unique=True,
            postgresql_where=text("state = 'pending'"),
        ),
        Index("ix_survey_response_survey_id", "survey_id", "id"),
    )

    survey_id: Mapped[UUID]
    unit_id: Mapped[UUID]
    questionnaire: Mapped[int]
    answers: Mapped[dict[str, Any]]
    channel: Mapped[str] = mapped_column(String(10))
    state: Mapped[str] = mapped_column(String(10))
    standing: Mapped[str | None] = mapped_column(String(10))
    document: Mapped[str | None] = mapped_column(String(300))
    entered_by: Mapped[UUID | None]
    entered_at: Mapped[datetime]
    confirmed_by: Mapped[UUID | None]
    confirmed_at: Mapped[datetime | None]
    ended_by: Mapped[UUID | None]
    ended_at: Mapped[datetime | None]
    end_reason: Mapped[str | None] = mapped_column(Text)


class SurveyPublication(Base):
    """What everybody reads of a survey's results: made once, as bytes."""

    __tablename__ = "survey_publication"

    survey_id: Mapped[UUID] = mapped_column(ForeignKey("survey.id"), primary_key=True)
    content: Mapped[bytes] = mapped_column(LargeBinary)
    etag: Mapped[str] = mapped_column(String(66))
    published_by: Mapped[UUID | None]
    published_at: Mapped[datetime]
