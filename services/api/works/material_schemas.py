"""What routes of materials, purchases and method boards take and answer."""

from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any
from uuid import UUID

from pydantic import BaseModel, Field, PlainSerializer

from services.api.wire import Document, In, Line, Name, OpenReason
from services.core.kit.exact import decimal_text
from services.core.works.materials import Arrival, Described
from services.core.works.purchases import Board, Order
from services.core.works.rules import BatchState, RecordKind

FileIds = Annotated[list[UUID], Field(min_length=1, max_length=20)]
Day = Annotated[date, Field(examples=["2026-01-05"])]
Amount = Annotated[Decimal, Field(gt=0, max_digits=14, decimal_places=3, allow_inf_nan=False, examples=["120.5"])]
Told = Annotated[Decimal, PlainSerializer(decimal_text, return_type=str)]


class MaterialIn(In):
    """A material of the site. `site_organisation_id`: who supplies it there."""

    title: Annotated[Name, Field(examples=["SBS 改性沥青防水卷材"])]
    specification: Annotated[Line, Field(examples=["3 mm 聚酯胎"])]
    unit: Annotated[Name, Field(max_length=20, examples=["m²"])]
    standard: Annotated[Line, Field(examples=["GB 18242"])] | None = None
    site_organisation_id: UUID | None = None

    def described(self) -> Described:
        """The same for the use case."""
        return Described(self.title, self.specification, self.unit, self.standard, self.site_organisation_id)


class MaterialOut(BaseModel):
    """A material. `accepted`: how much of it was accepted; `unchecked`: batches that wait; `shown`: records that it has."""

    id: UUID
    title: str
    specification: str
    unit: str
    standard: str | None
    site_organisation_id: UUID | None
    supplier: str | None
    accepted: Told
    unchecked: int
    shown: list[RecordKind]
    version: int
    made_at: datetime


class MaterialPage(BaseModel):
    """A page of materials, the earliest first."""

    items: list[MaterialOut]
    next_cursor: str | None
    has_more: bool


class MaterialQuery(In):
    """`lacks`: those without such a record."""

    site_organisation_id: UUID | None = None
    lacks: RecordKind | None = None
    limit: Any = None
    cursor: Any = None


class MaterialRecordIn(In):
    """A sample, a certificate or a test report, with its pictures."""

    kind: RecordKind
    document: Annotated[Document, Field(examples=["检测报告 2026-015"])]
    dated_on: Day
    file_ids: FileIds


class MaterialRecordOut(BaseModel):
    """A record of a material; one that was wrong is withdrawn and stays to be read."""

    id: UUID
    kind: RecordKind
    document: str
    dated_on: date
    file_ids: list[UUID]
    recorded_by: UUID | None
    recorded_at: datetime
    withdrawn_at: datetime | None
    withdrawn_reason: str | None


class MaterialRecordPage(BaseModel):
    """A page of records, the earliest first."""

    items: list[MaterialRecordOut]
    next_cursor: str | None
    has_more: bool


class MaterialRecordQuery(In):
    """Which records."""

    kind: RecordKind | None = None
    limit: Any = None
    cursor: Any = None


class ReasonIn(In):
    """Why."""

    reason: OpenReason


class BatchIn(In):
    """A batch that arrived. `purchase_id`: of which joint purchase."""

    batch_no: Annotated[Name, Field(examples=["20260105-3"])]
    quantity: Amount
    arrived_on: Day
    certificate: Annotated[Document, Field(examples=["合格证 0031"])]
    purchase_id: UUID | None = None
    file_ids: Annotated[list[UUID], Field(default_factory=list, max_length=20)]

    def arrival(self) -> Arrival:
        """The same for the use case."""
        return Arrival(self.batch_no, self.quantity, self.arrived_on, self.certificate, self.purchase_id)


class CheckIn(In):
    """Whether a batch is accepted; one that is not, with a reason."""

    accepted: bool
    reason: OpenReason | None = None


class BatchOut(BaseModel):
    """A batch, and what a second person found of it."""

    id: UUID
    material_id: UUID
    purchase_id: UUID | None
    batch_no: str
    quantity: Told
    arrived_on: date
    certificate: str
    state: BatchState
    file_ids: list[UUID]
    recorded_by: UUID | None
    recorded_at: datetime
    decided_by: UUID | None
    decided_at: datetime | None
    decision_reason: str | None


class BatchPage(BaseModel):
    """A page of batches, the earliest first."""

    items: list[BatchOut]
    next_cursor: str | None
    has_more: bool


class BatchQuery(In):
    """Which batches."""

    state: BatchState | None = None
    purchase_id: UUID | None = None
    limit: Any = None
    cursor: Any = None


class PurchaseIn(In):
    """What the sites of a region bought together."""

    region_id: UUID
    organisation_id: UUID
    title: Annotated[Line, Field(examples=["防水卷材集中采购"])]
    document: Document
    ordered_on: Day

    def order(self) -> Order:
        """The same for the use case."""
        return Order(self.organisation_id, self.title, self.document, self.ordered_on)


class PurchaseOut(BaseModel):
    """A joint purchase. `sites`: how many have had batches of it."""

    id: UUID
    region_id: UUID
    region_name: str
    organisation_id: UUID
    organisation_name: str
    title: str
    document: str
    ordered_on: date
    sites: int
    made_at: datetime


class PurchasePage(BaseModel):
    """A page of purchases, the earliest first."""

    items: list[PurchaseOut]
    next_cursor: str | None
    has_more: bool


class PurchaseQuery(In):
    """Which purchases."""

    organisation_id: UUID | None = None
    limit: Any = None
    cursor: Any = None


class BoardIn(In):
    """A board that shows how a work is done, with its picture."""

    title: Annotated[Line, Field(examples=["屋面防水施工工艺"])]
    work: Annotated[Line, Field(examples=["屋面防水"])]
    place: Annotated[Line, Field(examples=["3 号楼东侧围挡"])]
    put_up_on: Day
    file_ids: FileIds

    def board(self) -> Board:
        """The same for the use case."""
        return Board(self.title, self.work, self.place, self.put_up_on)


class BoardOut(BaseModel):
    """A board, until it was taken down."""

    id: UUID
    title: str
    work: str
    place: str
    put_up_on: date
    file_ids: list[UUID]
    recorded_by: UUID | None
    recorded_at: datetime
    taken_down_at: datetime | None


class BoardPage(BaseModel):
    """A page of boards, the earliest first."""

    items: list[BoardOut]
    next_cursor: str | None
    has_more: bool


class BoardQuery(In):
    """`up=true`: those that hang there now."""

    up: bool | None = None
    limit: Any = None
    cursor: Any = None
