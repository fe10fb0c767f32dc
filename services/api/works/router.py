"""Routes of sites: translate only."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel

from services.api.deps import IfMatch, Page, Reader, Uow, etag, reply
from services.api.security import Access, requires
from services.api.wire import PageOnly
from services.api.works.schemas import (
    PostOut,
    PostPage,
    SiteChangeIn,
    SiteEntryOut,
    SiteEntryPage,
    SiteIn,
    SiteMoveIn,
    SiteOrganisationIn,
    SiteOrganisationOut,
    SiteOrganisationPage,
    SiteOrganisationQuery,
    SiteOut,
    SitePage,
    SitePersonIn,
    SitePersonOut,
    SitePersonPage,
    SitePersonQuery,
    SiteQuery,
)
from services.core.identity.access import Permission
from services.core.works import parties, queries, service
from services.core.works.rules import Action

router = APIRouter(prefix="/v1", tags=["works"])
NONE = UUID(int=0)

Own = Annotated[Access, requires(Permission.ME)]
Reading = Annotated[Access, requires(Permission.SITE_READ)]
Writing = Annotated[Access, requires(Permission.SITE_WRITE)]


@router.get("/sites", response_model=SitePage)
async def list_sites(access: Reading, reader: Reader, page: Page, query: Annotated[SiteQuery, Query()]) -> Response:
    """Sites of the caller's regions, and those where he has a post."""
    path, after = page.after((str, UUID)) or ("", NONE)
    rows = await queries.SITES.all(
        reader,
        **query.model_dump(exclude={"limit", "cursor"}),
        after_path=path,
        after_id=after,
        limit=page.limit + 1,
        **access.scope.parameters,
    )
    paths = {str(row["project_id"]): row["region_path"] for row in rows}
    return page.answer(listed(SiteOut, rows), lambda row: (paths[row["project_id"]], row["project_id"]))


@router.get("/me/sites", response_model=PostPage)
async def list_own_posts(access: Own, reader: Reader, page: Page, _query: Annotated[PageOnly, Query()]) -> Response:
    """The sites where the caller has a post, for whom and in which role."""
    (after,) = page.after((UUID,)) or (NONE,)
    rows = await queries.POSTS.all(
        reader,
        staff_id=access.principal.id,
        project_ids=[post.project_id for post in access.principal.posts],
        after=after,
        limit=page.limit + 1,
    )
    return page.answer(listed(PostOut, rows), lambda row: (row["site_person_id"],))


@router.post("/projects/{project_id}/site", status_code=201, response_model=SiteOut)
async def open_site(access: Writing, uow: Uow, project_id: UUID, body: SiteIn) -> Response:
    """The works of a project in an annual plan are prepared from now on."""
    await service.open_site(uow, scope=access.scope, project_id=project_id, planned=body.planned())
    return await _answer(access, uow, project_id, 201)


@router.get("/projects/{project_id}/site", response_model=SiteOut)
async def get_site(access: Reading, reader: Reader, project_id: UUID) -> Response:
    """The works of a project, and where they stand."""
    row = await queries.site_of(reader, scope=access.scope, project_id=project_id)
    content = SiteOut.model_validate(dict(row)).model_dump_json()
    return Response(content, headers={"ETag": etag(row["version"])}, media_type="application/json")


@router.put("/projects/{project_id}/site", response_model=SiteOut)
async def change_site(access: Writing, uow: Uow, project_id: UUID, version: IfMatch, body: SiteChangeIn) -> Response:
    """New dates or another risk grade; once works have started, with a reason."""
    await service.change(
        uow, scope=access.scope, project_id=project_id, version=version, planned=body.planned(), reason=body.reason
    )
    return await _answer(access, uow, project_id, 200)


@router.post("/projects/{project_id}/site/prepared", response_model=SiteOut)
async def declare_prepared(access: Writing, uow: Uow, project_id: UUID, version: IfMatch, body: SiteMoveIn) -> Response:
    """All that comes before the works is done."""
    return await _act(access, uow, project_id, version, Action.PREPARED, body)


@router.post("/projects/{project_id}/site/reopen", response_model=SiteOut)
async def reopen_site(access: Writing, uow: Uow, project_id: UUID, version: IfMatch, body: SiteMoveIn) -> Response:
    """Takes back that it was prepared, or finished: it was said too early. Needs a reason."""
    return await _act(access, uow, project_id, version, Action.REOPEN, body)


@router.get("/projects/{project_id}/site/entries", response_model=SiteEntryPage)
async def list_entries(
    access: Reading, reader: Reader, page: Page, project_id: UUID, _query: Annotated[PageOnly, Query()]
) -> Response:
    """The site's way so far, and every earlier version of its dates and grade."""
    (after,) = page.after((UUID,)) or (NONE,)
    await queries.site_of(reader, scope=access.scope, project_id=project_id)
    rows = await queries.ENTRIES.all(reader, project_id=project_id, after=after, limit=page.limit + 1)
    return page.answer(listed(SiteEntryOut, rows), by_id)


