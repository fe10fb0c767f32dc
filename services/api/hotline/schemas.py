"""What routes of complaints take."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import AfterValidator, Field, model_validator

from services.api.wire import In, Line, Name, PlaceIn, no_personal_number, one_line
from services.core.hotline.handling import Words
from services.core.hotline.intake import Intake, Reporter, Where
from services.core.hotline.rules import Channel, Kind
from services.core.hotline.service import About, Category, Purpose
from services.core.hotline.service import Field as Revealed
from services.core.ownership.rules import person_name, phone_number


def several_lines(given: str) -> str:
    """Text of several lines, each by the rules of `one_line`; blank ones between them are kept as one."""
    lines = [one_line(line) if line.strip() else "" for line in given.strip().splitlines()]
    if not any(lines):
        raise ValueError("不能为空", "must not be blank")
    return "\n".join(line for index, line in enumerate(lines) if line or lines[index - 1])


Text = Annotated[
    str,
    Field(min_length=1, max_length=2000, examples=["3 栋 2 单元楼道漏水，已经三天。"]),
    AfterValidator(several_lines),
]
OpenText = Annotated[Text, AfterValidator(no_personal_number)]
PersonName = Annotated[str, Field(min_length=1, max_length=100), AfterValidator(one_line), AfterValidator(person_name)]
Phone = Annotated[str, Field(min_length=5, max_length=30, examples=["13800001234"]), AfterValidator(phone_number)]
OpenName = Annotated[Name, AfterValidator(no_personal_number)]
Gap = Annotated[str, Field(pattern=r"^[a-z_]{1,40}$")]
Code = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,39}$", examples=["leak"])]
Ref = Annotated[
    str,
    Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._/-]{0,63}$", examples=["330200-20261121-0042"]),
    AfterValidator(no_personal_number),
]


def reckonable(given: datetime) -> datetime:
    """An instant with its zone, in years that working days can be counted in."""
    if given.tzinfo is None:
        raise ValueError("期限须带时区", "needs a time zone")
    if not FIRST_YEAR <= given.year < LAST_YEAR:
        raise ValueError(f"年份应在 {FIRST_YEAR} 与 {LAST_YEAR} 之间", f"must lie between {FIRST_YEAR} and {LAST_YEAR}")
    return given


FIRST_YEAR, LAST_YEAR = 2020, 2100
Deadline = Annotated[datetime, AfterValidator(reckonable)]


class ContactIn(In):
    """How to reach who says it. Sealed; shown to nobody but for a purpose."""

    name: PersonName | None = None
    phone: Phone | None = None


Files = Annotated[list[UUID], Field(max_length=9)]
"""Files that the caller sent before (`POST /v1/files`), in their order."""


class SaidIn(In):
    """What is said, whatever the channel. One of `compound_id`, `project_id`, `region_id` at least."""

    category: Code
    description: Text
    compound_id: UUID | None = None
    project_id: UUID | None = None
    region_id: UUID | None = None
    address: Line | None = None
    place: PlaceIn | None = None

    @model_validator(mode="after")
    def _somewhere(self) -> "SaidIn":
        if not self.somewhere:
            raise ValueError("须指明小区、项目或地区", "names a compound, a project or a region")
        return self

    @property
    def somewhere(self) -> bool:
        """Whether it says where."""
        return bool(self.compound_id or self.project_id or self.region_id)

    @property
    def where(self) -> Where:
        """The same for the use case."""
        return Where(self.compound_id, self.project_id, self.region_id)

    def intake(self, channel: Channel, **more: Any) -> Intake:
        """The same for the use case."""
        return Intake(
            channel=channel,
            category=self.category,
            description=self.description,
            where=self.where,
            address=self.address,
            place=None if self.place is None else self.place.place(),
            **more,
        )


class OwnComplaintIn(SaidIn):
    """A resident's. `property_id`: one that he is bound to, in place of the compound. `anonymous`: staff are not told who he is."""

    property_id: UUID | None = None
    contact: ContactIn = Field(default_factory=ContactIn)
    anonymous: bool = False
    files: Files = Field(default_factory=list)

    @property
    def somewhere(self) -> bool:
        """Whether it says where."""
        return super().somewhere or self.property_id is not None

    def own(self) -> Intake:
        """The same for the use case, which knows whose it is."""
        reporter = Reporter(name=self.contact.name, phone=self.contact.phone)
        return self.intake(Channel.MINI_PROGRAM, reporter=reporter, anonymous=self.anonymous, files=tuple(self.files))


