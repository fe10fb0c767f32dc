"""Who reads the files of works: whoever may see the site that they belong to; scans with names, who keeps or signed them."""

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


COMMITMENT_OF = """
SELECT c.project_id, s.organisation_id, site.region_path
FROM commitment c JOIN site_organisation s ON s.id = c.site_organisation_id JOIN site ON site.project_id = c.project_id
WHERE c.id = $1
"""


@reads(COMMITMENT)
async def of_commitment(
    connection: "asyncpg.Connection",
    principal: Principal,
    subject_id: UUID,
    *,
    public: bool,  # noqa: ARG001 - nothing of works is public yet
) -> bool:
    """The scan tells the whole name, which everybody else reads masked: for who keeps the site's papers and for that very firm."""
    row = await connection.fetchrow(COMMITMENT_OF, subject_id)
    if row is None:
        return False
    own = principal.acts_for(Permission.COMMITMENT_WRITE, project_id=row["project_id"], region_path=row["region_path"])
    return own is None or row["organisation_id"] in own


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


_through(RECORD, "SELECT project_id FROM material_record WHERE id = $1")
_through(BATCH, "SELECT project_id FROM material_batch WHERE id = $1")
_through(BOARD, "SELECT project_id FROM method_board WHERE id = $1")
_through(NOTICE, "SELECT project_id FROM site_notice WHERE id = $1")
_through(OPINION, "SELECT p.project_id FROM review_opinion o JOIN review_part p ON p.id = o.part_id WHERE o.id = $1")
