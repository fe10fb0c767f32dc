"""What routes of residents take and answer. Whoever reads a list of the community's sees people masked."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from services.api.wire import In, Line, Reason, one_line
from services.core.kit.exact import DecimalOut
from services.core.ownership.rules import person_name
from services.core.residents.rules import Answer, Assurance, Ground, Kind, State, Topic

Token = Annotated[str, Field(min_length=1, max_length=200), AfterValidator(one_line)]
No = Annotated[str, Field(min_length=1, max_length=60, examples=["3"]), AfterValidator(one_line)]
PersonName = Annotated[
    str, Field(min_length=1, max_length=100, examples=["王伟"]), AfterValidator(one_line), AfterValidator(person_name)
]


class ByCodeIn(In):
    """By a code on paper, or by an invitation to somebody's family."""

    by: Literal["code"]
    code: Annotated[Token, Field(examples=["7K3M-9Q2X-ABCD-EFGH"])]


class ByPhoneIn(In):
    """By the phone number of the register: the code that a tap on the phone-number button gives."""

    by: Literal["phone"]
    phone_code: Token


class ByRequestIn(In):
    """By asking the community. `building`: without one where the compound has no buildings with numbers."""

    by: Literal["request"]
    compound_id: UUID
    building: No | None = None
    door: No
    name: PersonName


BindIn = Annotated[ByCodeIn | ByPhoneIn | ByRequestIn, Field(discriminator="by")]


class FamilyOut(BaseModel):
    """Somebody of the family; who it is, is his own matter."""

    id: UUID
    since: datetime


class MyPropertyOut(BaseModel):
    """A property for which the resident stands."""

    id: UUID
    property_id: UUID
    compound_id: UUID
    compound_name: str
    building_no: str | None
    entrance_no: str | None
    door_no: str
    property_kind: str
    exclusive_area: DecimalOut | None
    kind: Kind
    assurance: Assurance
    since: datetime
    family: list[FamilyOut]


class MyPropertyPage(BaseModel):
    """A page of them, the oldest first."""

    items: list[MyPropertyOut]
    next_cursor: str | None
    has_more: bool


class AskOut(BaseModel):
    """A compound whose community must say who is who: several people there have this number."""

    compound_id: UUID
    compound_name: str


class BoundOut(BaseModel):
    """What came of it: bound to these (`more`: and to others, see the list); or ask these communities; or the request that waits.
    All empty: the number is unknown.
    """

    bound: list[MyPropertyOut]
    more: bool = False
    ask: list[AskOut] = []
    request_id: UUID | None = None


class InvitationOut(BaseModel):
    """A code for one of the family, told once."""

    id: UUID
    code: str
    expires_at: datetime


class MyRequestOut(BaseModel):
    """A request of one's own."""

    id: UUID
    compound_id: UUID
    compound_name: str
    building: str
    door: str
    state: State
    reason: str | None
    created_at: datetime
    decided_at: datetime | None


class MyRequestPage(BaseModel):
    """A page of them, the newest first."""

    items: list[MyRequestOut]
    next_cursor: str | None
    has_more: bool


class ConsentOut(BaseModel):
    """A text as it reads now, and what the resident said to this version of it."""

    topic: Topic
    number: int
    title: str
    body: str
    published_at: datetime
    answer: Answer | None
    answered_at: datetime | None


class ConsentsOut(BaseModel):
    """One text a topic."""

    items: list[ConsentOut]


class ConsentIn(In):
    """An answer to a version of a text."""

    topic: Topic
    number: Annotated[int, Field(ge=1, le=1_000_000)]
    answer: Answer


class ConsentTextIn(In):
    """A new version of a text, in both languages."""

    topic: Topic
    title_zh: Line
    title_en: Line
    body_zh: Annotated[str, Field(min_length=1, max_length=3500, examples=["内容"])]
    body_en: Annotated[str, Field(min_length=1, max_length=3500, examples=["text"])]


class ConsentTextMadeOut(BaseModel):
    """The new version's number."""

    id: UUID
    number: int


class ConsentTextOut(BaseModel):
    """A text as it reads now."""

    topic: Topic
    number: int
    title_zh: str
    title_en: str
    body_zh: str
    body_en: str
    published_at: datetime


class ConsentTextsOut(BaseModel):
    """One text a topic."""

    items: list[ConsentTextOut]


class EraseIn(In):
    """Nothing to ask for erasure; the confirmation to carry it out."""

    confirmation: Token | None = None


class EraseAskedOut(BaseModel):
    """What to send back within ten minutes, told once."""

    id: UUID
    confirmation: str
    confirm_until: datetime


class RequestQuery(BaseModel):
    """Which requests a list shows."""

    model_config = ConfigDict(extra="forbid")
    state: State | None = None
    limit: Any = None
    cursor: Any = None


class RequestOut(BaseModel):
    """A request to the community; the name masked, and gone once it is decided."""

    id: UUID
    building: str
    door: str
    name: str | None
    state: State
    created_at: datetime
    decided_at: datetime | None
    version: int


class RequestPage(BaseModel):
    """A page of them, the oldest first."""

    items: list[RequestOut]
    next_cursor: str | None
    has_more: bool


class CandidateOut(BaseModel):
    """Somebody on record behind the door, masked. `same_name`: the request gives that very name."""

    property_id: UUID
    entrance_no: str | None
    person_id: UUID
    kind: Kind
    name: str
    same_name: bool


class RequestDetailOut(RequestOut):
    """With whom the register knows there."""

    candidates: list[CandidateOut]


class ApproveIn(In):
    """Who the resident is, by the register."""

    property_id: UUID
    person_id: UUID


class ApprovedOut(BaseModel):
    """The request and the binding that it led to."""

    id: UUID
    binding_id: UUID


class RefuseIn(In):
    """Why not; the resident reads it."""

    reason: Annotated[Reason, Field(max_length=300)]


class EndIn(In):
    """Why a binding is ended, or an account shut."""

    ground: Ground


class BindingOut(BaseModel):
    """Who stands for a property: the entry of the register, never the account."""

    id: UUID
    property_id: UUID
    building_no: str | None
    entrance_no: str | None
    door_no: str
    person_id: UUID | None
    kind: Kind
    assurance: Assurance
    since: datetime


class BindingPage(BaseModel):
    """A page of them, the oldest first."""

    items: list[BindingOut]
    next_cursor: str | None
    has_more: bool


class IssueIn(In):
    """Codes for everybody on record in a compound, or in one building of it."""

    building_id: UUID | None = None
    days: Annotated[int, Field(ge=1, le=90)] = 30
    format: Literal["xlsx", "csv"] = "xlsx"
