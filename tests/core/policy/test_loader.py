"""Policies load as their form says; whatever is wrong is refused with file, line, path of keys and a text in both languages."""

import json
from fractions import Fraction
from importlib.resources import files

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.core.kit.exact import canonical_json, digest
from services.core.policy.loader import MAX_BYTES, load_packaged, load_policies, load_policy
from services.core.policy.loader_errors import MOST_TOLD, PolicyMalformed
from services.core.policy.schema import Policy, canonical, json_schema, policy_digest

NINGBO = (files("services.core.policy") / "cities" / "ningbo.yaml").read_text("utf-8")
CITIES = {one.policy.id: one for one in load_packaged()}

LIUZHOU = """\
id: liuzhou
version: 1
title: 柳州市
source: 000_bd23a0c1419f9e17.txt
gates:
  - {id: plan_vote, vote: renovation_plan, hard: false, gates: application}
  - {id: co_funding, fact: funding.residents_and_companies_share, at_least: "0.20", hard: true}
priority: [{fact: governance.party_organisation}, {fact: governance.committee}]
notices: {plan: {days: 5, unit: workday}}
round: {apply_until: "10-31", approvals: [housing, ndrc, finance, city_government], joint_issue: true}
progress: {inspect: week, rank: month, by: [progress_share, on_time_share], remind_last: 3}
hotline:
  clocks:
    consult: {reply: {days: 3, unit: workday}}
    complaint: {sign_in: {hours: 2}, reply: {days: 13, unit: workday}, extension: {max_days: 20, times: 1}}
    urgent: {reply: {days: 0}, cut_off: "17:00"}
  reminders: [{before: {days: 1, unit: workday}}]
  escalation:
    - {after: {days: 1, unit: workday}, to: department_lead}
    - {after: {days: 5, unit: workday}, to: district_lead}
  call_back: {after: {days: 1, unit: workday}}
  quiet_hours: {from: "22:00", until: "08:00"}
  urge: {per_day: 1}
  refuse: {within: {hours: 4}, times: 3}
  repeat: {days: 30, metres: 20}
  anonymous: [noise, leak]
  pauses: [{id: waiting, title: 等待来信人}, {id: weather, title: 天气原因}]
inspections: {frequency: {high: {every_days: 7}, medium: {every_days: 14}, low: {every_days: 30}}, illustrative: true}
cost_sharing:
  - {kind: telecom_reroute, payers: [{company: "0.65"}, {local_finance: "0.35"}]}
  - {kind: power_supply, owner: owners_common, payers: [{government: "0.5"}, {power_company: "0.5"}]}
"""
HEBEI = """\
id: hebei
version: 1
title: 河北省
gates:
  - {id: join, fact: survey.join.agree_of_all_share, at_least: "0.80", gates: inclusion}
  - {id: asked, fact: survey.plan.asked_share, at_least: "0.80", gates: plan}
  - {id: satisfied, fact: survey.satisfaction.satisfied_share, at_least: "0.80", gates: acceptance}
"""
# Every leaf that a rule of its own guards: what to change in LIUZHOU, and the place that has to be told.
LEAVES = [
    ('"10-31"', '"10-32"', "/round/apply_until"),
    ("hours: 2", "hours: 2, days: 1", "/hotline/clocks/complaint/sign_in"),
    ("days: 0", "days: 0, unit: workday", "/hotline/clocks/urgent/reply"),
    ('"17:00"', '"25:00"', "/hotline/clocks/urgent/cut_off"),
    ("max_days: 20", "max_days: 13", "/hotline/clocks/complaint/extension/max_days"),
    ("reply: {days: 13, unit: workday}", "reply: {hours: 99}", "/hotline/clocks/complaint/extension"),
    ("times: 1", "times: 0", "/hotline/clocks/complaint/extension/times"),
    ("before: {days: 1, unit: workday}", "before: {days: 0}", "/hotline/reminders/0/before/days"),
    ("{days: 5, unit: workday}, to", "{days: 1, unit: workday}, to", "/hotline/escalation/1/after"),
    ("to: district_lead", "to: somebody", "/hotline/escalation/1/to"),
    ('from: "22:00"', 'from: "24:00"', "/hotline/quiet_hours/from"),
    ('from: "22:00"', 'from: "08:00"', "/hotline/quiet_hours/until"),
    ("per_day: 1", "per_day: 0", "/hotline/urge/per_day"),
    ("times: 3", "times: 0", "/hotline/refuse/times"),
    ("metres: 20", "metres: 1001", "/hotline/repeat/metres"),
    ("[noise, leak]", "[noise, noise]", "/hotline/anonymous/1"),
    ("id: weather", "id: waiting", "/hotline/pauses/1/id"),
    ('{company: "0.65"}', '{company: "0.6"}', "/cost_sharing/0"),
    ('{company: "0.65"}, {local_finance: "0.35"}', '{company: "0.65", local_finance: "0.35"}', "/cost_sharing/0"),
    ("every_days: 7", "every_days: 0", "/inspections/frequency/high/every_days"),
    ("remind_last: 3", "remind_last: '3'", "/progress/remind_last"),
    ("governance.committee}", "compound.hazards}", "/priority/1"),
]


