"""Coordinate systems: published vectors, there and back, the rule for abroad, rectangles and distances."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.core.kit.geo import EARTH_RADIUS, Crs, Place, box, convert, metres, shifted_there

MILLIONTH = 1e-6

# gcoord's README (its own values), eviltransform's tests; (latitude, longitude).
GCOORD = {
    Crs.WGS84: (39.914266, 116.403988),
    Crs.GCJ02: (39.915670251113426, 116.41023240747266),
    Crs.BD09: (39.92196580126834, 116.41661560068297),
}
EVILTRANSFORM = [
    ((31.1774276, 121.5272106), (31.17530398364597, 121.531541859215)),
    ((22.543847, 113.912316), (22.540796131694766, 113.9171764808363)),
    ((39.911954, 116.377817), (39.91334545536069, 116.38404722455657)),
]
# Well inside the rectangle: at its border a place is shifted across it, and there is no one way back.
LATS, LONS = st.floats(1.5, 55), st.floats(73, 137)


@pytest.mark.parametrize("start", list(GCOORD))
@pytest.mark.parametrize("end", list(GCOORD))
def test_each_published_place_leads_to_each_other(start: Crs, end: Crs) -> None:
    found = convert(Place(*GCOORD[start], start), end)
    assert found.crs is end
    assert (found.lat, found.lon) == pytest.approx(GCOORD[end], abs=1e-9)


@pytest.mark.parametrize(("wgs84", "gcj02"), EVILTRANSFORM)
def test_gcj02_as_others_have_it(wgs84: tuple[float, float], gcj02: tuple[float, float]) -> None:
    there = convert(Place(*wgs84, Crs.WGS84), Crs.GCJ02)
    assert (there.lat, there.lon) == pytest.approx(gcj02, abs=1e-12)
    back = convert(Place(*gcj02, Crs.GCJ02), Crs.WGS84)
    assert (back.lat, back.lon) == pytest.approx(wgs84, abs=1e-9)


@given(lat=LATS, lon=LONS, start=st.sampled_from(Crs), end=st.sampled_from(Crs))
def test_there_and_back_is_the_same_place(lat: float, lon: float, start: Crs, end: Crs) -> None:
    given_place = Place(lat, lon, start)
    back = convert(convert(given_place, end), start)
    assert (back.lat, back.lon) == pytest.approx((lat, lon), abs=MILLIONTH)


@given(lat=LATS, lon=LONS)
def test_the_shift_is_what_makes_pins_stand_in_the_wrong_street(lat: float, lon: float) -> None:
    there = convert(Place(lat, lon, Crs.WGS84), Crs.GCJ02)
    off = metres(Place(lat, lon, Crs.WGS84), Place(there.lat, there.lon, Crs.WGS84))
    assert 1 < off < 1500


@pytest.mark.parametrize("end", list(Crs))
@pytest.mark.parametrize(("lat", "lon"), [(48.8584, 2.2945), (-33.8568, 151.2153), (0, 0), (90, 180), (-90, -180)])
def test_abroad_nothing_is_shifted(lat: float, lon: float, end: Crs) -> None:
    assert not shifted_there(lat, lon)
    for start in Crs:
        found = convert(Place(lat, lon, start), end)
        assert (found.lat, found.lon) == (lat, lon)


def test_cgcs2000_is_taken_as_wgs84() -> None:
    assert convert(Place(28.66, 115.68, Crs.CGCS2000), Crs.WGS84) == Place(28.66, 115.68, Crs.WGS84)


@pytest.mark.parametrize(
    ("lat", "lon"), [(90.0001, 0), (-91, 0), (0, 180.01), (0, -181), (math.nan, 0), (0, math.nan), (math.inf, 0)]
)
def test_what_is_no_place_is_refused(lat: float, lon: float) -> None:
    with pytest.raises(ValueError, match="no such place"):
        Place(lat, lon, Crs.WGS84)


def test_distances() -> None:
    quarter = metres(Place(0, 0, Crs.WGS84), Place(90, 0, Crs.WGS84))
    assert quarter == pytest.approx(math.pi / 2 * EARTH_RADIUS)
    assert metres(Place(0, 0, Crs.WGS84), Place(0, 180, Crs.WGS84)) == pytest.approx(math.pi * EARTH_RADIUS)
    # The same corner of Beijing, told by two maps.
    assert metres(Place(*GCOORD[Crs.GCJ02], Crs.GCJ02), Place(*GCOORD[Crs.BD09], Crs.BD09)) < 0.001


@given(
    lat=st.floats(-89, 89),
    lon=st.floats(-170, 170),
    reach=st.floats(1, 100_000),
    bearing=st.floats(0, 2 * math.pi),
)
def test_a_box_holds_everything_within_reach(lat: float, lon: float, reach: float, bearing: float) -> None:
    around = box(Place(lat, lon, Crs.WGS84), reach)
    # The place at that distance and bearing (the direct problem on a sphere).
    arc, north = reach * 0.999999 / EARTH_RADIUS, math.radians(lat)
    to_lat = math.asin(math.sin(north) * math.cos(arc) + math.cos(north) * math.sin(arc) * math.cos(bearing))
    to_lon = math.radians(lon) + math.atan2(
        math.sin(bearing) * math.sin(arc) * math.cos(north), math.cos(arc) - math.sin(north) * math.sin(to_lat)
    )
    assert around.south <= math.degrees(to_lat) <= around.north
    if abs(math.degrees(to_lon)) <= 180:
        assert around.west <= math.degrees(to_lon) <= around.east
