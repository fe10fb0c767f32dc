"""What the public reads of a run: ranks, points and reasons in both languages, without a name of any person. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from services.core.facts.catalogue import CATALOGUE
from services.core.kit.exact import canonical_json, decimal_text
from services.core.policy.queries import StoredPolicy
from services.core.policy.schema import Policy
from services.core.selection.candidates import BUDGET, FLOOR_AREA

HOUSEHOLDS = "compound.households"


@dataclass(frozen=True, slots=True)
class Notice:
    """How long the ranking is open to objections: until the end of `until`, in Asia/Shanghai."""

    published_at: datetime
    until: date
    provisional: bool


class Shown:
    """What is published of a run, whole and by partition. The same run, published at the same time, gives the same bytes."""

    def __init__(
        self,
        *,
        found: Mapping[str, Any],
        run: Mapping[str, Any],
        stored: StoredPolicy,
        partition_names: Mapping[str, str],
        notice: Notice,
    ) -> None:
        policy = Policy.model_validate(stored.body)
        self._facts, self._names = facts_shown(policy), partition_names
        self._partitions: list[dict[str, Any]] = []
        self._head = {
            "round": {
                "id": found["id"],
                "title": found["title"],
                "year": found["year"],
                "region": found["region_name"],
            },
            "policy": {
                "id": stored.policy_id,
                "number": stored.number,
                "title": stored.title,
                "digest": stored.digest,
                "illustrative": policy.rubric is not None and policy.rubric.illustrative is True,
            },
            "run": {"id": run["id"], "digest": run["digest"], "rules_version": run["rules_version"]},
            "dimensions": [
                {
                    "id": dimension.id,
                    "title": dimension.title,
                    "points": decimal_text(sum(one.points for one in dimension.indicators)),
                }
                for dimension in (policy.rubric.dimensions if policy.rubric else ())
            ],
            "notice": notice_document(notice),
        }

    def results(self, rows: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
        """Results as the public reads them."""
        return [result_document(row, self._names, self._facts) for row in rows]

    def part(self, partition: str, results: Sequence[Mapping[str, Any]]) -> bytes:
        """One partition, which the whole will name."""
        named = {"id": partition, "name": self._names.get(partition, partition), "results": len(results)}
        self._partitions.append(named)
        return canonical_json({**self._head, "partition": named, "results": results})

    def whole(self, results: Sequence[Mapping[str, Any]] | None) -> bytes:
        """All partitions by name; `results` of all of them, or null where they are read by partition alone."""
        return canonical_json({**self._head, "partitions": self._partitions, "results": results})


def facts_shown(policy: Policy) -> frozenset[str]:
    """The facts that can move a project in this policy's rounds, and those that are shown beside."""
    rubric = policy.rubric
    return frozenset(
        {
            BUDGET,
            FLOOR_AREA,
            HOUSEHOLDS,
            *(indicator.fact for indicator in (rubric.indicators if rubric else ())),
            *(one.fact for one in (rubric.tie_break if rubric else ()) if one.fact in CATALOGUE),
            *(gate.condition.fact for gate in policy.selection_gates),
            *(one.condition.fact for one in policy.priority),
        }
    )


def supplement_document(
    *,
    found: Mapping[str, Any],
    proposed: Mapping[str, Any],
    dropped: Mapping[str, Any],
    added: Mapping[str, Any] | None,
    candidates: Iterable[Mapping[str, Any]],
    document: str,
    notice: Notice,
) -> bytes:
    """The bytes that are published of a supplement: who is stopped, who enters, who is skipped and why.

    Ids of projects and the note stay inside.
    """
    return canonical_json(
        {
            "supplement": {"id": proposed["id"], "ground": proposed["ground"], "document": document},
            "round": {
                "id": found["id"],
                "title": found["title"],
                "year": found["year"],
                "region": found["region_name"],
            },
            "dropped": {"no": dropped["no"], "title": dropped["title"]},
            "added": None if added is None else {"no": added["no"], "title": added["title"]},
            "candidates": [{name: one[name] for name in one if name != "project_id"} for one in candidates],
            "notice": notice_document(notice),
        }
    )


def notice_document(notice: Notice) -> dict[str, Any]:
    """Until when one may object, and how, in both languages."""
    return {
        "published_at": notice.published_at.isoformat(),
        "until": notice.until,
        "provisional": notice.provisional,
        "how_to_object": how_to_object(notice.until),
    }


def how_to_object(last_day: date) -> dict[str, str]:
    """What a notice tells who does not agree."""
    until = last_day.isoformat()
    return {
        "zh": f"公示至 {until} 24 时止。对排名有异议的，可在公示期内向项目所在街道或区县住房建设主管部门书面提出，并附依据。",
        "en": (
            f"Open to objections until the end of {until} (Asia/Shanghai). Write to the street office or to the housing"
            " bureau of the district or county, with your evidence."
        ),
    }


def result_document(
    row: Mapping[str, Any], partition_names: Mapping[str, str], shown: frozenset[str]
) -> dict[str, Any]:
    synthetic = sorted(shown.intersection(row["synthetic"]))
    return {
        "rank": row["rank"],
        "no": row["no"],
        "title": row["title"],
        "compounds": [compound["name"] for compound in row["compounds"]],
        "partition": partition_names.get(row["partition"], row["partition"]),
        "households": _known(row, HOUSEHOLDS),
        "budget": _known(row, BUDGET),
        "total": decimal_text(row["total"]),
        "dimensions": row["dimensions"],
        "outcome": row["outcome"],
        "sentence": {"zh": row["sentence_zh"], "en": row["sentence_en"]},
        "synthetic": [{"fact": key, "zh": CATALOGUE[key].title_zh, "en": CATALOGUE[key].title_en} for key in synthetic],
    }


def _known(row: Mapping[str, Any], key: str) -> str | None:
    """The text of a frozen fact; None where it is missing or in conflict."""
    text: str | None = row["facts"].get(key)
    return text


def tag_of(content_digest: str) -> str:
    """The strong validator of stored bytes (RFC 9110 section 8.8.3)."""
    return f'"{content_digest}"'


def names_of(rows: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    """Names of partitions by the id under which results carry them."""
    return {str(UUID(str(row["id"]))): row["name"] for row in rows}
