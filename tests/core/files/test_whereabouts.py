"""Where a photograph says it was taken, against a fence."""

import pytest

from services.core.files.whereabouts import COARSE, Fence, Standing, whereabouts
from services.core.kit.geo import Crs, Place, convert

CENTRE = Place(28.6629, 115.9098, Crs.WGS84)
FENCE = Fence(CENTRE, 200)


def north(metres: float, crs: Crs = Crs.WGS84) -> Place:
    """A place so far north of the centre."""
    return convert(Place(CENTRE.lat + metres / 111_195, CENTRE.lon, Crs.WGS84), crs)


@pytest.mark.parametrize(
    ("away", "accuracy", "standing"),
    [
        (0, 10, Standing.INSIDE),
        (150, 40, Standing.INSIDE),
        (150, 60, Standing.UNCERTAIN),
        (0, COARSE + 1, Standing.UNCERTAIN),
        (230, 40, Standing.UNCERTAIN),
        (250, 40, Standing.OUTSIDE),
        (250, 3000, Standing.UNCERTAIN),
        (0, None, Standing.UNCERTAIN),
        (5000, None, Standing.UNCERTAIN),
    ],
)
def test_a_point_counts_with_its_accuracy(away: float, accuracy: float | None, standing: Standing) -> None:
    for crs in Crs:
        found = whereabouts(fix=north(away, crs), accuracy=accuracy, camera=None, fence=FENCE)
        assert found.standing is standing, crs
        assert found.distance == away
        assert (found.camera_distance, found.apart) == (None, None)


def test_the_camera_alone_is_never_certain_and_contradiction_is_shown() -> None:
    found = whereabouts(fix=None, accuracy=None, camera=north(20), fence=FENCE)
    assert (found.standing, found.distance, found.camera_distance) == (Standing.UNCERTAIN, None, 20)
    found = whereabouts(fix=CENTRE, accuracy=5, camera=north(3000), fence=FENCE)
    assert (found.standing, found.apart, found.camera_distance) == (Standing.INSIDE, 3000, 3000)


def test_without_a_point_or_a_fence_nothing_is_known() -> None:
    assert whereabouts(fix=None, accuracy=None, camera=None, fence=FENCE).standing is Standing.UNKNOWN
    found = whereabouts(fix=CENTRE, accuracy=5, camera=north(7), fence=None)
    assert (found.standing, found.distance, found.apart) == (Standing.UNKNOWN, None, 7)
