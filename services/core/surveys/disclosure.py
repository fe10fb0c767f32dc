"""Which cells of a result may be shown to everybody. Pure; why it holds is in docs/adr/0023.

A cell under `LEAST` people is hidden, and with it the smallest of the others (all that are equal to it), so that no total gives
it away: exchanging a small hidden cell with the larger one beside it changes nothing of what is shown.
"""

from collections.abc import Mapping

LEAST = 5


def shown(cells: Mapping[str, int]) -> dict[str, int | None]:
    """The cells of a question that is answered once, with None where one is hidden. Their total is known to everybody."""
    return _hiding(cells, cells)


def shown_of_several(chosen: Mapping[str, int], answered: int) -> dict[str, int | None]:
    """How many chose each of several options, with None where that is hidden. How many answered is known to everybody, and so
    how many did not choose it: both count as cells.
    """
    return _hiding(chosen, {choice: min(count, answered - count) for choice, count in chosen.items()})


def shown_total(people: int) -> int | None:
    """A number of people, unless it is so small that it is a cell itself."""
    return people if people >= LEAST else None


def _hiding(cells: Mapping[str, int], sizes: Mapping[str, int]) -> dict[str, int | None]:
    """Hides the cells whose size is small, and those of the smallest size that is not."""
    if all(size >= LEAST for size in sizes.values()):
        return dict(cells)
    beside = min((size for size in sizes.values() if size >= LEAST), default=LEAST)
    return {cell: count if sizes[cell] > beside else None for cell, count in cells.items()}