class CallIn(SaidIn):
    """What a caller says, entered by who answers. `call_ref`: the telephone system's own number of the call."""

    contact: ContactIn = Field(default_factory=ContactIn)
    anonymous: bool = False
    kind: Kind | None = None
    hazard: bool | None = None
    call_ref: Ref | None = None
    files: Files = Field(default_factory=list)

    def call(self) -> Intake:
        """The same for the use case."""
        return self.intake(
            Channel.PHONE,
            reporter=Reporter(name=self.contact.name, phone=self.contact.phone),
            anonymous=self.anonymous,
            kind=self.kind,
            hazard=self.hazard,
            call_ref=self.call_ref,
            files=tuple(self.files),
        )


class TransferIn(SaidIn):
    """What the 12345 line hands over: under its own id, with the deadline that it set."""

    ref: Ref
    due_at: Deadline | None = None
    kind: Kind | None = None
    contact: ContactIn = Field(default_factory=ContactIn)


class SiteIn(SaidIn):
    """What somebody says who scanned the code at a site, signed in nowhere."""

    contact: ContactIn = Field(default_factory=ContactIn)

    def said(self, key: str | None) -> Intake:
        """The same for the use case; `key` tells his repeated requests apart."""
        return self.intake(
            Channel.SITE_CODE, reporter=Reporter(name=self.contact.name, phone=self.contact.phone, key=key)
        )


class AboutIn(In):
    """What a complaint is about, whole."""

    category: Code
    kind: Kind
    hazard: bool
    project_id: UUID | None = None
    plan_number: Annotated[int | None, Field(ge=1, le=100_000)] = None
    plan_item: Annotated[int | None, Field(ge=1, le=100_000)] = None
    organisation_id: UUID | None = None

    @model_validator(mode="after")
    def _line_of_a_plan(self) -> "AboutIn":
        if (self.plan_number is None) != (self.plan_item is None) or (self.plan_item and not self.project_id):
            raise ValueError(
                "方案项目须同时指明项目与方案版本", "names a line of a plan with its project and plan number"
            )
        return self

    def about(self) -> About:
        """The same for the use case."""
        return About(**dict(self))


class RevealIn(In):
    """Which particulars, and what for."""

    purpose: Purpose
    fields: Annotated[list[Revealed], Field(min_length=1, max_length=4)]


class CategoryIn(In):
    """What a category says. `kind`: which clock; `hazard`: it is dangerous; `anonymous`: who says so need not be known."""

    title_zh: Annotated[Line, Field(max_length=100)]
    title_en: Annotated[Line, Field(max_length=100)]
    kind: Kind
    hazard: bool
    anonymous: bool

    def category(self) -> Category:
        """The same for the use case."""
        return Category(**{name: getattr(self, name) for name in CategoryIn.model_fields})


class NewCategoryIn(CategoryIn):
    """A category with its code, which stays; `parent`: a category of the first level."""

    code: Code
    parent: Code | None = None


class ChangeCategoryIn(CategoryIn):
    """The same category, otherwise worded; `retired`: new complaints cannot have it."""

    retired: bool = False


class NoteIn(In):
    """How it goes on; `public`: its reporter reads it, and sees the files; `files_public`: then also by its code."""

    text: OpenText
    public: bool = False
    files: Files = Field(default_factory=list)
    files_public: bool = False


class RejectIn(In):
    """Why it is not taken up, told to its reporter."""

    text: OpenText


class ReplyIn(In):
    """An answer: `text`, or a template; `{gaps}` in either are filled by the complaint and by `fill`.

    Its reporter sees the files when he is signed in; `files_public`: also who follows by its code.
    """

    text: OpenText | None = None
    template_id: UUID | None = None
    fill: Annotated[dict[Gap, Annotated[Line, AfterValidator(no_personal_number)]], Field(max_length=20)] = Field(
        default_factory=dict
    )
    files: Files = Field(default_factory=list)
    files_public: bool = False

    @model_validator(mode="after")
    def _one_of_two(self) -> "ReplyIn":
        if (self.text is None) == (self.template_id is None):
            raise ValueError("须填写答复内容或选用模板，二者取一", "needs a text or a template, one of the two")
        return self

    def words(self) -> Words:
        """The same for the use case."""
        return Words(self.text, self.template_id, self.fill)


class TemplateIn(In):
    """Words with gaps; without a category for all of them."""

    region_id: UUID
    category: Code | None = None
    title: Annotated[Line, Field(max_length=100)]
    body: OpenText


class ChangeTemplateIn(In):
    """The same template, otherwise worded."""

    category: Code | None = None
    title: Annotated[Line, Field(max_length=100)]
    body: OpenText
    retired: bool = False


class AddIn(In):
    """What a reporter adds."""

    text: Text
    files: Files = Field(default_factory=list)


class AddByCodeIn(In):
    """What a reporter adds who is signed in nowhere."""

    text: Text


class WithdrawIn(In):
    """Why he takes it back, if he says so."""

    text: Text | None = None
