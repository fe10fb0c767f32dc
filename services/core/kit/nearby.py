"""Rows that have a place, and those of them that are near another: PostgreSQL's own `point` under a GiST index, no extension.

A rectangle finds the candidates by the index; the distance over the sphere then says which are near enough, and orders them.
"""

from typing import Any, ClassVar

from sqlalchemy import CheckConstraint, ColumnElement, Double, Integer, String, bindparam, cast, func
from sqlalchemy.dialects.postgresql.base import ischema_names
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.types import UserDefinedType

from services.core.kit.geo import Crs, Place, box, convert

Pair = tuple[float, float]  # longitude, latitude: x before y, as `point` has it


class Point(UserDefinedType[Pair]):
    """PostgreSQL's `point`: (longitude, latitude)."""

    cache_ok = True

    def get_col_spec(self, **_more: Any) -> str:
        """As DDL writes it."""
        return "point"


class Rectangle(UserDefinedType[tuple[Pair, Pair]]):
    """PostgreSQL's `box`."""

    cache_ok = True

    def get_col_spec(self, **_more: Any) -> str:
        """As DDL writes it."""
        return "box"


ischema_names["point"] = Point  # so that a database is read back as it was made


class Placed:
    """A table whose rows may have a place: as it was given, and the WGS-84 point by which it is found.

    Give the table `placed()` among its constraints and a GiST index on `point`; fill the columns from `columns_of`.
    """

    lat: Mapped[float | None] = mapped_column(Double)
    lon: Mapped[float | None] = mapped_column(Double)
    crs: Mapped[str | None] = mapped_column(String(10))
    point: Mapped[Pair | None] = mapped_column(Point)

    COLUMNS: ClassVar[tuple[str, ...]] = ("lat", "lon", "crs", "point")


def placed() -> tuple[CheckConstraint, CheckConstraint]:
    """Its constraints: a place is there whole or not at all, in a system that is known."""
    known = ", ".join(f"'{crs}'" for crs in Crs)
    return (
        CheckConstraint("num_nulls(lat, lon, crs, point) IN (0, 4)", name="place"),
        CheckConstraint(f"crs IN ({known})", name="crs"),
    )


def columns_of(place: Place | None) -> dict[str, Any]:
    """The four columns of a place, all None without one."""
    if place is None:
        return dict.fromkeys(Placed.COLUMNS)
    found = convert(place, Crs.WGS84)
    return {"lat": place.lat, "lon": place.lon, "crs": place.crs, "point": (found.lon, found.lat)}


def near(place: Place, reach: float) -> dict[str, Any]:
    """The parameters of `within` and `metres_to`: what lies at most `reach` metres from a place."""
    around, found = box(place, reach), convert(place, Crs.WGS84)
    return {
        "near_box": ((around.west, around.south), (around.east, around.north)),
        "near_point": (found.lon, found.lat),
        "near_reach": reach,
    }


def within(column: Any) -> ColumnElement[bool]:
    """A column of points lies in the rectangle of `near`, which the index answers, and no farther than its reach."""
    rectangle = cast(bindparam("near_box", type_=Rectangle), Rectangle)
    inside: ColumnElement[bool] = column.op("<@", is_comparison=True)(rectangle)
    return inside & (_distance(column) <= bindparam("near_reach", type_=Double))


def metres_to(column: Any) -> ColumnElement[int]:
    """The distance from the place of `near`, in whole metres. Order by it and then by id: what is equally far keeps its order."""
    return cast(_distance(column), Integer)


def _distance(column: Any) -> ColumnElement[float]:
    """A function of the database (migration 0020): the same haversine as `geo.metres`."""
    return func.metres_between(column, cast(bindparam("near_point", type_=Point), Point), type_=Double)