def faults(text: str) -> list[tuple[int, str]]:
    with pytest.raises(PolicyMalformed) as refused:
        load_policy(text)
    for fault in refused.value.faults:
        assert fault.file == "policy.yaml"
        assert fault.zh
        assert fault.en
        assert f"policy.yaml:{fault.line}:{fault.column}" in str(refused.value)
    return [(fault.line, fault.pointer) for fault in refused.value.faults]


def test_ningbo_is_as_its_form_says() -> None:
    policy = CITIES["ningbo"].policy
    assert policy.rubric is not None
    assert policy.rubric.illustrative
    assert [one.id for one in policy.rubric.dimensions] == ["shortfall", "participation", "management"]
    assert sum(one.points for one in policy.rubric.indicators) == policy.rubric.scale == 100
    assert [gate.condition.fact for gate in policy.gates] == ["vote.menu.passed", "vote.plan.passed", "plan.complete"]
    assert all(gate.hard and gate.holds_back_selection for gate in policy.gates)
    assert policy.selection is not None
    assert policy.selection.carry_over is not None
    assert policy.notices is not None
    assert policy.notices["ranking"].illustrative


def test_fenggang_is_true_to_its_source_and_marks_what_it_borrows() -> None:
    policy = CITIES["fenggang"].policy
    ningbo = CITIES["ningbo"].policy
    assert policy.rubric is not None
    assert ningbo.rubric is not None
    assert (policy.rubric.same_as, policy.rubric.illustrative) == ("ningbo", True)
    assert policy.rubric.dimensions == ningbo.rubric.dimensions
    assert policy.selection is not None
    assert policy.selection.illustrative
    [willing] = policy.gates
    assert (willing.hard, str(willing.condition.at_least)) == (False, "2/3")
    assert policy.menu is not None
    sizes = [{tier: len(items) for tier, items in area.tiers.items()} for area in policy.menu.areas]
    assert sizes == [{"必改": 10, "提升": 5}, {"必改": 14, "提升": 6}]
    assert [str(phase.due) for phase in policy.phases] == [
        "2020-05-31", "2020-05-31", "2020-05-31", "2021-05-31", "2021-06-30", "2021-07-31",
    ]  # fmt: skip


@pytest.mark.parametrize("city", sorted(CITIES))
def test_the_canonical_form_loads_to_the_same_policy_under_the_same_digest(city: str) -> None:
    loaded = CITIES[city]
    again = Policy.model_validate(json.loads(canonical_json(loaded.body)))
    assert again == loaded.policy
    assert canonical(again) == loaded.body
    assert policy_digest(again) == loaded.digest == digest(loaded.body)


def test_the_digest_follows_the_meaning_not_the_writing() -> None:
    same = NINGBO.replace('"0.5"', '"1/2"').replace("# the source names no length", "")
    assert load_policy(same).digest == CITIES["ningbo"].digest
    assert load_policy(NINGBO.replace("rounds: 2", "rounds: 3")).digest != CITIES["ningbo"].digest


@pytest.mark.parametrize("text", [LIUZHOU, HEBEI])
def test_leaves_of_other_cities_load_as_they_stand(text: str) -> None:
    loaded = load_policy(text)
    assert canonical(Policy.model_validate(loaded.body)) == loaded.body


@pytest.mark.parametrize(("old", "new", "pointer"), LEAVES)
def test_leaves_keep_their_own_rules(old: str, new: str, pointer: str) -> None:
    assert old in LIUZHOU
    assert pointer in [place for _, place in faults(LIUZHOU.replace(old, new, 1))]


