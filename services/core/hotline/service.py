"""Use cases of staff around a complaint: what it is about put right, whom to call revealed; what complaints are about, as data."""

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING
from uuid import UUID, uuid5

from services.core.hotline import duty, publishing, queries, sealing, steps
from services.core.hotline.duty import Reach
from services.core.hotline.errors import CategoryExists, CategoryUnknown, ComplaintInputInvalid
from services.core.hotline.events import CategoryChanged, ComplaintCorrected
from services.core.hotline.rules import Act, Kind
from services.core.kit.errors import NotFound, VersionStale
from services.core.kit.uow import UnitOfWork
from services.core.projects import queries as projects

if TYPE_CHECKING:
    from collections.abc import Sequence

CORRECT = """
UPDATE complaint SET category = $2, kind = $3, hazard = $4, project_id = $5, plan_number = $6, plan_item = $7, organisation_id = $8
WHERE id = $1
"""
BUMP = "UPDATE complaint SET version = version + 1 WHERE id = $1"
CATEGORY = "SELECT 1 FROM complaint_category WHERE code = $1 AND (NOT retired OR code = $2)"
ITEMS = """
SELECT number, jsonb_array_length(items) AS items FROM plan_version
WHERE project_id = $1 AND ($2::int IS NULL OR number = $2) ORDER BY number DESC LIMIT 1
"""
# One of the place or of a region above it.
ORGANISATION = "SELECT 1 FROM organisation WHERE id = $1 AND closed_at IS NULL AND starts_with($2, region_path)"
ADD_CATEGORY = """
INSERT INTO complaint_category (code, parent, title_zh, title_en, kind, hazard, anonymous, position)
VALUES ($1, $2, $3, $4, $5, $6, $7, (SELECT max(position) + 1 FROM complaint_category)) ON CONFLICT (code) DO NOTHING RETURNING code
"""
LOCK_CATEGORY = "SELECT parent, version FROM complaint_category WHERE code = $1 FOR UPDATE"
CHANGE_CATEGORY = """
UPDATE complaint_category SET title_zh = $2, title_en = $3, kind = $4, hazard = $5, anonymous = $6, retired = $7,
                              version = version + 1
WHERE code = $1
"""
WIDER = "SELECT parent FROM complaint_category WHERE code = $1 AND NOT retired"
CATEGORY_NAMES = UUID("0a1d5b0c-6f0e-5f0e-9c35-2f3b6a0f7d11")
EVERYWHERE = ""
"""The path of what belongs to no region."""


class Purpose(StrEnum):
    """What a reporter's particulars are revealed for (个人信息保护法 第六条)."""

    CONTACT = "contact"
    VISIT = "visit"
    CALL_BACK = "call_back"
    LEGAL_DUTY = "legal_duty"


class Field(StrEnum):
    """What may be revealed, each by itself. The text and the address whole, numbers in them included."""

    NAME = "name"
    PHONE = "phone"
    ADDRESS = "address"
    DESCRIPTION = "description"


@dataclass(frozen=True, slots=True)
class About:
    """What a complaint is about. `plan_item`: the line of the project's plan version `plan_number`, counted from 1."""

    category: str
    kind: Kind
    hazard: bool
    project_id: UUID | None = None
    plan_number: int | None = None
    plan_item: int | None = None
    organisation_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Category:
    """What a category says."""

    title_zh: str
    title_en: str
    kind: Kind
    hazard: bool
    anonymous: bool


