"""What is printed of a run and of an annual plan, with what a reader needs to judge it. Plain data; its look is the web's."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import TYPE_CHECKING, Any
from uuid import UUID

from services.core.kit.errors import NotFound
from services.core.kit.exact import decimal_text
from services.core.kit.scope import Scope
from services.core.policy import queries as policies
from services.core.policy.schema import Policy
from services.core.projects import queries as project_queries
from services.core.selection import annual_queries, plan_queries, queries, run_queries, service
from services.core.selection.annual_models import PlanList
from services.core.selection.errors import PrintTooLong, RunNotDone
from services.core.selection.models import RunState
from services.core.selection.snapshot import Notice, facts_shown, how_to_object, names_of, result_document

if TYPE_CHECKING:
    import asyncpg

MOST_ROWS = 2000
"""Most projects of a ranking on a page or a sheet; more are printed one partition at a time."""

MOST_ENTRIES = 10_000
"""Most projects of a plan on a sheet; more are printed one region at a time."""

# The joint issues that plans ($1) rest on.
ISSUED = """
SELECT s.title, c.document, c.issued_on FROM round_confirmation c JOIN selection_round s ON s.id = c.round_id
WHERE c.plan_id = ANY ($1::uuid[]) ORDER BY c.confirmed_at, c.round_id
"""
# Of projects ($2) those that rested on made-up figures in the run ($1) that put them into a plan.
SYNTHETIC = """
SELECT c.project_id FROM unnest($1::uuid[], $2::uuid[]) AS x(run_id, project_id)
JOIN run r ON r.id = x.run_id JOIN freeze_candidate c ON c.freeze_id = r.freeze_id AND c.project_id = x.project_id
WHERE c.synthetic <> '[]'
"""


@dataclass(frozen=True, slots=True)
class Ranking:
    """A finished run as it is printed. `results`: as a publication shows them, by partition and rank."""

    document: Mapping[str, Any]
    results: tuple[Mapping[str, Any], ...]
    finished_at: datetime

    @property
    def page(self) -> dict[str, Any]:
        """The same with the results grouped by partition."""
        groups = groupby(self.results, key=lambda one: one["partition"])
        return {
            **self.document,
            "partitions": [(name, list(members)) for name, members in groups],
            "has_synthetic": any(one["synthetic"] for one in self.results),
        }


async def ranking(driver: "asyncpg.Connection", *, scope: Scope, run_id: UUID, partition: str | None) -> Ranking:
    """A finished run, whole or one partition. NotFound outside `scope`, RunNotDone before it is finished, PrintTooLong."""
    run = await run_queries.run_of(driver, scope=scope, run_id=run_id)
    if run["state"] != RunState.DONE:
        raise RunNotDone
    found = await queries.round_of(driver, scope=scope, round_id=run["round_id"])
    rows = await run_queries.PRINTED.all(driver, run_id=run_id, partition=partition, limit=MOST_ROWS + 1)
    if len(rows) > MOST_ROWS:
        raise PrintTooLong.at("?partition", zh=f"至多 {MOST_ROWS} 个项目", en=f"at most {MOST_ROWS} projects")
    if partition is not None and not rows:
        raise NotFound
    stored = await policies.by_id(driver, version_id=found["policy_version_id"])
    policy = Policy.model_validate(stored.body)
    names = names_of(await service.partitions(driver, found["region_path"], stored))
    shown = facts_shown(policy)
    document = {
        "title": found["title"],
        "year": found["year"],
        "region": found["region_name"],
        "policy": {
            "name": f"{stored.policy_id}@{stored.number}",
            "title": stored.title,
            "source": policy.source,
            "digest": stored.digest,
        },
        "illustrative": policy.rubric is not None and policy.rubric.illustrative is True,
        "dimensions": [
            {"id": one.id, "title": one.title, "points": decimal_text(sum(part.points for part in one.indicators))}
            for one in (policy.rubric.dimensions if policy.rubric else ())
        ],
        "run": {"id": str(run["id"]), "digest": run["digest"], "rules_version": run["rules_version"]},
    }
    partition_names = {str(found["region_id"]): found["region_name"], **names}
    results = tuple(result_document(row, partition_names, shown) for row in rows)
    return Ranking(document, results, run["finished_at"])


@dataclass(frozen=True, slots=True)
class Published:
    """What stands published of a round now: enough to tell whether a reader has it already."""

    publication_id: UUID
    run_id: UUID
    region_path: str
    notice: Notice

    @property
    def notice_document(self) -> dict[str, Any]:
        """The notice as a page shows it."""
        return {
            "published_at": self.notice.published_at,
            "until": self.notice.until,
            "provisional": self.notice.provisional,
            "how_to_object": how_to_object(self.notice.until),
        }


async def published(driver: "asyncpg.Connection", *, round_id: UUID) -> Published:
    """What everybody may read of a round. NotFound before it is published."""
    row = await annual_queries.STANDING.first(driver, round_id=round_id)
    if row is None:
        raise NotFound
    notice = Notice(row["published_at"], row["notice_until"], row["provisional"])
    return Published(row["id"], row["run_id"], row["region_path"], notice)


@dataclass(frozen=True, slots=True)
class PlanOfYear:
    """An annual plan as it holds now beside what was confirmed. `changed_at`: when its ledger last grew, None while it is empty."""

    region_name: str
    year: int
    entries: "Sequence[asyncpg.Record]"
    totals: Mapping[str, Mapping[str, Any]]
    changed_at: datetime | None


async def plan_of_year(
    driver: "asyncpg.Connection", *, scope: Scope | None, region_id: UUID, year: int, most: int = MOST_ENTRIES
) -> PlanOfYear:
    """The plan of a year in a region's subtree. NotFound outside `scope` (None: everybody's), PrintTooLong past `most` projects."""
    region = await plan_queries.region_of(driver, scope=scope, region_id=region_id)
    where = {"year": year, **plan_queries.places(region["path"], scope)}
    first = {"after_path": "", "after_no": ""}
    entries = await plan_queries.PLAN.all(driver, **first, list=None, changed=False, limit=most + 1, **where)
    if len(entries) > most:
        raise PrintTooLong.at("?region", zh=f"至多 {most} 个项目", en=f"at most {most} projects")
    return PlanOfYear(
        region_name=region["name"],
        year=year,
        entries=entries,
        totals=await plan_queries.totals(driver, plan_queries.TOTALS, **where),
        changed_at=max((row["at"] for row in entries), default=None),
    )


async def plan_page(driver: "asyncpg.Connection", *, region_id: UUID, year: int) -> dict[str, Any]:
    """The same as everybody reads it on a page: by list, in the order of regions and ranks. NotFound where no plan is confirmed."""
    plan = await plan_of_year(driver, scope=None, region_id=region_id, year=year, most=MOST_ROWS)
    if not plan.entries:
        raise NotFound
    projects, runs = [row["project_id"] for row in plan.entries], [row["run_id"] for row in plan.entries]
    compounds = await project_queries.compounds_by_project(driver, projects)
    made_up = {row["project_id"] for row in await driver.fetch(SYNTHETIC, runs, projects)}
    entries = [
        {
            **dict(row),
            "compounds": [one["name"] for one in compounds[row["project_id"]]],
            "floor_area": None if row["floor_area"] is None else decimal_text(row["floor_area"]),
            "synthetic": row["project_id"] in made_up,
        }
        for row in sorted(plan.entries, key=lambda row: (row["region_path"], row["partition"], row["rank"], row["no"]))
    ]
    return {
        "region": plan.region_name,
        "year": year,
        "totals": plan.totals,
        "changed_at": plan.changed_at,
        "confirmations": await driver.fetch(ISSUED, list({row["plan_id"] for row in plan.entries})),
        "lists": [(name, members) for name in PlanList if (members := [one for one in entries if one["list"] == name])],
        "stopped": [one for one in entries if one["list"] is None],
        "has_synthetic": bool(made_up),
    }
