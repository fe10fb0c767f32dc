"""What routes of complaints answer, and how rows become it. What reporters wrote is shown with the numbers in it hidden."""

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any, TypeVar
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from services.api.clocks.schemas import ClockFace
from services.api.hotline.schemas import Code
from services.api.wire import PlaceOut
from services.core.hotline import rules, sealing
from services.core.hotline.intake import Taken
from services.core.hotline.rules import Act, By, Channel, Kind, RepeatBy, State
from services.core.hotline.service import Field as Revealed

if TYPE_CHECKING:
    from services.core.kit.vault import Vault


class TakenOut(BaseModel):
    """The complaint that stands. `code` opens it without an account: told to who made it. `repeated`: it stood before.

    `came_again`: the how many-th time since the matter was closed first.
    """

    id: UUID
    no: str
    code: str = Field(examples=["7K3M9-Q2XAB-CDEFG-HJ4T8"])
    state: State
    repeated: bool
    came_again: int


class CallTakenOut(TakenOut):
    """The same for who takes the call. `repeat_of_id`: the time before, as it was closed."""

    repeat_of_id: UUID | None


class NamedOut(BaseModel):
    """A code with its titles."""

    code: str
    title_zh: str
    title_en: str


class ComplaintItem(BaseModel):
    """A complaint in a list. `excerpt`: how it begins, numbers hidden. `came_again`: so often since it was closed first."""

    id: UUID
    no: str
    channel: Channel
    category: NamedOut
    kind: Kind
    hazard: bool
    anonymous: bool
    state: State
    compound_id: UUID | None
    compound_name: str | None
    project_id: UUID | None
    excerpt: str | None
    created_at: datetime
    first_promise_at: datetime | None
    answered_at: datetime | None
    came_again: int
    version: int


class ComplaintOut(ComplaintItem):
    """One complaint. `next`: what may be done now. Without the text once its reporter's data is gone.

    `repeat_of_id`: the time before, told by its reporter or its place (`repeat_by`); untied when who told it is forgotten.
    `visit_attempt_id`: the visit to a household at which it was found.
    """

    description: str | None
    address: str | None
    place: PlaceOut | None
    project_title: str | None
    plan_number: int | None
    plan_item: int | None
    organisation_id: UUID | None
    call_ref: str | None
    partner_ref: str | None
    partner_due_at: datetime | None
    policy_version_id: UUID | None
    merged_into_id: UUID | None
    parent_id: UUID | None
    repeat_of_id: UUID | None
    repeat_by: RepeatBy | None
    visit_attempt_id: UUID | None
    closed_at: datetime | None
    reopened: int
    files: list[UUID]
    synthetic: bool
    next: list[Act]


class ComplaintPage(BaseModel):
    """A page of complaints: by region, in each those that came first."""

    items: list[ComplaintItem]
    next_cursor: str | None
    has_more: bool


class ComplaintQuery(BaseModel):
    """Which complaints. `open`: somebody has to do something yet. `category`: with those below it. `mine`: that I took in.

    `desk_id`: that this desk has. `overdue`: the limit of the reply has passed and it is not answered.
    """

    model_config = ConfigDict(extra="forbid")
    region_id: UUID | None = None
    compound_id: UUID | None = None
    project_id: UUID | None = None
    state: State | None = None
    open: bool | None = None
    category: Code | None = None
    kind: Kind | None = None
    channel: Channel | None = None
    hazard: bool | None = None
    no: Annotated[str | None, Field(max_length=40)] = None
    mine: bool = False
    desk_id: UUID | None = None
    overdue: bool | None = None
    limit: Any = None
    cursor: Any = None


class EntryOut(BaseModel):
    """One line of a complaint's history; `public`: the reporter reads it."""

    id: UUID
    at: datetime
    act: Act
    state: State
    public: bool
    text: str | None
    actor_kind: str
    actor_id: UUID | None
    desk_id: UUID | None
    files: list[UUID]


class HistoryPage(BaseModel):
    """A page of a history, the oldest first."""

    items: list[EntryOut]
    next_cursor: str | None
    has_more: bool


