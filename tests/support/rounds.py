"""Small policies, candidates and rounds for tests of the rules: by hand and by Hypothesis (few values, so that ties abound)."""

from fractions import Fraction
from typing import Any

from hypothesis import strategies as st

from services.core.facts.catalogue import CATALOGUE, text_of, value_of
from services.core.policy.schema import Policy
from services.core.selection.candidates import Candidate, Caps, RoundParameters

RUBRIC: dict[str, Any] = {
    "scale": "100",
    "dimensions": [
        {
            "id": "need",
            "title": "短板",
            "indicators": [
                {
                    "id": "basic", "title": "缺损", "fact": "facilities.basic.defect_share", "points": "30",
                    "curve": {"kind": "linear", "from": "0", "to": "1"},
                },
                {
                    "id": "hazards", "title": "隐患", "fact": "compound.hazards", "points": "20",
                    "curve": {"kind": "count", "each": "7"},
                },
                {
                    "id": "built", "title": "年代", "fact": "compound.built_year", "points": "10",
                    "curve": {
                        "kind": "bands", "else": "1",
                        "bands": [{"at_most": "1980", "points": "10"}, {"at_least": "2001", "points": "0"}],
                    },
                },
            ],
        },
        {
            "id": "will",
            "title": "意愿",
            "indicators": [
                {
                    "id": "approval", "title": "同意", "fact": "vote.plan.approval_share", "points": "25",
                    "curve": {"kind": "linear", "from": "1", "to": "3/4"},
                },
                {
                    "id": "party", "title": "党组织", "fact": "governance.party_organisation", "points": "15",
                    "curve": {"kind": "flag"},
                },
            ],
        },
    ],
    "tie_break": [
        {"fact": "score.need", "order": "desc"},
        {"fact": "compound.built_year", "order": "asc"},
        {"fact": "governance.committee", "order": "desc"},
    ],
}  # fmt: skip

GATES: list[dict[str, Any]] = [
    {"id": "plan_vote", "vote": "renovation_plan", "hard": True},
    {"id": "willing", "title": "居民意愿", "fact": "survey.join.agree_of_all_share", "at_least": "2/3", "hard": False},
    {"id": "young", "fact": "compound.built_year", "at_most": "2005", "gates": "application"},
    {"id": "satisfied", "fact": "survey.satisfaction.satisfied_share", "at_least": "0.8", "gates": "acceptance"},
]


def policy(**changes: Any) -> Policy:
    """A policy with the rubric and gates above; `changes` replace its parts."""
    body = {
        "id": "sample",
        "version": 1,
        "title": "示例",
        "rubric": RUBRIC,
        "gates": GATES,
        "selection": {"partition": "county", "over_cap": "skip"},
    }
    return Policy.model_validate(body | changes)


GOOD: dict[str, str] = {
    "facilities.basic.defect_share": "0.5",
    "compound.hazards": "1",
    "compound.built_year": "1979",
    "vote.plan.approval_share": "0.875",
    "vote.plan.passed": "true",
    "governance.party_organisation": "true",
    "governance.committee": "true",
    "survey.join.agree_of_all_share": "0.9",
    "project.budget": "100",
    "compound.floor_area": "1000",
}


def facts(**changes: str | None) -> dict[str, str]:
    """Facts that pass every gate; `changes` by key with `__` for the dot, None for what is not recorded."""
    texts: dict[str, str | None] = {**GOOD, **{key.replace("__", "."): text for key, text in changes.items()}}
    return {key: canonical_text(key, text) for key, text in texts.items() if text is not None}


def canonical_text(key: str, text: str) -> str:
    """A fact's text as it is frozen."""
    return text_of(value_of(CATALOGUE[key], text))


def candidate(no: str, *, partition: str = "A", **changes: Any) -> Candidate:
    """A candidate; whatever is no field of it is a fact, as in `facts`."""
    fields = {key: changes.pop(key) for key in ("exceptions", "conflicts", "carry_over") if key in changes}
    return Candidate(f"id-{no}", no, f"项目 {no}", partition, facts(**changes), **fields)


