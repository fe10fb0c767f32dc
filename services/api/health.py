"""Is it alive, is it ready, and what its problems mean."""

from typing import Any

from fastapi import APIRouter, Request
from sqlalchemy import text

from services.api.problems import STATUS, RouteNotFound
from services.core.kit.errors import DomainError, Kind, catalogue
from services.core.kit.schema_version import head

router = APIRouter(tags=["health"])


class NotReady(DomainError):
    code, kind = "not-ready", Kind.UNAVAILABLE
    title_zh, title_en = "服务尚未就绪", "The service is not ready"


@router.get("/healthz")
async def healthz() -> dict[str, str]:
    """The process answers. Says nothing of the database."""
    return {"status": "alive"}


@router.get("/readyz")
async def readyz(request: Request) -> dict[str, Any]:
    """Database reachable and migrations at head. The age of the oldest due job is told, for an alert: a late worker is no reason to
    turn requests away, which are accepted and wait in the ledger.
    """
    async with request.app.state.database.engine.connect() as connection:
        found = (await connection.execute(text("SELECT to_regclass('alembic_version')"))).scalar()
        at = (await connection.execute(text("SELECT version_num FROM alembic_version"))).scalar() if found else None
        if at != head():
            raise NotReady(
                zh="数据库版本与程序不一致", en="The database is not at this program's migration", database=at
            )
        oldest = (
            await connection.execute(
                text(
                    "SELECT coalesce(extract(epoch FROM now() - min(run_at)), 0)::int FROM job"
                    " WHERE failed_at IS NULL AND run_at <= now()"
                )
            )
        ).scalar()
    return {"status": "ready", "migration": at, "oldest_due_job_seconds": oldest}


@router.get("/problems")
async def problems() -> dict[str, Any]:
    """Every problem code with its status and titles."""
    return {"items": [_entry(error) for error in catalogue()]}


@router.get("/problems/{code}")
async def problem(code: str) -> dict[str, Any]:
    """One problem code."""
    for error in catalogue():
        if error.code == code:
            return _entry(error)
    raise RouteNotFound


def _entry(error: type[DomainError]) -> dict[str, Any]:
    status = 500 if error.code == "internal" else STATUS[error.kind]
    return {"code": error.code, "status": status, "title": {"zh-CN": error.title_zh, "en": error.title_en}}
