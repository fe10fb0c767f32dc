"""Writes rows of projects and of quantities through the use cases of the project library, row by row: its rules are the rules."""

from collections.abc import Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Any
from uuid import UUID

from services.core.exchange.regions import Place
from services.core.exchange.writing import Importing, Line, Outcome
from services.core.kit.errors import DomainError, Kind
from services.core.kit.uow import UnitOfWork
from services.core.projects import rules, service
from services.core.projects.rules import BuildingChoice, BuildingOption, FundingLine, FundingSource, Plan, PlanItem
from services.core.territory.rules import Category

if TYPE_CHECKING:
    import asyncpg

PROJECTS = """
SELECT p.id, p.no, p.title, p.region_id, p.region_path, p.client_unit, p.version,
       array(SELECT c.no FROM project_compound x JOIN compound c ON c.id = x.compound_id WHERE x.project_id = p.id) AS compounds
FROM project p WHERE p.no = ANY ($1::text[]) ORDER BY p.id
"""
COMPOUNDS = """
SELECT id, no FROM compound
WHERE no = ANY ($1::text[])
  AND EXISTS (SELECT 1 FROM unnest($2::text[], $3::text[]) AS scope(low, high)
              WHERE region_path >= scope.low AND region_path < scope.high)
"""
# Before their plans are read, and in the order of ids: nobody adds one meanwhile whose funding would be lost.
HOLD = """
SELECT id FROM project WHERE no = ANY ($1::text[])
  AND EXISTS (SELECT 1 FROM unnest($2::text[], $3::text[]) AS scope(low, high)
              WHERE region_path >= scope.low AND region_path < scope.high)
ORDER BY id FOR NO KEY UPDATE
"""
PLANS = """
SELECT p.no, p.id, p.region_path, v.items, v.budget, v.funding, v.management_mode, v.synthetic
FROM project p LEFT JOIN plan_version v ON v.project_id = p.id AND v.number = p.plan_number
WHERE p.no = ANY ($1::text[]) AND EXISTS (SELECT 1 FROM unnest($2::text[], $3::text[]) AS scope(low, high)
                                          WHERE p.region_path >= scope.low AND p.region_path < scope.high)
"""


class ProjectWriter:
    """See `writing.Writer`. A project is known by its number; a blank client unit leaves it as it is."""

    def __init__(self, uow: UnitOfWork, importing: Importing) -> None:
        self._uow, self._importing = uow, importing
        self._rows: dict[str, int] = {}

    async def finish(self) -> Sequence[Line]:
        """Every line was settled when it was written."""
        return ()

    async def write(self, lines: Sequence[Line]) -> Sequence[Line]:
        """Registers or changes each project; what the library refuses, its line says."""
        scope = self._importing.scope
        places = {line.row: place for line in lines if (place := self._importing.place_of(line)) is not None}
        good = [line for line in lines if not line.findings]
        known = {row["no"]: row for row in await self._uow.driver.fetch(PROJECTS, [line.values["no"] for line in good])}
        wanted = {no for line in good for no in line.values["compounds"]}
        rows = await self._uow.driver.fetch(COMPOUNDS, list(wanted), scope.lows, scope.highs)
        compounds = {row["no"]: row["id"] for row in rows}
        for line in good:
            first = self._rows.setdefault(line.values["no"], line.row)
            if first != line.row:
                line.wrong("row-repeated", "no", row=first)
            if not set(line.values["compounds"]) <= set(compounds):
                line.wrong("compound-unknown", "compounds")
            if not line.findings:
                await self._one(line, places[line.row], known.get(line.values["no"]), compounds)
        return lines

    async def _one(self, line: Line, place: Place, held: "asyncpg.Record | None", compounds: dict[str, UUID]) -> None:
        values = line.values
        wanted = [compounds[no] for no in values["compounds"]]
        if held is None:
            if await tried(
                self._uow,
                [line],
                service.register(
                    self._uow, scope=self._importing.scope, title=values["title"], region_id=place.id,
                    compound_ids=wanted, no=values["no"], client_unit=values.get("client_unit"),
                ),
            ):  # fmt: skip
                line.outcome = Outcome.CREATED
            return
        if not self._importing.scope.covers(held["region_path"]):
            line.wrong("no-elsewhere", "no")
            return
        if "region" in values and place.id != held["region_id"]:
            line.wrong("project-region", "region")
            return
        unit = values.get("client_unit") or held["client_unit"]
        if (values["title"], unit, set(values["compounds"])) == (
            held["title"],
            held["client_unit"],
            set(held["compounds"]),
        ):
            return
        if await tried(
            self._uow,
            [line],
            service.change(
                self._uow, scope=self._importing.scope, project_id=held["id"], version=held["version"],
                title=values["title"], client_unit=unit, compound_ids=wanted,
            ),
        ):  # fmt: skip
            line.outcome = Outcome.CHANGED


