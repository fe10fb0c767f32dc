"""Where a public case is shown: the grid, and rectangles over it. Pure."""

from dataclasses import dataclass
from math import floor

PER_DEGREE = 500
"""Cells of the grid in a degree: each is 0.002° by 0.002° of WGS-84, about 220 m from south to north, 190 m from west to east at
30° north: some compounds wide, so that a spot names no house. Cells begin at whole multiples of 0.002° from 0° east, 0° north."""

WIDEST = 5
"""Degrees that a rectangle may span each way: a province's worth."""


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle of WGS-84, as RFC 7946 section 5 orders it."""

    west: float
    south: float
    east: float
    north: float


def spot(lon: float, lat: float) -> tuple[float, float]:
    """The middle of the cell that a WGS-84 point lies in, longitude first; three decimals say it exactly."""
    return _middle(lon), _middle(lat)


def _middle(degrees: float) -> float:
    return (2 * floor(degrees * PER_DEGREE) + 1) / (2 * PER_DEGREE)
