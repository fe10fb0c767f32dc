"""The result becomes final: certificate, and what it says of the project as facts.

The project's figures are those of all its compounds: a plan has passed when each of them has passed it, shares are the smallest.
"""

import hashlib
from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import TYPE_CHECKING, Any
from uuid import UUID

from services.core.facts import service as facts
from services.core.facts.catalogue import CATALOGUE, Subject, parse_value, text_of
from services.core.kit.calendar import day_of
from services.core.kit.exact import canonical_json, parse_fraction
from services.core.kit.scope import Scope
from services.core.kit.uow import UnitOfWork
from services.core.projects.counts import kind_of_count
from services.core.votes import counting, queries, rolls, service
from services.core.votes.drafting import MENU, PLAN
from services.core.votes.errors import RecountDiffers, RollTampered
from services.core.votes.events import VoteFinalised
from services.core.votes.lifecycle import ObjectionTo, VoteAct
from services.core.votes.rules import RULES_VERSION

if TYPE_CHECKING:
    import asyncpg

SOURCE = "votes.count"
FACT_PREFIX = {PLAN: "vote.plan", MENU: "vote.menu"}

FINAL = service.moved("finalised_at", "certificate", "certificate_digest")

# The latest final vote of every compound of a project on one matter of the policy, of one plan where it has one.
# Held: of two compounds that finalise at once the second sees the first.
HOLD_PROJECT = "SELECT region_path FROM project WHERE id = $1 FOR NO KEY UPDATE"
LATEST = """
SELECT pc.compound_id, latest.matters
FROM project_compound pc
LEFT JOIN LATERAL (
  SELECT r.matters FROM vote v JOIN vote_result r ON r.vote_id = v.id AND r.revision = v.result_revision
  WHERE v.compound_id = pc.compound_id AND v.project_id = pc.project_id AND v.status = 'final'
    AND ($3::text IS NULL OR v.plan_digest = $3)
    AND EXISTS (SELECT 1 FROM vote_matter m WHERE m.vote_id = v.id AND m.rule = $2)
  ORDER BY v.finalised_at DESC, v.id DESC LIMIT 1) AS latest ON true
WHERE pc.project_id = $1
"""


async def finalise(uow: UnitOfWork, *, scope: Scope, vote_id: UUID, version: int) -> None:
    """The published result is final, under a certificate; what it says of the project is counted from now on.

    VoteStatusWrong, VoteNoticeRunning, VoteObjectionsOpen, RollTampered, RecountDiffers.
    """
    vote, leads = await service.held(uow, scope=scope, vote_id=vote_id, version=version, act=VoteAct.FINALISE)
    whole = await queries.vote_of(uow.driver, scope=scope, vote_id=vote_id)
    result = await queries.RESULTS.first(uow.driver, vote_id=vote_id)
    assert result is not None  # noqa: S101 - a vote is preliminary once its result is published
    await service.refuse_notice_running(uow, vote, ObjectionTo.RESULT, result["notice_until"])
    again = await recount(uow.driver, whole)
    if not again["roll_intact"]:
        raise RollTampered
    if not again["equal"]:
        raise RecountDiffers
    certificate = canonical_json(await certificate_of(uow, whole, result))
    digest = hashlib.sha256(certificate).hexdigest()
    await FINAL.all(
        uow.driver,
        vote_id=vote_id,
        new_status=leads,
        new_finalised_at=uow.now,
        new_certificate=certificate,
        new_certificate_digest=digest,
    )
    passed = [one["no"] for one in result["matters"] if one["passed"]]
    service.record(uow, vote, VoteFinalised(digest=digest, passed=passed))
    await _tell_project(uow, whole)


async def recount(driver: "asyncpg.Connection", vote: "asyncpg.Record") -> dict[str, Any]:
    """The ledger counted anew beside what was published last, and whether the roll is the one that was frozen."""
    result = await queries.RESULTS.first(driver, vote_id=vote["id"])
    assert result is not None  # noqa: S101 - only what was published is told
    counted, digest = await counting.recount(driver, vote)
    matters = counting.document(counted, sealed=False)
    return {
        "equal": matters == result["matters"] and digest == result["ledger_digest"],
        "roll_intact": (await rolls.stored(driver, vote["id"])).digest == vote["roll_digest"],
        "published_digest": result["ledger_digest"],
        "ledger_digest": digest,
        "matters": matters,
    }