@router.get("/projects/{project_id}/site/organisations", response_model=SiteOrganisationPage)
async def list_organisations(
    access: Reading, reader: Reader, page: Page, project_id: UUID, query: Annotated[SiteOrganisationQuery, Query()]
) -> Response:
    """Who takes part in the works, and who did."""
    (after,) = page.after((UUID,)) or (NONE,)
    await queries.site_of(reader, scope=access.scope, project_id=project_id)
    rows = await queries.ORGANISATIONS.all(
        reader,
        project_id=project_id,
        **query.model_dump(exclude={"limit", "cursor"}),
        after=after,
        limit=page.limit + 1,
    )
    return page.answer(listed(SiteOrganisationOut, rows), by_id)


@router.post("/projects/{project_id}/site/organisations", status_code=201, response_model=SiteOrganisationOut)
async def add_organisation(access: Writing, uow: Uow, project_id: UUID, body: SiteOrganisationIn) -> Response:
    """An organisation of the register takes part. Of the five responsible parties there is one each at a time."""
    joined = await parties.join(uow, scope=access.scope, project_id=project_id, **body.model_dump())
    return await _organisation(uow, project_id, joined, 201)


@router.post(
    "/projects/{project_id}/site/organisations/{site_organisation_id}/leave", response_model=SiteOrganisationOut
)
async def end_organisation(access: Writing, uow: Uow, project_id: UUID, site_organisation_id: UUID) -> Response:
    """It takes no part any more, and its people lose their posts."""
    await parties.leave(uow, scope=access.scope, project_id=project_id, site_organisation_id=site_organisation_id)
    return await _organisation(uow, project_id, site_organisation_id, 200)


@router.get("/projects/{project_id}/site/people", response_model=SitePersonPage)
async def list_people(
    access: Reading, reader: Reader, page: Page, project_id: UUID, query: Annotated[SitePersonQuery, Query()]
) -> Response:
    """Who acts for whom on the site, and who did."""
    (after,) = page.after((UUID,)) or (NONE,)
    await queries.site_of(reader, scope=access.scope, project_id=project_id)
    rows = await queries.PEOPLE.all(
        reader,
        project_id=project_id,
        **query.model_dump(exclude={"limit", "cursor"}),
        after=after,
        limit=page.limit + 1,
    )
    return page.answer(listed(SitePersonOut, rows), by_id)


@router.post("/projects/{project_id}/site/people", status_code=201, response_model=SitePersonOut)
async def post_person(access: Writing, uow: Uow, project_id: UUID, body: SitePersonIn) -> Response:
    """Somebody with the role `site` acts for an organisation here: he sees this site, and what his role allows."""
    posted = await parties.post(uow, scope=access.scope, project_id=project_id, **body.model_dump())
    return await _person(uow, project_id, posted, 201)


@router.post("/projects/{project_id}/site/people/{site_person_id}/leave", response_model=SitePersonOut)
async def withdraw_person(access: Writing, uow: Uow, project_id: UUID, site_person_id: UUID) -> Response:
    """He loses his post."""
    await parties.withdraw(uow, scope=access.scope, project_id=project_id, site_person_id=site_person_id)
    return await _person(uow, project_id, site_person_id, 200)


def listed(kind: type[BaseModel], rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Rows as a list answers them."""
    return [kind.model_validate(dict(row)).model_dump(mode="json") for row in rows]


def by_id(row: Mapping[str, Any]) -> tuple[Any, ...]:
    """The key of a list in the order of ids."""
    return (row["id"],)


async def _act(access: Access, uow: Uow, project_id: UUID, version: int, action: Action, body: SiteMoveIn) -> Response:
    await service.act(
        uow, scope=access.scope, project_id=project_id, version=version, action=action, **body.model_dump()
    )
    return await _answer(access, uow, project_id, 200)


async def _answer(access: Access, uow: Uow, project_id: UUID, status: int) -> Response:
    row = await queries.site_of(uow.driver, scope=access.scope, project_id=project_id)
    location = f"/v1/projects/{project_id}/site" if status == 201 else None
    return reply(uow, status, SiteOut.model_validate(dict(row)), version=row["version"], location=location)


async def _organisation(uow: Uow, project_id: UUID, site_organisation_id: UUID, status: int) -> Response:
    row = await queries.organisation_on_site(
        uow.driver, project_id=project_id, site_organisation_id=site_organisation_id
    )
    return reply(uow, status, SiteOrganisationOut.model_validate(dict(row)))


async def _person(uow: Uow, project_id: UUID, site_person_id: UUID, status: int) -> Response:
    row = await queries.person_on_site(uow.driver, project_id=project_id, site_person_id=site_person_id)
    return reply(uow, status, SitePersonOut.model_validate(dict(row)))
