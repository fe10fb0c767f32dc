"""Routes of routing rules: translate only."""

from collections.abc import Mapping
from datetime import time
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, Response

from services.api.deps import IfMatch, Page, Reader, Uow, etag, reply
from services.api.desks.schemas import (
    CaseIn,
    ConditionsIn,
    ConditionsOut,
    RoutingOut,
    RuleChangeIn,
    RuleIn,
    RuleOut,
    RulePage,
    RuleQuery,
    RuleVersionOut,
    RuleVersionPage,
    TriedOut,
    UnmetOut,
)
from services.api.security import Access, requires
from services.core.desks import queries, routing
from services.core.desks.rules import WHY_NOT, Case, Conditions
from services.core.hotline import assigning, desk_queries
from services.core.hotline.errors import CategoryUnknown
from services.core.identity.access import Permission
from services.core.identity.queries import REGION_IN_SCOPE
from services.core.kit.errors import NotFound
from services.core.kit.paging import whole

router = APIRouter(prefix="/v1/routing-rules", tags=["desks"])
NONE = UUID(int=0)

Reading = Annotated[Access, requires(Permission.DESK_READ)]
Writing = Annotated[Access, requires(Permission.DESK_WRITE)]


@router.get("", response_model=RulePage)
async def list_rules(access: Reading, reader: Reader, page: Page, query: Annotated[RuleQuery, Query()]) -> Response:
    """Rules of the caller's regions."""
    path, default, position, after = page.after((str, _flag, whole, UUID)) or ("", False, -1, NONE)
    rows = await queries.RULES.all(
        reader,
        desk_id=query.desk_id,
        valid=query.valid,
        after_path=path,
        after_default=default,
        after_position=min(position, 2**31 - 1),
        after_id=after,
        limit=page.limit + 1,
        **access.scope.parameters,
    )
    paths = {str(row["id"]): row["region_path"] for row in rows}
    items = [_shown(row).model_dump(mode="json") for row in rows]
    return page.answer(items, lambda row: (paths[row["id"]], int(row["is_default"]), row["position"], row["id"]))


@router.post("", status_code=201, response_model=RuleOut)
async def make_rule(access: Writing, uow: Uow, body: RuleIn) -> Response:
    """A new rule. Its desks answer for every region that it reaches."""
    await assigning.check_categories(uow.driver, body.conditions.categories or (), pointer="/conditions/categories")
    rule_id = await routing.make(
        uow, scope=access.scope, region_id=body.region_id, is_default=body.is_default, wanted=_wanted(body)
    )
    return await _answer(access, uow, rule_id, 201)


@router.post("/check", response_model=RoutingOut)
async def check_case(access: Reading, uow: Uow, body: CaseIn) -> Response:
    """Tries a case against the rules and says why each applies or not. Nothing is written."""
    region = await REGION_IN_SCOPE.first(uow.driver, region_id=body.region_id, **access.scope.parameters)
    if region is None:
        raise NotFound
    line = await uow.driver.fetchrow(desk_queries.LINE, body.category)
    if line is None:
        raise CategoryUnknown.at("/category", zh="没有这一类别", en="is no category")
    case = Case(
        categories=(line["code"],) if line["parent"] is None else (line["code"], line["parent"]),
        region_path=region["path"],
        channel=body.channel,
        at=body.at or uow.now,
        project_id=body.project_id,
        organisation_id=body.organisation_id,
    )
    return reply(uow, 200, explained(await routing.routing_of(uow.driver, case)))


@router.get("/{routing_rule_id}", response_model=RuleOut)
async def get_rule(access: Reading, reader: Reader, routing_rule_id: UUID) -> Response:
    """One rule with its newest version."""
    row = await queries.rule_of(reader, scope=access.scope, rule_id=routing_rule_id)
    return Response(
        _shown(row).model_dump_json(), headers={"ETag": etag(row["version"])}, media_type="application/json"
    )


