"""How much whom is let send: by who he is, and on whose account he may."""

from typing import TYPE_CHECKING
from uuid import UUID

from services.core.files.quotas import Account, Quota
from services.core.identity.access import Principal
from services.core.kit.settings import Settings
from services.core.projects.queries import place

if TYPE_CHECKING:
    import asyncpg

    from services.api.security import Access


def quota_of(settings: Settings, principal: Principal) -> Quota:
    """What a resident, or somebody who works on it, may send in a day."""
    if principal.kind == "resident":
        return Quota(settings.files_per_day, settings.file_bytes_per_day)
    return Quota(settings.staff_files_per_day, settings.staff_file_bytes_per_day)


async def account_of(
    connection: "asyncpg.Connection", settings: Settings, access: "Access", project_id: UUID | None
) -> Account | None:
    """The account of a project in the caller's reach; NotFound for one outside it."""
    if project_id is None:
        return None
    if project_id not in access.scope.projects:
        await place(connection, scope=access.scope, project_id=project_id)
    return Account(project_id, settings.project_file_bytes)
