"""What may be about the same thing: complaints near a place or near another, and others of its reporter."""

from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from services.api.deps import Reader
from services.api.security import Access, requires
from services.api.wire import In, PlaceOut
from services.core.hotline import nearby, queries
from services.core.hotline.rules import Kind, State
from services.core.identity.access import Permission
from services.core.kit.errors import InputInvalid
from services.core.kit.geo import Crs, Place

if TYPE_CHECKING:
    from collections.abc import Mapping

router = APIRouter(prefix="/v1", tags=["complaints"])


class NearbyQuery(In):
    """Near what: a place in its coordinate system, or another complaint, which also brings others of its reporter."""

    lat: Annotated[float | None, Field(ge=-90, le=90, allow_inf_nan=False)] = None
    lon: Annotated[float | None, Field(ge=-180, le=180, allow_inf_nan=False)] = None
    crs: Crs | None = None
    complaint_id: UUID | None = None
    reach: Annotated[int, Field(ge=1, le=5000, description="metres")] = 200
    closed_too: bool = False
    limit: Annotated[int, Field(ge=1, le=100)] = 20

    def place(self) -> Place | None:
        """The place; InputInvalid for half of one, and for nothing at all."""
        if self.lat is not None and self.lon is not None and self.crs is not None:
            return Place(self.lat, self.lon, self.crs)
        if self.complaint_id is None or (self.lat, self.lon, self.crs) != (None, None, None):
            raise InputInvalid.at(
                "/lat",
                zh="须一并给出 lat、lon、crs，或给出 complaint_id",
                en="needs lon and crs beside it, or complaint_id alone",
            )
        return None


class NearbyItem(BaseModel):
    """A complaint, how far it is, whether its reporter is the same. Never for two of whom one is anonymous."""

    id: UUID
    no: str
    category: str
    kind: Kind
    state: State
    hazard: bool
    compound_id: UUID | None
    place: PlaceOut | None
    created_at: datetime
    metres: int | None
    same_reporter: bool


class NearbyOut(BaseModel):
    """The nearest first; after them those of the same reporter elsewhere, the latest first."""

    items: list[NearbyItem]


@router.get("/complaints/nearby", response_model=NearbyOut)
async def list_nearby(
    access: Annotated[Access, requires(Permission.COMPLAINT_READ)],
    reader: Reader,
    wanted: Annotated[NearbyQuery, Query()],
) -> NearbyOut:
    """Open complaints of the caller's region that may be about the same thing: suggestions, a person decides."""
    place, his = wanted.place(), []
    if wanted.complaint_id is not None:
        row = await queries.complaint_of(reader, scope=access.scope, complaint_id=wanted.complaint_id)
        place = place or nearby.place_of(row)
        his = await nearby.of_same_reporter(
            reader,
            scope=access.scope,
            complaint_id=wanted.complaint_id,
            closed_too=wanted.closed_too,
            limit=wanted.limit,
        )
    near = []
    if place is not None:
        near = await nearby.near_place(
            reader,
            scope=access.scope,
            place=place,
            reach=wanted.reach,
            closed_too=wanted.closed_too,
            other_than=wanted.complaint_id,
            limit=wanted.limit,
        )
    same, here = {row["id"] for row in his}, {row["id"] for row in near}
    items = [_item(row, row["metres"], same) for row in near]
    items += [_item(row, None, same) for row in his if row["id"] not in here]
    return NearbyOut(items=items[: wanted.limit])


def _item(row: "Mapping[str, Any]", metres: int | None, same: set[UUID]) -> NearbyItem:
    place = None if row["lat"] is None else PlaceOut(lat=row["lat"], lon=row["lon"], crs=row["crs"])
    made = {"place", "metres", "same_reporter"}
    told = {name: row[name] for name in NearbyItem.model_fields if name not in made}
    return NearbyItem(place=place, metres=metres, same_reporter=row["id"] in same, **told)
