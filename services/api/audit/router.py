"""The audit, for auditors."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel, Field

from services.api.audit.schemas import AuditPage
from services.api.deps import Page, Reader
from services.api.security import Access, requires
from services.core.identity.access import Permission
from services.core.judgement.events import JudgementGiven, JudgementWasWithdrawn
from services.core.kit import audit, paging

router = APIRouter(prefix="/v1", tags=["audit"])
BY_EXPERTS = [JudgementGiven.kind, JudgementWasWithdrawn.kind]


class AuditFilter(BaseModel):
    """What to look for; all of it must hold."""

    action: str | None = Field(None, max_length=100)
    outcome: str | None = Field(None, max_length=10)
    target_type: str | None = Field(None, max_length=50)
    target_id: UUID | None = None
    actor_id: UUID | None = None


@router.get("/audit", response_model=AuditPage)
async def list_audit(
    access: Annotated[Access, requires(Permission.AUDIT_READ)],
    reader: Reader,
    page: Page,
    wanted: Annotated[AuditFilter, Query()],
) -> Response:
    """Numbered entries of the caller's regions, the newest first.

    What belongs to no region (signing in, a permission refused) is shown to those who audit a whole tree of regions. Who judged
    what at a panel of experts is shown to those who may identify experts.
    """
    after = page.after([paging.whole])
    rows = await audit.LIST.all(
        reader,
        before=after[0] if after else paging.GREATEST,
        limit=page.limit + 1,
        hidden=[] if Permission.PANEL_IDENTIFY in access.principal.permissions else BY_EXPERTS,
        sees_regionless=any(path.count(".") == 1 for path in access.scope.paths),
        **wanted.model_dump(),
        **access.scope.parameters,
    )
    items = [dict(row) for row in rows]
    return page.answer(items, lambda item: [item["seq"]])
