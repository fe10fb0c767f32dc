"""Routes of the bureaus' approvals and of the confirmation: translate only."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Response

from services.api.deps import Reader, Uow, reply
from services.api.security import Access, requires
from services.api.selection.annual_schemas import ApprovalIn, ApprovalOut, ApprovalsOut, ConfirmationOut, ConfirmIn
from services.core.identity.access import Permission
from services.core.selection import annual_queries, approving, confirming, queries
from services.core.selection.annual_models import Opinion

router = APIRouter(prefix="/v1", tags=["selection"])


@router.get("/rounds/{round_id}/approvals", response_model=ApprovalsOut)
async def list_approvals(
    access: Annotated[Access, requires(Permission.ROUND_READ)], reader: Reader, round_id: UUID
) -> Response:
    """What the bureaus have said of each publication, and who has not approved the one that stands."""
    found = await queries.round_of(reader, scope=access.scope, round_id=round_id)
    required = await approving.bureaus(reader, found)
    standing = await annual_queries.STANDING.first(reader, round_id=round_id)
    items = [
        ApprovalOut.model_validate(dict(row)) for row in await annual_queries.APPROVALS.all(reader, round_id=round_id)
    ]
    approved = {
        one.bureau
        for one in items
        if standing is not None and one.publication_id == standing["id"] and one.opinion is Opinion.APPROVE
    }
    missing = [bureau for bureau in required if bureau not in approved]
    out = ApprovalsOut(required=list(required), missing=missing, items=items)
    return Response(out.model_dump_json(), media_type="application/json")


@router.post("/rounds/{round_id}/approvals", status_code=201, response_model=ApprovalOut)
async def give_approval(
    access: Annotated[Access, requires(Permission.ROUND_APPROVE)], uow: Uow, round_id: UUID, body: ApprovalIn
) -> Response:
    """A bureau approves what is published, and may fix budgets and client units; or returns it, which reopens the round.

    A department answers for the bureau that it was given; the city records the paper of any.
    """
    approval_id = await approving.answer(
        uow, scope=access.scope, by=access.principal, round_id=round_id, given=body.answer()
    )
    rows = await annual_queries.APPROVALS.all(uow.driver, round_id=round_id)
    made = next(ApprovalOut.model_validate(dict(row)) for row in rows if row["id"] == approval_id)
    return reply(uow, 201, made, location=f"/v1/rounds/{round_id}/approvals")


@router.post("/runs/{run_id}/confirm", status_code=201, response_model=ConfirmationOut)
async def confirm_run(
    access: Annotated[Access, requires(Permission.ROUND_CONFIRM)], uow: Uow, run_id: UUID, body: ConfirmIn
) -> Response:
    """The run that stands published becomes part of the annual plan; what is still missing is named."""
    made = await confirming.confirm(
        uow, scope=access.scope, run_id=run_id, document=body.document, issued_on=body.issued_on
    )
    out = ConfirmationOut(**{name: getattr(made, name) for name in ConfirmationOut.model_fields})
    return reply(uow, 201, out, location=f"/v1/rounds/{made.round_id}")