async def correct(uow: UnitOfWork, *, reach: Reach, complaint_id: UUID, version: int, about: About) -> None:
    """What it is about is put right; its clocks run on as they began (the first promise stands).

    NotFound, VersionStale, NotOnDuty, ActNotAllowed; CategoryUnknown; ComplaintInputInvalid for a line that the plan has not, and
    for an organisation that is none of the place.
    """
    held = await steps.locked(uow, scope=reach.handles, complaint_id=complaint_id, version=version)
    desk_id = await duty.concerned(uow, held, reach)
    if await uow.driver.fetchval(CATEGORY, about.category, held["category"]) is None:
        raise CategoryUnknown.at("/category", zh="没有这一类别", en="is no category")
    if about.project_id is not None:
        await projects.place(uow.driver, scope=reach.handles, project_id=about.project_id)
    if about.plan_item is not None:
        plan = await uow.driver.fetchrow(ITEMS, about.project_id, about.plan_number)
        if plan is None or about.plan_item > plan["items"]:
            raise ComplaintInputInvalid.at("/plan_item", zh="方案中没有这一项", en="is no line of this plan")
    named = about.organisation_id
    known = named in {None, held["organisation_id"]}
    if not known and await uow.driver.fetchval(ORGANISATION, named, held["region_path"]) is None:
        raise ComplaintInputInvalid.at("/organisation_id", zh="不是本地的单位", en="is no organisation of this place")
    await steps.step(uow, held, Act.CORRECT, desk_id=desk_id)
    await uow.driver.execute(
        CORRECT,
        complaint_id,
        about.category,
        about.kind,
        about.hazard,
        about.project_id,
        about.plan_number,
        about.plan_item,
        about.organisation_id,
    )
    await publishing.follow(uow, complaint_id=complaint_id, project_id=about.project_id)
    await uow.driver.execute(BUMP, complaint_id)
    uow.record(
        ComplaintCorrected(version=version + 1, key=about.category),
        subject="complaint",
        subject_id=complaint_id,
        region_path=held["region_path"],
    )


async def reveal(
    uow: UnitOfWork, *, reach: Reach, complaint_id: UUID, purpose: Purpose, fields: "Sequence[Field]"
) -> dict[str, str | None]:
    """The named particulars in the clear; each reading is audited, with which and what for. NotFound.

    To those whose case it is, and, to call him back, to those who do that; NotOnDuty for others.
    Who asked not to be told (an anonymous complaint) has neither name nor phone here.
    """
    row = await uow.driver.fetchrow(queries.REPORTER, complaint_id, reach.handles.lows, reach.handles.highs)
    if row is None:
        raise NotFound
    if purpose is not Purpose.CALL_BACK or not await duty.calls_back(uow, row, reach):
        await duty.concerned(uow, row, reach)
    asked = sorted(set(fields))
    uow.audit(
        "complaint.revealed",
        target="complaint",
        target_id=complaint_id,
        region_path=row["region_path"],
        details={"purpose": purpose, "fields": asked},
    )
    told: dict[str, str | None] = {}
    for field in asked:
        own = field in {Field.NAME, Field.PHONE}
        table = sealing.REPORTER if own else sealing.COMPLAINT
        told[field] = None if own and row["anonymous"] else sealing.opened(uow.vault, table, field, complaint_id, row)
    return told


async def add_category(uow: UnitOfWork, *, code: str, parent: str | None, category: Category) -> None:
    """A category more; `parent`: the wider one, which is nobody's child itself. CategoryExists, CategoryUnknown."""
    if parent is not None:
        wider = await uow.driver.fetchrow(WIDER, parent)
        if wider is None or wider["parent"] is not None:
            raise CategoryUnknown.at("/parent", zh="不是一级类别", en="is no category of the first level")
    values = (category.title_zh, category.title_en, category.kind, category.hazard, category.anonymous)
    if await uow.driver.fetchval(ADD_CATEGORY, code, parent, *values) is None:
        raise CategoryExists
    _tell_category(uow, code, 1, retired=False)


async def change_category(uow: UnitOfWork, *, code: str, version: int, category: Category, retired: bool) -> None:
    """Rewords a category, or retires it: complaints keep it, new ones cannot have it. NotFound, VersionStale."""
    held = await uow.driver.fetchrow(LOCK_CATEGORY, code)
    if held is None:
        raise NotFound
    if held["version"] != version:
        raise VersionStale
    values = (category.title_zh, category.title_en, category.kind, category.hazard, category.anonymous)
    await uow.driver.execute(CHANGE_CATEGORY, code, *values, retired)
    _tell_category(uow, code, version + 1, retired=retired)


def _tell_category(uow: UnitOfWork, code: str, version: int, *, retired: bool) -> None:
    told = CategoryChanged(key=code, version=version, retired=retired)
    uow.record(told, subject="complaint_category", subject_id=subject_of(code), region_path=EVERYWHERE)


def subject_of(code: str) -> UUID:
    """An id for what is told of a category: it is named by its code, events by ids."""
    return uuid5(CATEGORY_NAMES, code)