class OwnEntryOut(BaseModel):
    """One line as the reporter reads it; `text`: what he was told, or said himself. With a code, `files` are public ones."""

    id: UUID
    at: datetime
    act: Act
    state: State
    text: str | None
    files: list[UUID]


class OwnComplaintItem(BaseModel):
    """A complaint of the caller's own in a list."""

    id: UUID
    no: str
    code: str
    category: NamedOut
    kind: Kind
    state: State
    compound_name: str | None
    excerpt: str | None
    created_at: datetime
    first_promise_at: datetime | None
    version: int


class OwnComplaintPage(BaseModel):
    """A page of one's own complaints, the latest first."""

    items: list[OwnComplaintItem]
    next_cursor: str | None
    has_more: bool


class OwnComplaintOut(OwnComplaintItem):
    """One of the caller's own: his words whole, the latest lines of its history, the newest first. `next`: what he may do."""

    description: str | None
    answered_at: datetime | None
    closed_at: datetime | None
    files: list[UUID]
    clocks: list[ClockFace]
    history: list[OwnEntryOut]
    next: list[Act]


class PublicComplaintOut(BaseModel):
    """What a code shows: how far it is and what was told; nothing of who said it, nor his words."""

    no: str
    category: NamedOut
    kind: Kind
    state: State
    created_at: datetime
    first_promise_at: datetime | None
    answered_at: datetime | None
    closed_at: datetime | None
    clocks: list[ClockFace]
    history: list[OwnEntryOut]
    next: list[Act]


class RevealedOut(BaseModel):
    """Particulars in the clear."""

    complaint_id: UUID
    fields: dict[Revealed, str | None]


class CategoryOut(BaseModel):
    """A category."""

    code: str
    parent: str | None
    title_zh: str
    title_en: str
    kind: Kind
    hazard: bool
    anonymous: bool
    retired: bool
    version: int


class CategoriesOut(BaseModel):
    """Categories in the order in which they are offered."""

    items: list[CategoryOut]


class PreviewOut(BaseModel):
    """What would be sent, and the gaps that are open yet."""

    text: str
    missing: list[str]


class TemplateOut(BaseModel):
    """A template of replies."""

    id: UUID
    region_id: UUID
    category: str | None
    title: str
    body: str
    retired: bool
    version: int


class TemplatePage(BaseModel):
    """A page of templates, the oldest first."""

    items: list[TemplateOut]
    next_cursor: str | None
    has_more: bool


class TemplateQuery(BaseModel):
    """Which templates: those for a category, and those for all."""

    model_config = ConfigDict(extra="forbid")
    category: Code | None = None
    limit: Any = None
    cursor: Any = None


class TransitionOut(BaseModel):
    """`act` leads from any of `from_states` to `to`; without one the state stays."""

    act: Act
    by: list[By]
    from_states: list[State]
    to: State | None
    text_needed: bool


class TransitionsOut(BaseModel):
    """Everything that can happen to a complaint, with titles in both languages."""

    states: dict[State, dict[str, str]]
    acts: dict[Act, dict[str, str]]
    transitions: list[TransitionOut]


def taken(one: Taken) -> TakenOut:
    """What was taken in, as who said it is told."""
    return TakenOut(
        id=one.id,
        no=one.no,
        code=rules.printed(one.code),
        state=one.state,
        repeated=one.repeated,
        came_again=one.came_again,
    )


def _named(row: Mapping[str, Any]) -> NamedOut:
    return NamedOut(code=row["category"], title_zh=row["category_zh"], title_en=row["category_en"])


def _words(vault: "Vault", column: str, row: Mapping[str, Any]) -> str | None:
    return sealing.opened(vault, sealing.COMPLAINT, column, row["id"], row)


def _excerpt(vault: "Vault", row: Mapping[str, Any]) -> str | None:
    words = _words(vault, sealing.DESCRIPTION, row)
    return None if words is None else rules.excerpt(words)


