"""What routes of organisations, desks and routing rules take and answer."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import AfterValidator, AwareDatetime, BaseModel, Field

from services.api.wire import In, Line, Name
from services.core.desks.rules import DeskRole, OrganisationKind, Unmet, duty_number
from services.core.hotline.rules import Channel

CreditCode = Annotated[str, Field(min_length=18, max_length=30, examples=["91110000600037341L"])]
Word = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_.-]{0,63}$", examples=["leak"])]
Hour = Annotated[str, Field(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$", examples=["08:30"])]
Weekday = Annotated[int, Field(strict=True, ge=1, le=7)]


DutyPhone = Annotated[str, Field(min_length=5, max_length=30, examples=["0574-12345678"]), AfterValidator(duty_number)]


class OrganisationIn(In):
    """A new organisation of a region. `uscc`: its unified social credit code; departments without one leave it out."""

    region_id: UUID
    name: Line
    uscc: CreditCode | None = None
    kind: OrganisationKind


class OrganisationChangeIn(In):
    """What of an organisation may be edited."""

    name: Line
    uscc: CreditCode | None
    kind: OrganisationKind


class OrganisationOut(BaseModel):
    """An organisation."""

    id: UUID
    region_id: UUID
    region_name: str
    name: str
    uscc: str | None
    kind: OrganisationKind
    made_at: datetime
    closed_at: datetime | None
    version: int


class OrganisationPage(BaseModel):
    """A page of organisations, by region."""

    items: list[OrganisationOut]
    next_cursor: str | None
    has_more: bool


class OrganisationQuery(In):
    """Which organisations a list shows."""

    kind: OrganisationKind | None = None
    uscc: Annotated[str, Field(max_length=18)] | None = None
    closed: bool | None = None
    limit: Any = None
    cursor: Any = None


class DeskIn(In):
    """A new desk for a region's subtree; without an organisation the region's own. `phone`: the desk's, for the public."""

    region_id: UUID
    organisation_id: UUID | None = None
    title: Name
    phone: DutyPhone | None = None
    role: DeskRole = DeskRole.HANDLING


class DeskChangeIn(In):
    """What of a desk may be edited."""

    organisation_id: UUID | None
    title: Name
    phone: DutyPhone | None = None


class DeskOut(BaseModel):
    """A desk. `on_duty`: how many who can sign in are on duty there."""

    id: UUID
    region_id: UUID
    region_name: str
    organisation_id: UUID | None
    organisation_name: str | None
    title: str
    phone: str | None
    role: DeskRole
    on_duty: int
    made_at: datetime
    closed_at: datetime | None
    version: int


class DeskPage(BaseModel):
    """A page of desks, by region."""

    items: list[DeskOut]
    next_cursor: str | None
    has_more: bool


class DeskQuery(In):
    """Which desks a list shows. `unmanned=true`: nobody is on duty there. `mine=true`: the caller is."""

    role: DeskRole | None = None
    organisation_id: UUID | None = None
    closed: bool | None = None
    unmanned: bool | None = None
    mine: bool = False
    limit: Any = None
    cursor: Any = None


class MemberIn(In):
    """Who goes on duty."""

    staff_id: UUID


class LeaveIn(In):
    """Who takes over; may be left out while others stay on duty."""

    successor_id: UUID | None = None


class MemberOut(BaseModel):
    """Somebody on duty at a desk, or once on duty there."""

    id: UUID
    desk_id: UUID
    staff_id: UUID
    display_name: str
    since: datetime
    until: datetime | None


class MemberPage(BaseModel):
    """A page of who is or was on duty, the earliest first."""

    items: list[MemberOut]
    next_cursor: str | None
    has_more: bool


class MemberQuery(In):
    """`live=true`: who is on duty now; `live=false`: who was."""

    live: bool | None = None
    limit: Any = None
    cursor: Any = None