@router.get("/{routing_rule_id}/versions", response_model=RuleVersionPage)
async def list_versions(access: Reading, reader: Reader, page: Page, routing_rule_id: UUID) -> Response:
    """Everything that the rule ever said."""
    (after,) = page.after((whole,)) or (0,)
    await queries.rule_of(reader, scope=access.scope, rule_id=routing_rule_id)
    rows = await queries.RULE_VERSIONS.all(
        reader, rule_id=routing_rule_id, after=min(after, 2**31 - 1), limit=page.limit + 1
    )
    items = [
        RuleVersionOut.model_validate({**row, "conditions": _conditions_out(row["conditions"])}).model_dump(mode="json")
        for row in rows
    ]
    return page.answer(items, lambda row: (row["number"],))


@router.put("/{routing_rule_id}", response_model=RuleOut)
async def change_rule(
    access: Writing, uow: Uow, routing_rule_id: UUID, version: IfMatch, body: RuleChangeIn
) -> Response:
    """A new version, which takes the place of the one before from `valid_from` on."""
    await assigning.check_categories(uow.driver, body.conditions.categories or (), pointer="/conditions/categories")
    await routing.change(uow, scope=access.scope, rule_id=routing_rule_id, version=version, wanted=_wanted(body))
    return await _answer(access, uow, routing_rule_id, 200)


@router.post("/{routing_rule_id}/end", response_model=RuleOut)
async def end_rule(access: Writing, uow: Uow, routing_rule_id: UUID, version: IfMatch) -> Response:
    """The rule sends nothing any more. A later change lets it begin anew."""
    await routing.end(uow, scope=access.scope, rule_id=routing_rule_id, version=version)
    return await _answer(access, uow, routing_rule_id, 200)


def explained(found: routing.Routing) -> RoutingOut:
    """A routing in words."""
    return RoutingOut(
        rule_id=None if found.rule is None else found.rule.id,
        number=None if found.rule is None else found.rule.number,
        desk_id=found.desk_id,
        desk_title=None if found.desk_id is None else found.titles[found.desk_id],
        co_desk_ids=list(found.co_desk_ids),
        tried=[
            TriedOut(
                rule_id=one.rule.id,
                number=one.rule.number,
                title=found.titles[one.rule.id],
                is_default=one.rule.is_default,
                unmet=[UnmetOut(condition=each, zh=WHY_NOT[each][0], en=WHY_NOT[each][1]) for each in one.unmet],
            )
            for one in found.tried
        ],
    )


def _wanted(body: RuleChangeIn) -> routing.Wanted:
    return routing.Wanted(
        title=body.title,
        position=body.position,
        conditions=_conditions(body.conditions),
        region_ids=tuple(body.conditions.region_ids or ()),
        desk_id=body.desk_id,
        co_desk_ids=tuple(body.co_desk_ids),
        valid_from=body.valid_from,
        valid_until=body.valid_until,
    )


def _conditions(given: ConditionsIn) -> Conditions:
    return Conditions(
        categories=None if given.categories is None else frozenset(given.categories),
        projects=None if given.project_ids is None else frozenset(given.project_ids),
        organisations=None if given.organisation_ids is None else frozenset(given.organisation_ids),
        channels=None if given.channels is None else frozenset(given.channels),
        weekdays=None if given.weekdays is None else frozenset(given.weekdays),
        working_day=given.working_day,
        since=None if given.since is None else time.fromisoformat(given.since),
        until=None if given.until is None else time.fromisoformat(given.until),
    )


def _conditions_out(kept: Mapping[str, Any]) -> ConditionsOut:
    return ConditionsOut(
        categories=kept.get("categories"),
        region_ids=[region["id"] for region in kept["regions"]] if "regions" in kept else None,
        project_ids=kept.get("projects"),
        organisation_ids=kept.get("organisations"),
        channels=kept.get("channels"),
        weekdays=kept.get("weekdays"),
        working_day=kept.get("working_day"),
        since=kept.get("since"),
        until=kept.get("until"),
    )


def _shown(row: Mapping[str, Any]) -> RuleOut:
    return RuleOut.model_validate({**row, "conditions": _conditions_out(row["conditions"])})


def _flag(text: str) -> bool:
    if text not in {"0", "1"}:
        raise ValueError(text)
    return text == "1"


async def _answer(access: Access, uow: Uow, rule_id: UUID, status: int) -> Response:
    row = await queries.rule_of(uow.driver, scope=access.scope, rule_id=rule_id)
    location = f"/v1/routing-rules/{rule_id}" if status == 201 else None
    return reply(uow, status, _shown(row), version=row["version"], location=location)