def item(vault: "Vault", row: Mapping[str, Any]) -> ComplaintItem:
    """A row of the list."""
    same = {name: row[name] for name in ComplaintItem.model_fields if name not in {"category", "excerpt"}}
    return ComplaintItem(category=_named(row), excerpt=_excerpt(vault, row), **same)


def complaint(vault: "Vault", row: Mapping[str, Any]) -> ComplaintOut:
    """A whole row, numbers in what was written hidden."""
    made = {"category", "excerpt", "description", "address", "place", "next"}
    words, address = _words(vault, sealing.DESCRIPTION, row), _words(vault, sealing.ADDRESS, row)
    return ComplaintOut(
        category=_named(row),
        excerpt=_excerpt(vault, row),
        description=None if words is None else rules.without_numbers(words),
        address=None if address is None else rules.without_numbers(address),
        place=None if row["lat"] is None else PlaceOut(lat=row["lat"], lon=row["lon"], crs=row["crs"]),
        next=rules.allowed(State(row["state"]), By.STAFF),
        **{name: row[name] for name in ComplaintOut.model_fields if name not in made},
    )


def entry(vault: "Vault", row: Mapping[str, Any]) -> EntryOut:
    """A line of the history for staff; a reporter's words with their numbers hidden."""
    said = sealing.opened(vault, sealing.ENTRY, sealing.TEXT, row["id"], row)
    text = row["text"] if said is None else rules.without_numbers(said)
    return EntryOut(text=text, **{name: row[name] for name in EntryOut.model_fields if name != "text"})


def own_entry(vault: "Vault", row: Mapping[str, Any]) -> OwnEntryOut:
    """A line for the reporter."""
    said = sealing.opened(vault, sealing.ENTRY, sealing.TEXT, row["id"], row)
    same = {name: row[name] for name in OwnEntryOut.model_fields if name != "text"}
    return OwnEntryOut(text=row["text"] if said is None else said, **same)


def own_item(vault: "Vault", row: Mapping[str, Any]) -> OwnComplaintItem:
    """One's own in a list."""
    made = {"category", "excerpt", "code"}
    same = {name: row[name] for name in OwnComplaintItem.model_fields if name not in made}
    return OwnComplaintItem(category=_named(row), excerpt=_excerpt(vault, row), code=rules.printed(row["code"]), **same)


PAGE_BYTES = 32 * 1024
"""What a page of the mini-program may hold."""
Followed = TypeVar("Followed", OwnComplaintOut, PublicComplaintOut)


def fitting(out: Followed) -> Followed:
    """With as many lines of its history, the latest first, as a page holds."""
    left = PAGE_BYTES - len(out.model_copy(update={"history": []}).model_dump_json().encode())
    for index, line in enumerate(out.history):
        left -= len(line.model_dump_json().encode()) + 1
        if left < 0:
            return out.model_copy(update={"history": out.history[:index]})
    return out


def own_complaint(
    vault: "Vault", row: Mapping[str, Any], history: list[Any], clocks: list[ClockFace]
) -> OwnComplaintOut:
    """One's own, whole."""
    return fitting(
        OwnComplaintOut(
            **dict(own_item(vault, row)),
            description=_words(vault, sealing.DESCRIPTION, row),
            answered_at=row["answered_at"],
            closed_at=row["closed_at"],
            files=row["files"],
            clocks=clocks,
            history=[own_entry(vault, line) for line in history],
            next=rules.allowed(State(row["state"]), By.REPORTER),
        )
    )


def public_complaint(
    vault: "Vault", row: Mapping[str, Any], history: list[Any], clocks: list[ClockFace]
) -> PublicComplaintOut:
    """What a code shows."""
    made = {"category", "clocks", "history", "next"}
    return fitting(
        PublicComplaintOut(
            category=_named(row),
            clocks=clocks,
            history=[own_entry(vault, line) for line in history],
            next=rules.allowed(State(row["state"]), By.REPORTER),
            **{name: row[name] for name in PublicComplaintOut.model_fields if name not in made},
        )
    )
