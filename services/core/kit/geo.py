"""Where something is: the coordinate systems in use in China, told apart by their names, and the ways between them.

Without its system a place in China is off by half a kilometre: WeChat's map gives GCJ-02, a phone's receiver WGS-84, Baidu BD-09,
the surveyor CGCS2000. Each place therefore carries its `crs`, is kept as it was given, and beside it in WGS-84 for reckoning.
Published maps use GCJ-02 (测绘法 第四十条; GB 20263-2006, 4.1).

CGCS2000 and WGS-84 agree within centimetres and are taken as one. GCJ-02 is defined by no public text; these are the formulas that
every map library of the country shares, with the same rectangle outside which nothing is shifted. What is computed here places
pins and finds neighbours; no decision rests on it.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

EARTH_RADIUS = 6_371_008.8
"""Metres: the mean radius (IUGG)."""
AXIS, ECCENTRICITY = 6_378_245.0, 0.00669342162296594323  # Krasovsky 1940, which GCJ-02 reckons on
WEST, EAST, SOUTH, NORTH = 72.004, 137.8347, 0.8293, 55.8271
BAIDU = math.pi * 3000 / 180
BAIDU_EAST, BAIDU_NORTH = 0.0065, 0.006
EXACT = 1e-10
"""Degrees, a hundredth of a millimetre: when a way back is found."""


class Crs(StrEnum):
    """What a latitude and longitude are counted in."""

    WGS84 = "wgs84"
    GCJ02 = "gcj02"
    CGCS2000 = "cgcs2000"
    BD09 = "bd09"


@dataclass(frozen=True, slots=True)
class Place:
    """A point as it was given: degrees, and what they are counted in. ValueError for degrees that no place has."""

    lat: float
    lon: float
    crs: Crs

    def __post_init__(self) -> None:
        if not (-90 <= self.lat <= 90 and -180 <= self.lon <= 180):  # NaN fails it too
            raise ValueError("no such place")


Pair = tuple[float, float]  # latitude, longitude


def convert(place: Place, to: Crs) -> Place:
    """The same place in another system."""
    if place.crs is to:
        return place
    return Place(*_FROM_WGS84[to](*_TO_WGS84[place.crs](place.lat, place.lon)), to)


def shifted_there(lat: float, lon: float) -> bool:
    """Whether GCJ-02 shifts a place at all: inside a rectangle around China, neighbours included, as all libraries have it."""
    return WEST <= lon <= EAST and SOUTH <= lat <= NORTH


def metres(one: Place, other: Place) -> float:
    """The distance over the sphere (haversine)."""
    (lat1, lon1), (lat2, lon2) = _TO_WGS84[one.crs](one.lat, one.lon), _TO_WGS84[other.crs](other.lat, other.lon)
    half_lat, half_lon = math.radians(lat2 - lat1) / 2, math.radians(lon2 - lon1) / 2
    inner = (
        math.sin(half_lat) ** 2 + math.cos(math.radians(lat1)) * math.cos(math.radians(lat2)) * math.sin(half_lon) ** 2
    )
    return 2 * EARTH_RADIUS * math.asin(min(1.0, math.sqrt(inner)))


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle of WGS-84 degrees."""

    west: float
    south: float
    east: float
    north: float


def box(place: Place, reach: float) -> Box:
    """The smallest rectangle with everything within `reach` metres of a place; beyond 180° it does not go on."""
    centre = convert(place, Crs.WGS84)
    up = math.degrees(reach / EARTH_RADIUS)
    # The circle's easternmost point lies nearer the pole than its centre does.
    shrunk = math.sin(reach / EARTH_RADIUS) / max(math.cos(math.radians(centre.lat)), 1e-12)
    aside = math.degrees(math.asin(shrunk)) if shrunk < 1 else 180.0
    return Box(
        max(-180.0, centre.lon - aside),
        max(-90.0, centre.lat - up),
        min(180.0, centre.lon + aside),
        min(90.0, centre.lat + up),
    )