class ConditionsIn(In):
    """All that is given must hold, of several values one is enough. Categories and regions hold for what lies below them.

    `since` and `until` are hours of the day in Asia/Shanghai, `until` excluded; a span may reach over midnight.
    """

    categories: Annotated[list[Word], Field(min_length=1, max_length=200)] | None = None
    region_ids: Annotated[list[UUID], Field(min_length=1, max_length=200)] | None = None
    project_ids: Annotated[list[UUID], Field(min_length=1, max_length=200)] | None = None
    organisation_ids: Annotated[list[UUID], Field(min_length=1, max_length=200)] | None = None
    channels: Annotated[list[Channel], Field(min_length=1, max_length=20)] | None = None
    weekdays: Annotated[list[Weekday], Field(min_length=1, max_length=7)] | None = None
    working_day: bool | None = None
    since: Hour | None = None
    until: Hour | None = None


class RuleChangeIn(In):
    """What a version of a rule says. Without `valid_from` it holds at once, without `valid_until` until it is changed or ended.

    `position`: the order in which rules of one region are tried. `desk_id` leads (主办), `co_desk_ids` take part (协办).
    """

    title: Name
    position: Annotated[int, Field(ge=0, le=1_000_000)] = 0
    conditions: Annotated[ConditionsIn, Field(default_factory=ConditionsIn)]
    desk_id: UUID
    co_desk_ids: Annotated[list[UUID], Field(default_factory=list, max_length=10)]
    valid_from: AwareDatetime | None = None
    valid_until: AwareDatetime | None = None


class RuleIn(RuleChangeIn):
    """A new rule of a region. A default has no conditions; each region has at most one, tried after every other rule."""

    region_id: UUID
    is_default: bool = False


class ConditionsOut(BaseModel):
    """The conditions of a rule; what is null asks nothing."""

    categories: list[str] | None
    region_ids: list[UUID] | None
    project_ids: list[UUID] | None
    organisation_ids: list[UUID] | None
    channels: list[str] | None
    weekdays: list[int] | None
    working_day: bool | None
    since: str | None
    until: str | None


class RuleVersionOut(BaseModel):
    """What a rule says or said, and when."""

    number: int
    title: str
    position: int
    conditions: ConditionsOut
    desk_id: UUID
    desk_title: str
    co_desk_ids: list[UUID]
    valid_from: datetime
    valid_until: datetime | None


class RuleOut(RuleVersionOut):
    """A rule with its newest version."""

    id: UUID
    region_id: UUID
    region_name: str
    is_default: bool
    version: int


class RulePage(BaseModel):
    """A page of rules by region, each region's in the order in which they are tried."""

    items: list[RuleOut]
    next_cursor: str | None
    has_more: bool


class RuleVersionPage(BaseModel):
    """A page of a rule's versions, the oldest first."""

    items: list[RuleVersionOut]
    next_cursor: str | None
    has_more: bool


class RuleQuery(In):
    """`valid=true`: whose newest version holds now."""

    desk_id: UUID | None = None
    valid: bool | None = None
    limit: Any = None
    cursor: Any = None


class CaseIn(In):
    """A case to try against the rules that hold at `at`: now, or another moment."""

    region_id: UUID
    category: Word
    channel: Channel
    project_id: UUID | None = None
    organisation_id: UUID | None = None
    at: AwareDatetime | None = None


class UnmetOut(BaseModel):
    """A condition that the case does not meet."""

    condition: Unmet
    zh: str
    en: str


class TriedOut(BaseModel):
    """A rule that was looked at; it applies when nothing is unmet."""

    rule_id: UUID
    number: int
    title: str
    is_default: bool
    unmet: list[UnmetOut]


class RoutingOut(BaseModel):
    """Where the case goes: by the first rule that applies, which is the last that was tried. Nowhere when none does."""

    rule_id: UUID | None
    number: int | None
    desk_id: UUID | None
    desk_title: str | None
    co_desk_ids: list[UUID]
    tried: list[TriedOut]