async def certificate_of(uow: UnitOfWork, vote: "asyncpg.Record", result: Mapping[str, Any]) -> dict[str, Any]:
    """All that says what was decided, by whom by number and area, and by which rules; nothing of who chose what."""
    served = {row["how"]: row["owners"] for row in await uow.driver.fetch(queries.SERVED, vote["id"])}
    rolled = await queries.ROLLS.all(uow.driver, vote_id=vote["id"])
    return {
        "vote": {
            "id": vote["id"],
            "title": vote["title"],
            "compound": {"id": vote["compound_id"], "name": vote["compound_name"]},
            "scope": vote["scope"],
            "project": {"id": vote["project_id"], "no": vote["project_no"], "title": vote["project_title"]},
            "plan": None
            if vote["plan_number"] is None
            else {"version": vote["plan_number"], "digest": vote["plan_digest"]},
        },
        "policy": {"id": vote["policy_id"], "number": vote["policy_number"], "digest": vote["policy_digest"]},
        "roll": {
            "digest": vote["roll_digest"],
            "revision": vote["roll_revision"],
            "heads": vote["heads"],
            "properties": rolled[-1]["properties"],
            "area": vote["area"],
            "published_at": _instant(rolled[-1]["published_at"]),
        },
        "notice": {"announced_at": _instant(vote["noticed_at"]), "served": served},
        "voting": {
            "opened_at": _instant(vote["opened_at"]),
            "closes_at": _instant(vote["closes_at"]),
            "extended": [
                {key: one[key] for key in ("closes_before", "closes_at", "reason")} for one in vote["extensions"]
            ],
            "closed_at": _instant(vote["closed_at"]),
        },
        "result": {
            "revision": result["revision"],
            "matters": result["matters"],
            "ledger_digest": result["ledger_digest"],
            "published_at": _instant(result["published_at"]),
            "notice_until": result["notice_until"],
        },
        "finalised_at": _instant(uow.now),
        "rules_version": RULES_VERSION,
    }


def _instant(at: Any) -> str:
    return str(at.isoformat())


async def _tell_project(uow: UnitOfWork, vote: "asyncpg.Record") -> None:
    """Pushes what the votes of all compounds say now. A plan that is no longer in force is voted on no more (docs/adr/0014)."""
    rules = sorted({one["rule"] for one in vote["matter_list"]} & set(FACT_PREFIX))
    if not rules:
        return
    region_path = await uow.driver.fetchval(HOLD_PROJECT, vote["project_id"])
    in_force = await service.is_on_plan_in_force(uow, vote)
    kind = await kind_of_count(uow.driver, vote["project_id"])
    said: list[facts.NewFact] = []
    for rule in rules:
        if rule == PLAN and not in_force:
            continue
        digest = vote["plan_digest"] if rule == PLAN else None
        rows = await uow.driver.fetch(LATEST, vote["project_id"], rule, digest)
        of_compounds = [_outcome(row["matters"], rule) for row in rows]
        source_rows: dict[str, Any] = {"vote_id": str(vote["id"])}
        if rule == PLAN:
            source_rows["plan_version"] = vote["plan_number"]
        said += [
            facts.NewFact(
                subject_type=Subject.PROJECT,
                subject_id=vote["project_id"],
                region_path=region_path,
                key=f"{FACT_PREFIX[rule]}.{name}",
                value=value,
                kind=kind,
                source=SOURCE,
                document=None,
                source_rows=(source_rows,),
                observed_on=day_of(uow.now),
            )
            for name, value in _over_all(of_compounds, shares=rule == PLAN).items()
        ]
    await facts.push(uow, said, deciding=Scope((region_path,)))


def _outcome(matters: Sequence[Mapping[str, Any]] | None, rule: str) -> Mapping[str, Any] | None:
    """What a compound's result says of a rule: of several menu items, that any has passed."""
    if matters is None:
        return None
    own = [one for one in matters if one["rule"] == rule]
    return {"passed": any(one["passed"] for one in own), "matter": own[0]}


def _over_all(outcomes: Sequence[Mapping[str, Any] | None], *, shares: bool) -> dict[str, str]:
    """The facts of a project: nothing is said before every compound has voted, but that one of them has refused."""
    voted = [one for one in outcomes if one is not None]
    if len(voted) < len(outcomes) and all(one["passed"] for one in voted):
        return {}
    told = {"passed": text_of(all(one["passed"] for one in voted))}
    if shares and len(voted) == len(outcomes):
        told["participation_share"] = _text(_least(voted, "taking_part", "total"), "vote.plan.participation_share")
        told["approval_share"] = _text(_least(voted, "in_favour", "taking_part"), "vote.plan.approval_share")
        told["result_published"] = text_of(True)  # a result is final only once its notice has ended
    return told


def _least(outcomes: Sequence[Mapping[str, Any]], part: str, whole: str) -> Fraction:
    """The smallest share over all compounds, by heads and by area; of nobody taking part none is in favour."""
    shares = []
    for one in outcomes:
        for basis in ("heads", "area"):
            of = parse_fraction(one["matter"][whole][basis])
            shares.append(parse_fraction(one["matter"][part][basis]) / of if of else Fraction(0))
    return min(shares)


def _text(share: Fraction, key: str) -> str:
    """A share as facts hold it. One with a longer denominator is cut, never up: what is short of a threshold stays so."""
    places = 10**9
    if share.denominator >= places and places % share.denominator:
        share = Fraction(share.numerator * places // share.denominator, places)
    return parse_value(CATALOGUE[key], text_of(share))


async def certificate_bytes(driver: "asyncpg.Connection", vote_id: UUID) -> "asyncpg.Record | None":
    """The certificate as it was made, with its digest; None before the result is final."""
    return await driver.fetchrow(
        "SELECT certificate, certificate_digest FROM vote WHERE id = $1 AND status = 'final'", vote_id
    )