class QuantityWriter:
    """See `writing.Writer`. The rows of a project are its next plan: all of them, or none when one is wrong or none differs.

    The budget of a new plan is their sum; the management mode stays. Funding stays when it still adds up to the budget, else it
    is to be arranged anew.
    """

    def __init__(self, uow: UnitOfWork, importing: Importing) -> None:
        self._uow, self._importing = uow, importing
        self._by_project: dict[str, list[Line]] = {}
        self._last: list[Line] | None = None

    async def write(self, lines: Sequence[Line]) -> Sequence[Line]:
        """Keeps lines until a project's are all there, which only the end of the file tells.

        A line without a number is taken for one of the project above it: clerks write the number once. It is wrong, and so is
        that project's plan without it. A row of totals is no line of anybody's.
        """
        settled: list[Line] = []
        for line in lines:
            if "project_no" in line.values:
                self._last = self._by_project.setdefault(line.values["project_no"], [])
            is_total = any(finding.code == "row-total" for finding in line.findings)
            (settled if self._last is None or is_total else self._last).append(line)
        return settled

    async def finish(self) -> Sequence[Line]:
        """Adds a plan version to each project whose plan differs."""
        scope = self._importing.scope
        wanted = (list(self._by_project), scope.lows, scope.highs)
        await self._uow.driver.execute(HOLD, *wanted)
        rows = await self._uow.driver.fetch(PLANS, *wanted)
        held = {row["no"]: row for row in rows}
        for no, lines in self._by_project.items():
            await self._one(lines, held.get(no))
        return [line for lines in self._by_project.values() for line in lines]

    async def _one(self, lines: list[Line], held: "asyncpg.Record | None") -> None:
        good = [line for line in lines if not line.findings]
        if len(good) < len(lines):
            for line in good:
                line.wrong("project-torn")
            return
        if held is None:
            for line in lines:
                line.wrong("project-unknown", "project_no")
            return
        if len(lines) > rules.MAX_ITEMS:
            for line in lines:
                line.wrong("plan-long", limit=rules.MAX_ITEMS)
            return
        plan = _plan(lines, held)
        if rules.document_of(plan)["items"] == held["items"]:
            return
        added = service.add_plan(self._uow, scope=self._importing.scope, project_id=held["id"], plan=plan)
        if await tried(self._uow, lines, added):
            for line in lines:
                line.outcome = Outcome.CREATED if held["items"] is None else Outcome.CHANGED


def _plan(lines: list[Line], held: "asyncpg.Record") -> Plan:
    # What becomes of a line at each building has no column in the file: a line of the same name keeps it.
    chosen = {(item["title"], item["menu_item"]): item.get("buildings", ()) for item in held["items"] or ()}
    items = tuple(
        PlanItem(
            title=line.values["item"],
            menu_item=line.values.get("menu_item"),
            category=Category(line.values["category"]),
            quantity=line.values["quantity"],
            unit=line.values["unit"],
            cost=line.values["cost"],
            buildings=tuple(
                BuildingChoice(UUID(one["building_id"]), BuildingOption(one["option"]))
                for one in chosen.get((line.values["item"], line.values.get("menu_item")), ())
            ),
        )
        for line in lines
    )
    budget = sum((item.cost for item in items), Decimal(0))
    stays = held["budget"] == budget
    funding = tuple(
        FundingLine(FundingSource(line["source"]), Decimal(line["amount"]))
        for line in (held["funding"] if stays else ())
    )
    return Plan(items, budget, funding, held["management_mode"], bool(held["synthetic"]))


async def tried(uow: UnitOfWork, lines: Sequence[Line], use_case: Any) -> bool:
    """Whether a use case went through; what it refuses is noted with each line and undone. What may pass by itself is raised."""
    try:
        async with uow.driver.transaction():
            await use_case
            await uow.flush()
    except DomainError as refusal:
        uow.session.expunge_all()
        if refusal.kind is Kind.UNAVAILABLE:
            raise
        why = {"zh": refusal.errors[0].zh, "en": refusal.errors[0].en} if refusal.errors else {}
        for line in lines:
            line.wrong(refusal.code, **why)
        return False
    return True
