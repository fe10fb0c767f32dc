"""Who reads the files of works: whoever may see the site that they belong to."""

from typing import TYPE_CHECKING
from uuid import UUID

from services.api.files.readers import reads
from services.core.identity.access import Permission, Principal
from services.core.works import queries
from services.core.works.commitments import COMMITMENT
from services.core.works.materials import BATCH, RECORD
from services.core.works.notices import NOTICE
from services.core.works.purchases import BOARD
from services.core.works.reviews import OPINION

if TYPE_CHECKING:
    import asyncpg


async def sees_site(connection: "asyncpg.Connection", principal: Principal, project_id: UUID | None) -> bool:
    """Whether somebody may see the site of a project."""
    if project_id is None or Permission.SITE_READ not in principal.permissions:
        return False
    scope = principal.scope(Permission.SITE_READ)
    return await queries.SITE.first(connection, project_id=project_id, **scope.parameters) is not None


def _through(subject_type: str, project_of: str) -> None:
    @reads(subject_type)
    async def may_read(
        connection: "asyncpg.Connection",
        principal: Principal,
        subject_id: UUID,
        *,
        public: bool,  # noqa: ARG001 - nothing of works is public yet
    ) -> bool:
        return await sees_site(connection, principal, await connection.fetchval(project_of, subject_id))


_through(COMMITMENT, "SELECT project_id FROM commitment WHERE id = $1")
_through(RECORD, "SELECT project_id FROM material_record WHERE id = $1")
_through(BATCH, "SELECT project_id FROM material_batch WHERE id = $1")
_through(BOARD, "SELECT project_id FROM method_board WHERE id = $1")
_through(NOTICE, "SELECT project_id FROM site_notice WHERE id = $1")
_through(OPINION, "SELECT p.project_id FROM review_opinion o JOIN review_part p ON p.id = o.part_id WHERE o.id = $1")