def _shift(lat: float, lon: float) -> Pair:
    """By how many degrees GCJ-02 moves a WGS-84 place."""
    x, y = lon - 105.0, lat - 35.0
    root, short = math.sqrt(abs(x)), 20.0 * (math.sin(6.0 * x * math.pi) + math.sin(2.0 * x * math.pi))
    north = -100.0 + 2.0 * x + 3.0 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * root
    north += (short + 20.0 * math.sin(y * math.pi) + 40.0 * math.sin(y / 3.0 * math.pi)) * 2.0 / 3.0
    north += (160.0 * math.sin(y / 12.0 * math.pi) + 320.0 * math.sin(y * math.pi / 30.0)) * 2.0 / 3.0
    east = 300.0 + x + 2.0 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * root
    east += (short + 20.0 * math.sin(x * math.pi) + 40.0 * math.sin(x / 3.0 * math.pi)) * 2.0 / 3.0
    east += (150.0 * math.sin(x / 12.0 * math.pi) + 300.0 * math.sin(x / 30.0 * math.pi)) * 2.0 / 3.0
    at = math.radians(lat)
    flat = 1 - ECCENTRICITY * math.sin(at) ** 2
    return (
        math.degrees(north / (AXIS * (1 - ECCENTRICITY) / flat**1.5)),
        math.degrees(east / (AXIS / math.sqrt(flat) * math.cos(at))),
    )


def _wgs84_to_gcj02(lat: float, lon: float) -> Pair:
    if not shifted_there(lat, lon):
        return lat, lon
    north, east = _shift(lat, lon)
    return lat + north, lon + east


def _gcj02_to_wgs84(lat: float, lon: float) -> Pair:
    """There is no formula back; the shift changes slowly, so taking it away again and again comes near quickly."""
    return _back(_wgs84_to_gcj02, lat, lon)


def _gcj02_to_bd09(lat: float, lon: float) -> Pair:
    radius = math.hypot(lon, lat) + 0.00002 * math.sin(lat * BAIDU)
    angle = math.atan2(lat, lon) + 0.000003 * math.cos(lon * BAIDU)
    return radius * math.sin(angle) + BAIDU_NORTH, radius * math.cos(angle) + BAIDU_EAST


def _wgs84_to_bd09(lat: float, lon: float) -> Pair:
    # Baidu counts abroad in WGS-84, as GCJ-02 does.
    return _gcj02_to_bd09(*_wgs84_to_gcj02(lat, lon)) if shifted_there(lat, lon) else (lat, lon)


def _bd09_to_wgs84(lat: float, lon: float) -> Pair:
    if not shifted_there(lat, lon):
        return lat, lon
    return _gcj02_to_wgs84(*_back(_gcj02_to_bd09, lat, lon))


def _back(forth: Callable[[float, float], Pair], lat: float, lon: float) -> Pair:
    """From where `forth` leads to (lat, lon)."""
    at_lat, at_lon = lat, lon
    for _ in range(30):
        to_lat, to_lon = forth(at_lat, at_lon)
        off_lat, off_lon = to_lat - lat, to_lon - lon
        at_lat, at_lon = at_lat - off_lat, at_lon - off_lon
        if abs(off_lat) < EXACT and abs(off_lon) < EXACT:
            break
    return at_lat, at_lon


def _same(lat: float, lon: float) -> Pair:
    return lat, lon


_TO_WGS84: dict[Crs, Callable[[float, float], Pair]] = {
    Crs.WGS84: _same,
    Crs.CGCS2000: _same,
    Crs.GCJ02: _gcj02_to_wgs84,
    Crs.BD09: _bd09_to_wgs84,
}
_FROM_WGS84: dict[Crs, Callable[[float, float], Pair]] = {
    Crs.WGS84: _same,
    Crs.CGCS2000: _same,
    Crs.GCJ02: _wgs84_to_gcj02,
    Crs.BD09: _wgs84_to_bd09,
}
