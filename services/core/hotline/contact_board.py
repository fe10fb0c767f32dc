"""The contact board of a site (C2): whom to turn to, at which desk, by which telephone. Of desks, never of people's own numbers."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import UUID

from services.core.hotline.public_errors import BoardInputInvalid
from services.core.hotline.public_events import ContactBoardChanged
from services.core.kit.errors import NotFound, VersionStale
from services.core.kit.scope import Scope
from services.core.kit.uow import UnitOfWork
from services.core.projects import queries as projects

if TYPE_CHECKING:
    import asyncpg

# Version 0 is the board that nobody has made yet. Two who make it, or change it, at once: one finds it changed.
WRITE = """
INSERT INTO contact_board (project_id, hours, changed_by, changed_at, version)
SELECT $1, $2, $3, $4, 1 WHERE $5 = 0
ON CONFLICT (project_id) DO NOTHING RETURNING version
"""
CHANGE = """
UPDATE contact_board SET hours = $2, changed_by = $3, changed_at = $4, version = version + 1
WHERE project_id = $1 AND version = $5 RETURNING version
"""
CLEAR = "DELETE FROM contact_board_line WHERE project_id = $1"
FILL = """
INSERT INTO contact_board_line (project_id, position, duty, who, desk_id)
SELECT $1, position, duty, who, desk_id
FROM unnest($2::text[], $3::text[], $4::uuid[]) WITH ORDINALITY AS line(duty, who, desk_id, position)
"""
# A desk that answers for the project's place, or for a part of it.
DESKS = """
SELECT id, phone IS NOT NULL AS reachable FROM desk
WHERE id = ANY ($1::uuid[]) AND closed_at IS NULL AND (starts_with($2, region_path) OR starts_with(region_path, $2))
FOR SHARE
"""
BOARD = """
SELECT p.id AS project_id, p.no, p.title, b.hours, b.changed_at, coalesce(b.version, 0) AS version
FROM project p LEFT JOIN contact_board b ON b.project_id = p.id WHERE p.id = $1
"""
# A desk that was closed since is told no more.
LINES = """
SELECT l.duty, l.who, l.desk_id, d.title AS desk, o.name AS organisation, d.phone
FROM contact_board_line l JOIN desk d ON d.id = l.desk_id LEFT JOIN organisation o ON o.id = d.organisation_id
WHERE l.project_id = $1 AND d.closed_at IS NULL ORDER BY l.position
"""


@dataclass(frozen=True, slots=True)
class Line:
    """What for, which desk, who answers there: an office or a name, as the site chooses; never a number."""

    duty: str
    desk_id: UUID
    who: str | None


async def put(
    uow: UnitOfWork, *, scope: Scope, project_id: UUID, version: int, hours: str | None, lines: Sequence[Line]
) -> None:
    """The whole board anew; `version` 0 while there is none. NotFound, VersionStale.

    BoardInputInvalid for a desk that is closed, of another place, or has no telephone of its own.
    """
    path = await projects.place(uow.driver, scope=scope, project_id=project_id)
    known = {row["id"]: row["reachable"] for row in await uow.driver.fetch(DESKS, [one.desk_id for one in lines], path)}
    for index, line in enumerate(lines):
        if not known.get(line.desk_id):
            reason = ("不是本地的在用席位", "is no open desk of this place")
            if line.desk_id in known:
                reason = ("该席位没有值班电话", "has no telephone of its own")
            raise BoardInputInvalid.at(f"/lines/{index}/desk_id", zh=reason[0], en=reason[1])
    statement = CHANGE if version else WRITE
    written = await uow.driver.fetchval(statement, project_id, hours, uow.actor.id, uow.now, version)
    if written is None:
        raise VersionStale
    await uow.driver.execute(CLEAR, project_id)
    await uow.driver.execute(
        FILL, project_id, [one.duty for one in lines], [one.who for one in lines], [one.desk_id for one in lines]
    )
    uow.record(
        ContactBoardChanged(version=written, lines=len(lines)),
        subject="project",
        subject_id=project_id,
        region_path=path,
    )


async def board_of(driver: "asyncpg.Connection", *, project_id: UUID) -> "tuple[asyncpg.Record, list[asyncpg.Record]]":
    """What everybody may read of a site: the board and its lines. NotFound where nobody made one."""
    board = await driver.fetchrow(BOARD, project_id)
    if board is None or not board["version"]:
        raise NotFound
    return board, await driver.fetch(LINES, project_id)


async def board_in(
    driver: "asyncpg.Connection", *, scope: Scope, project_id: UUID
) -> "tuple[asyncpg.Record, list[asyncpg.Record]]":
    """The same for whoever may change it, an empty one of version 0 where nobody made one. NotFound for a project outside."""
    await projects.place(driver, scope=scope, project_id=project_id)
    return await driver.fetchrow(BOARD, project_id), await driver.fetch(LINES, project_id)
