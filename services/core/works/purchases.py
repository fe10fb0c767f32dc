"""Use cases of joint purchases (domain.md I5) and of method boards on a site."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING
from uuid import UUID

from services.core.files import service as files
from services.core.identity.queries import REGION_IN_SCOPE
from services.core.kit.calendar import day_of
from services.core.kit.errors import FieldError, NotFound
from services.core.kit.ids import new_id
from services.core.kit.scope import Scope
from services.core.kit.uow import UnitOfWork
from services.core.works import queries, rules
from services.core.works.errors import BoardTakenDown, MaterialInvalid, SiteStateWrong
from services.core.works.events import BoardPutUp, BoardTaken, PurchaseMade
from services.core.works.parties import ORGANISATION

if TYPE_CHECKING:
    import asyncpg
    from asyncpg import Record

PURCHASE, BOARD = "purchase", "method_board"
"""Subjects of events; the second also of files."""

BUY = """
INSERT INTO purchase (id, region_id, region_path, organisation_id, title, document, ordered_on, made_by, made_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
"""
_PURCHASE = """
SELECT p.id, p.region_id, region.name AS region_name, p.organisation_id, o.name AS organisation_name, p.title, p.document,
       p.ordered_on, p.made_at, (SELECT count(DISTINCT project_id) FROM material_batch WHERE purchase_id = p.id) AS sites
FROM purchase p JOIN region ON region.id = p.region_id JOIN organisation o ON o.id = p.organisation_id
"""
# Inside a scope ($2, $3), or around it: a street's sites draw on what their city bought.
_SEEN = """
EXISTS (SELECT FROM unnest($2::text[], $3::text[]) AS scope(low, high)
        WHERE (p.region_path >= scope.low AND p.region_path < scope.high) OR starts_with(scope.low, p.region_path))
"""
ONE = f"{_PURCHASE} WHERE p.id = $1 AND {_SEEN}"
PAGE = (
    f"{_PURCHASE} WHERE p.id > $1 AND {_SEEN} AND ($4::uuid IS NULL OR p.organisation_id = $4) ORDER BY p.id LIMIT $5"
)
PUT_UP = """
INSERT INTO method_board (id, project_id, title, work, place, put_up_on, recorded_by, recorded_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
"""
TAKE_DOWN = "UPDATE method_board SET taken_down_by = $2, taken_down_at = $3 WHERE id = $1"
_BOARD = """
SELECT b.id, b.title, b.work, b.place, b.put_up_on, b.recorded_by, b.recorded_at, b.taken_down_at,
       ARRAY(SELECT file_id FROM file_use WHERE subject_type = 'method_board' AND subject_id = b.id ORDER BY position) AS file_ids
FROM method_board b
"""
ONE_BOARD = f"{_BOARD} WHERE b.project_id = $1 AND b.id = $2"
BOARDS = f"""
{_BOARD}
WHERE b.project_id = $1 AND b.id > $2 AND ($4::boolean IS NULL OR (b.taken_down_at IS NULL) = $4) ORDER BY b.id LIMIT $3
"""


@dataclass(frozen=True, slots=True)
class Order:
    """What several projects bought together: of whom, by which contract, when."""

    organisation_id: UUID
    title: str
    document: str
    ordered_on: date


@dataclass(frozen=True, slots=True)
class Board:
    """What a board shows, of which work, where it hangs and since when."""

    title: str
    work: str
    place: str
    put_up_on: date


async def buy(uow: UnitOfWork, *, scope: Scope, region_id: UUID, order: Order) -> UUID:
    """A purchase for the sites of a region's subtree; its id. MaterialInvalid names every wrong place."""
    region = await REGION_IN_SCOPE.first(uow.driver, region_id=region_id, **scope.parameters)
    if region is None:
        raise MaterialInvalid.at("/region_id", zh="没有这个区域，或不在您的管辖范围内", en="is no region of yours")
    errors = []
    if await uow.driver.fetchrow(ORGANISATION, order.organisation_id, region["path"]) is None:
        errors.append(FieldError("/organisation_id", "没有这家单位", "is no organisation of this region"))
    if order.ordered_on > day_of(uow.now):
        errors.append(FieldError("/ordered_on", "不得晚于今日", "is a day to come"))
    if errors:
        raise MaterialInvalid(errors=errors)
    purchase_id = new_id()
    await uow.driver.execute(
        BUY,
        purchase_id,
        region_id,
        region["path"],
        order.organisation_id,
        order.title,
        order.document,
        order.ordered_on,
        uow.actor.id,
        uow.now,
    )
    uow.record(
        PurchaseMade(organisation_id=order.organisation_id),
        subject=PURCHASE,
        subject_id=purchase_id,
        region_path=region["path"],
    )
    return purchase_id


async def put_up(uow: UnitOfWork, *, scope: Scope, project_id: UUID, board: Board, file_ids: Sequence[UUID]) -> UUID:
    """A board hangs on the site, as its picture shows; its id. NotFound, SiteStateWrong, MaterialInvalid for a day to come."""
    site = await queries.held(uow.driver, scope=scope, project_id=project_id)
    if site["state"] in rules.OVER:
        raise SiteStateWrong(state=site["state"])
    if board.put_up_on > day_of(uow.now):
        raise MaterialInvalid.at("/put_up_on", zh="不得晚于今日", en="is a day to come")
    board_id = new_id()
    await uow.driver.execute(
        PUT_UP, board_id, project_id, board.title, board.work, board.place, board.put_up_on, uow.actor.id, uow.now
    )
    await files.attach(uow, file_ids=file_ids, subject_type=BOARD, subject_id=board_id, region_path=site["region_path"])
    _tell_board(uow, site, board_id, BoardPutUp(project_id=project_id))
    return board_id


async def take_down(uow: UnitOfWork, *, scope: Scope, project_id: UUID, board_id: UUID) -> None:
    """It hangs there no more; it stays to be read. NotFound, BoardTakenDown."""
    site = await queries.locked(uow.driver, scope=scope, project_id=project_id)
    held = await board_of(uow.driver, project_id=project_id, board_id=board_id)
    if held["taken_down_at"] is not None:
        raise BoardTakenDown
    await uow.driver.execute(TAKE_DOWN, board_id, uow.actor.id, uow.now)
    _tell_board(uow, site, board_id, BoardTaken(project_id=project_id))


async def purchase_of(driver: "asyncpg.Connection", *, scope: Scope, purchase_id: UUID) -> "Record":
    """A purchase of the caller's regions or of those around; NotFound otherwise."""
    row = await driver.fetchrow(ONE, purchase_id, scope.lows, scope.highs)
    if row is None:
        raise NotFound
    return row


async def board_of(driver: "asyncpg.Connection", *, project_id: UUID, board_id: UUID) -> "Record":
    """A board of a site that the caller may see; NotFound otherwise."""
    row = await driver.fetchrow(ONE_BOARD, project_id, board_id)
    if row is None:
        raise NotFound
    return row


def _tell_board(uow: UnitOfWork, site: "Record", board_id: UUID, happened: BoardPutUp | BoardTaken) -> None:
    uow.record(happened, subject=BOARD, subject_id=board_id, region_path=site["region_path"])
