"""Where a photograph says that it was taken, against where it should have been. Pure: shown beside it, never a verdict.

Two things may tell: the device's receiver, which said it when it sent the file, and EXIF, which the camera wrote into it. Either
can be missing, stripped by the phone (Android's picker takes it out), or made up. What is told here helps a person to look twice.
"""

from dataclasses import dataclass
from enum import StrEnum

from services.core.kit.geo import Place, metres


class Standing(StrEnum):
    """Of a point against a fence. `uncertain`: its accuracy reaches over the edge, or is not told; `unknown`: there is no point."""

    INSIDE = "inside"
    OUTSIDE = "outside"
    UNCERTAIN = "uncertain"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Fence:
    """A circle around where something is."""

    centre: Place
    radius: int  # metres


@dataclass(frozen=True, slots=True)
class Whereabouts:
    """What is known of one file. Distances are metres from the fence's centre; `apart`: between what device and camera say."""

    standing: Standing
    distance: int | None
    camera_distance: int | None
    apart: int | None


COARSE = 100
"""Metres: a fix that is not better than this says in which quarter somebody was, not in which compound."""


def whereabouts(*, fix: Place | None, accuracy: float | None, camera: Place | None, fence: Fence | None) -> Whereabouts:
    """How a file's points stand to a fence. Without a fence nothing is inside or outside.

    A point is inside (outside) only if the whole circle of its accuracy is; the camera tells none, and counts by its distance alone
    where the device said nothing: then it is at best uncertain.
    """
    distance = None if fix is None or fence is None else metres(fix, fence.centre)
    camera_distance = None if camera is None or fence is None else metres(camera, fence.centre)
    apart = None if fix is None or camera is None else metres(fix, camera)
    return Whereabouts(
        _standing(distance, camera_distance, accuracy, fence),
        _whole(distance),
        _whole(camera_distance),
        _whole(apart),
    )


def _standing(
    distance: float | None, camera_distance: float | None, accuracy: float | None, fence: Fence | None
) -> Standing:
    if fence is None or (distance is None and camera_distance is None):
        return Standing.UNKNOWN
    if distance is None or accuracy is None:
        return Standing.UNCERTAIN
    if distance - accuracy > fence.radius:
        return Standing.OUTSIDE
    if distance + accuracy <= fence.radius and accuracy <= COARSE:
        return Standing.INSIDE
    return Standing.UNCERTAIN


def _whole(distance: float | None) -> int | None:
    return None if distance is None else round(distance)
