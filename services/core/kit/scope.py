"""Which part of the region tree somebody may touch, as a typed argument of every query.

A region's path is the chain of its ancestors' numbers, each closed by a dot: `1.23.456.`. Under COLLATE "C" a subtree is one
contiguous range of text, `1.23.` up to `1.23/`, so an ordinary B-tree both filters and orders by it (docs/adr/0006).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Scope:
    """Subtrees of the region tree, none inside another, and single projects. An empty scope sees nothing.

    `projects`: where somebody works on a site; only queries that ask for it (`in_scope_or_project`) look there (docs/adr/0038).
    """

    paths: tuple[str, ...] = ()
    projects: tuple[UUID, ...] = ()

    @classmethod
    def of(cls, paths: Iterable[str], projects: Iterable[UUID] = ()) -> "Scope":
        """The smallest scope that covers `paths`, and these projects wherever they are."""
        kept: list[str] = []
        for path in sorted(set(paths)):
            if not kept or not path.startswith(kept[-1]):
                kept.append(path)
        return cls(tuple(kept), tuple(sorted(set(projects))))

    def covers(self, path: str) -> bool:
        """Whether the region at `path` lies inside."""
        return any(path.startswith(own) for own in self.paths)

    def within(self, path: str) -> "Scope":
        """The part of this scope inside the subtree at `path`; of regions alone."""
        if self.covers(path):
            return Scope((path,))
        return Scope(tuple(own for own in self.paths if own.startswith(path)))

    @property
    def lows(self) -> list[str]:
        """Where each subtree's range of paths begins (inclusive)."""
        return list(self.paths)

    @property
    def highs(self) -> list[str]:
        """Where each subtree's range ends (exclusive): the dot's successor in place of the last dot."""
        return [path[:-1] + "/" for path in self.paths]

    @property
    def parameters(self) -> dict[str, Any]:
        """The values of the parameters that `in_scope` and `in_scope_or_project` leave open."""
        return {"scope_lows": self.lows, "scope_highs": self.highs, "scope_projects": list(self.projects)}