_VALUES: dict[str, list[str | None]] = {
    "facilities.basic.defect_share": [None, "0", "1/3", "0.5", "1"],
    "compound.hazards": [None, "0", "1", "2", "9"],
    "compound.built_year": [None, "1979", "1980", "1995", "2001", "2006"],
    "vote.plan.approval_share": [None, "0.7", "0.75", "5/6", "1"],
    "vote.plan.passed": ["true", "true", "true", "false", None],
    "governance.party_organisation": ["true", "false", None],
    "governance.committee": ["true", "false", None],
    "survey.join.agree_of_all_share": ["1", "2/3", "0.6", None],
    "project.budget": ["10", "25.5", "40", "100", None],
    "compound.floor_area": ["100", "2500", "1/3", None],
}


def frozen_facts() -> st.SearchStrategy[dict[str, str]]:
    """Facts of a candidate, many of them missing or equal."""
    return st.fixed_dictionaries({key: st.sampled_from(texts) for key, texts in _VALUES.items()}).map(_recorded)


def _recorded(texts: dict[str, str | None]) -> dict[str, str]:
    return {key: canonical_text(key, text) for key, text in texts.items() if text is not None}


@st.composite
def many_candidates(draw: st.DrawFn, most: int = 14) -> list[Candidate]:
    """Candidates of up to three partitions."""
    numbers = draw(st.lists(st.text("ABab01甲", min_size=1, max_size=3), unique=True, max_size=most))
    return [
        Candidate(
            project_id=f"id-{index}",
            no=no,
            title=f"项目 {no}",
            partition=draw(st.sampled_from(["A", "B", "C"])),
            facts=draw(frozen_facts()),
            exceptions=draw(
                st.sampled_from([frozenset[str](), frozenset({"willing"}), frozenset({"willing", "young"})])
            ),
            conflicts=draw(st.sampled_from([(), (), (), ("compound.households",)])),
            carry_over=draw(st.sampled_from([None, None, 0, 1, 2])),
        )
        for index, no in enumerate(numbers)
    ]


def carry_overs() -> st.SearchStrategy[dict[str, Any] | None]:
    """Every kind of carry-over, or none."""
    return st.sampled_from(
        [
            None,
            {"kind": "tier", "share": "0.5", "rounds": 2},
            {"kind": "tier", "share": "1/3", "rounds": 1},
            {"kind": "bonus", "points": "5.5", "rounds": 2},
            {"kind": "tie_break", "rounds": 2},
        ]
    )


@st.composite
def policies(draw: st.DrawFn) -> Policy:
    """Policies that differ in whatever orders and chooses."""
    facts_to_order_by = ["score.need", "score.will", "compound.built_year", "governance.committee", "project.no"]
    ties = draw(st.lists(st.sampled_from(facts_to_order_by), unique=True))
    order = st.sampled_from(["asc", "desc"])
    selection: dict[str, Any] = {"partition": "county", "over_cap": draw(st.sampled_from(["skip", "stop"]))}
    if rule := draw(carry_overs()):
        selection["carry_over"] = rule
    return policy(
        rubric={**RUBRIC, "tie_break": [{"fact": fact, "order": draw(order)} for fact in ties]},
        gates=draw(st.sampled_from([GATES, GATES[:2], []])),
        priority=draw(
            st.sampled_from(
                [[], [{"fact": "governance.party_organisation"}], [{"fact": "compound.hazards", "at_least": "2"}]]
            )
        ),
        selection=selection,
    )


@st.composite
def parameters(draw: st.DrawFn) -> RoundParameters:
    """Round parameters with caps of one, some or no partitions."""
    limits = st.none() | st.sampled_from([Fraction(0), Fraction(60), Fraction("125.5"), Fraction(3000)])
    rows = tuple(
        Caps(partition, draw(st.none() | st.integers(0, 5)), draw(limits), draw(limits))
        for partition in draw(st.lists(st.sampled_from([None, "A", "B"]), unique=True))
    )
    return RoundParameters("330200", 2027, rows, draw(st.integers(0, 3)))