def test_phases_end_after_they_start() -> None:
    text = "id: a\nversion: 1\ntitle: 一\nphases: [{title: 工程, start: 2020-06-01, due: 2020-05-31}]\n"
    assert faults(text) == [(4, "/phases/0")]


def test_gates_hold_back_what_they_say() -> None:
    assert [gate.id for gate in load_policy(HEBEI).policy.selection_gates] == ["join", "asked"]
    assert [one.condition.flag for one in load_policy(LIUZHOU).policy.priority] == [True, True]


def test_liuzhou_gates_the_application_and_prefers_who_takes_part() -> None:
    policy = CITIES["liuzhou"].policy
    vote, notice, co_funding = policy.gates
    assert (vote.vote, vote.hard, vote.gates) == ("renovation_plan", False, "application")
    assert (notice.condition.fact, notice.hard, notice.gates) == ("notice.plan.cleared", True, "application")
    assert (co_funding.condition.at_least, co_funding.hard, co_funding.gates) == (Fraction(1, 5), True, "selection")
    assert [one.condition.fact for one in policy.priority] == [
        "governance.party_organisation", "governance.committee", "survey.response_share",
    ]  # fmt: skip
    assert policy.notices is not None
    assert (policy.notices["plan"].days, policy.notices["plan"].unit) == (5, "workday")
    assert policy.round is not None
    assert policy.round.apply_until == "10-31"
    assert policy.round.approvals == ("housing", "ndrc", "finance", "city_government")
    assert policy.round.joint_issue


def test_hebei_asks_for_eighty_percent_three_times() -> None:
    policy = CITIES["hebei"].policy
    asked = [(gate.condition.fact, gate.condition.at_least, gate.hard, gate.gates) for gate in policy.gates]
    assert asked == [
        ("survey.join.agree_of_all_share", Fraction(4, 5), True, "inclusion"),
        ("survey.plan.asked_share", Fraction(4, 5), True, "plan"),
        ("survey.satisfaction.satisfied_share", Fraction(4, 5), True, "acceptance"),
    ]
    assert [gate.id for gate in policy.selection_gates] == ["join", "asked"]


@pytest.mark.parametrize("city", sorted(CITIES))
def test_every_part_of_a_packaged_policy_says_where_it_comes_from_or_that_it_is_ours(city: str) -> None:
    body = CITIES[city].body
    parts = [(key, part) for key, part in body.items() if isinstance(part, dict)]
    parts += [(key, one) for key, part in body.items() if isinstance(part, list) for one in part]
    for key, part in parts:
        marked = [part, *(one for one in part.values() if isinstance(one, dict))]
        assert any("source" in one or "illustrative" in one for one in marked), key
    assert "_" not in city, "ids with an underscore are left to the regions"


def line_of(part: str) -> int:
    return NINGBO[: NINGBO.index(part)].count("\n") + 1


RUBRIC, VOTE = line_of("rubric:"), line_of("renovation_plan: {")


@pytest.mark.parametrize(
    ("old", "new", "line", "pointer"),
    [
        ('points: "20"', 'points: "21"', RUBRIC, "/rubric"),
        ("id: improved", "id: basic", line_of("id: improved"), "/rubric/dimensions/0/indicators/1/id"),
        ("score.shortfall", "score.short", line_of("score.shortfall"), "/rubric/tie_break/0/fact"),
        ("id: participation", "id: shortfall", line_of("id: participation"), "/rubric/dimensions/1/id"),
        ("compound.hazards", "compound.hazard", line_of("compound.hazards"), "/rubric/dimensions/0/indicators/2/fact"),
        ("kind: count", "kind: counts", line_of("kind: count"), "/rubric/dimensions/0/indicators/2/curve"),
        ('each: "2"', 'each: "-2"', line_of("kind: count"), "/rubric/dimensions/0/indicators/2/curve/each"),
        ('points: "4"}', 'points: "6"}', line_of("kind: bands"), "/rubric/dimensions/0/indicators/3"),
        ('{at_most: "1990", ', "{", line_of("kind: bands"), "/rubric/dimensions/0/indicators/3/curve/bands/1"),
        ('from: "0.5", to: "1"', 'from: "1", to: "1"', line_of("id: response"), "/rubric/dimensions/1/indicators/0/curve"),
        ("fact: governance.committee", "fact: compound.hazards", line_of("id: committee"), "/rubric/dimensions/2/indicators/1"),
        ("title: 居民参与积极性", "titel: 居民参与积极性", line_of("title: 居民参与"), "/rubric/dimensions/1/titel"),
        ("vote: menu, ", "vote: menu, fact: plan.complete, ", line_of("vote: menu"), "/gates/0"),
        ("vote: menu, ", "vote: lift, ", line_of("vote: menu"), "/gates/0/vote"),
        ("vote: menu, ", "vote: menu, is: true, ", line_of("vote: menu"), "/gates/0"),
        ("is: true, ", "", line_of("is: true"), "/gates/2"),
        ("is: true, ", 'at_least: "1", ', line_of("is: true"), "/gates/2"),
        ("is: true, ", "is: yes, ", line_of("is: true"), "/gates/2/is"),
        ("id: plan,", "id: menu_vote,", line_of("id: plan,"), "/gates/2/id"),
        ('approval: {heads: "3/4"', 'approval: {heads: "0.7"', VOTE, "/votes/renovation_plan/approval/heads"),
        ('quorum: {heads: "2/3"', 'quorum: {heads: "0.66"', VOTE, "/votes/renovation_plan/quorum/heads"),
        ("assurance: phone", "silence: approve", VOTE, "/votes/renovation_plan/silence"),
        ('share: "0.5"', "share: 0.5", line_of('share: "0.5"'), "/selection/carry_over/share"),
        ('share: "0.5"', 'share: "1.5"', line_of('share: "0.5"'), "/selection/carry_over/share"),
        ('share: "0.5", ', "", line_of('share: "0.5"'), "/selection/carry_over"),
        ("over_cap: skip, ", "", line_of("over_cap"), "/selection/over_cap"),
        ("over_cap: skip", "over_cap: wait", line_of("over_cap"), "/selection/over_cap"),
        ("days: 5, unit: workday", "days: 5", line_of("days: 5"), "/notices/ranking"),
        ('["0.6", "0.8"]', '["0.8", "0.6"]', line_of("repair_fund_target"), "/funding"),
        ("version: 1\n", "version: 1\nversion: 2\n", 5, "/version"),
        ("version: 1\n", "", 3, "/version"),
        ("version: 1\n", "version: '1'\n", 4, "/version"),
        ("version: 1\n", "version: 01\n", 4, "/version"),
        ("id: ningbo", "id: &city ningbo", 3, ""),
        ("title: 宁波市 竞争比选\n", "title: 宁波市 竞争比选\ncaps: 3\n", 6, "/caps"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_refused_with_its_place(old: str, new: str, line: int, pointer: str) -> None:
    assert old in NINGBO
    found = faults(NINGBO.replace(old, new, 1))
    assert pointer in [place for _, place in found]
    if pointer:
        assert (line, pointer) in found


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("", 1),
        ("- a\n", 1),
        ("id: a\ntitle: [\n", 3),
        ("a: 1\n---\nb: 2\n", 2),
        ("a: !!python/object:os.system x\n", 1),
        ("? [a]\n: b\n", 1),
        ("a: .inf\n", 1),
    ],
)
def test_what_is_no_policy_at_all_is_refused(text: str, line: int) -> None:
    assert line in [found for found, _ in faults(text)]


def test_an_oversized_or_deeply_nested_text_is_refused() -> None:
    assert faults("# " + "x" * MAX_BYTES)
    assert faults("a: " + "[" * 5_000)


@pytest.mark.parametrize("lender", ["nowhere", "fenggang", "borrower"])
def test_only_a_rubric_of_ones_own_can_be_lent(lender: str) -> None:
    text = f"id: borrower\nversion: 1\ntitle: 借用\nrubric: {{same_as: {lender}}}\n"
    assert faults(text) == [(4, "/rubric/same_as")]


def test_a_borrowed_rubric_may_not_be_changed() -> None:
    assert faults('id: a\nversion: 1\ntitle: 一\nrubric: {same_as: ningbo, scale: "100"}\n') == [(4, "/rubric/scale")]


def test_two_files_with_one_id_are_refused() -> None:
    with pytest.raises(PolicyMalformed) as refused:
        load_policies({"a.yaml": HEBEI, "b.yaml": HEBEI})
    assert [(fault.file, fault.pointer) for fault in refused.value.faults] == [("b.yaml", "/id")]


def test_everything_that_is_wrong_is_told_at_once_with_line_and_column() -> None:
    text = """\
id: a
version: 1
version: 1
title: 一
colour: red
rubric:
  scale: "10"
  dimensions:
    - id: need
      title: 需要
      indicators:
        - {id: one, title: 一, fact: compound.hazards, points: "5", curve: {kind: count, each: "1/0"}}
        - {id: one, title: 一, fact: compound.hazard, points: 4.5, curve: {kind: count, each: "1"}}
gates:
  - {id: g, vote: menu}
  - {id: g, vote: menu}
votes:
  renovation_plan: {kind: alter_or_rebuild, quorum: {heads: "0.5", area: "2/3"}, approval: {heads: "0.7", area: "0.7"}}
"""
    with pytest.raises(PolicyMalformed) as refused:
        load_policy(text)
    told = [(fault.line, fault.column, fault.pointer) for fault in refused.value.faults]
    below = "/rubric/dimensions/0/indicators"
    assert told == [
        (3, 1, "/version"),
        (5, 1, "/colour"),
        (12, 89, f"{below}/0/curve/each"),
        (13, 31, f"{below}/1/fact"),
        (13, 62, f"{below}/1/points"),
        (16, 6, "/gates/1/id"),
        (18, 54, "/votes/renovation_plan/quorum/heads"),
        (18, 93, "/votes/renovation_plan/approval/heads"),
        (18, 107, "/votes/renovation_plan/approval/area"),
    ]


def test_a_rubric_tells_all_that_is_wrong_with_it() -> None:
    text = NINGBO.replace('scale: "100"', 'scale: "101"').replace("score.shortfall", "score.s").replace(
        "{fact: project.no", "{fact: project.name"
    )  # fmt: skip
    assert [pointer for _, pointer in faults(text)] == [
        "/rubric",
        "/rubric/tie_break/0/fact",
        "/rubric/tie_break/2/fact",
    ]


def test_faults_of_several_files_are_told_together() -> None:
    with pytest.raises(PolicyMalformed) as refused:
        load_policies({"a.yaml": "- 1\n", "b.yaml": HEBEI.replace("version: 1", "version: 0"), "c.yaml": "{\n"})
    assert [(fault.file, fault.pointer) for fault in refused.value.faults] == [
        ("a.yaml", ""), ("c.yaml", ""), ("b.yaml", "/version"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    "text",
    [
        "id: &a [x]\nversion: *a\n",
        "a: &a [x, x, x, x]\nb: &b [*a, *a, *a, *a]\nc: [*b, *b, *b, *b]\n",
        "<<: {id: a}\ntitle: &t x\n",
    ],
)
def test_references_are_refused_where_they_stand(text: str) -> None:
    with pytest.raises(PolicyMalformed) as refused:
        load_policy(text)
    [fault] = refused.value.faults
    line = text[: text.index("&")].count("\n")
    assert (fault.line, fault.column) == (line + 1, text.split("\n")[line].index("&") + 1)
    assert "references" in fault.en


def test_an_answer_lists_a_bounded_number_of_faults_and_says_how_many_there_are() -> None:
    with pytest.raises(PolicyMalformed) as refused:
        load_policy("\n".join(f"k{number}: 1" for number in range(1000)))
    assert len(refused.value.errors) == MOST_TOLD
    assert refused.value.extra == {"total": 1003}


def test_the_refusal_never_repeats_what_was_written() -> None:
    with pytest.raises(PolicyMalformed) as refused:
        load_policy(NINGBO.replace("over_cap: skip", "over_cap: secretword"))
    assert "secretword" not in str(refused.value)
    assert all("secretword" not in error.zh + error.en for error in refused.value.errors)


@given(st.text(max_size=200))
def test_no_text_does_anything_but_load_or_be_refused(text: str) -> None:
    with pytest.raises(PolicyMalformed):
        load_policy(text)


def test_the_form_is_published_as_json_schema() -> None:
    schema = json_schema()
    assert schema["title"] == "Policy"
    assert schema["additionalProperties"] is False
    assert {"id", "version", "title"} == set(schema["required"])
    assert set(schema["properties"]["gates"]["items"]) == {"$ref"}
    linear = schema["$defs"]["LinearCurve"]["properties"]
    assert set(linear) == {"source", "illustrative", "kind", "from", "to"}
