"""Who hears what, as data: for each kind of event the roles that hear it, from where, and in which words.

Words may name `{subject}` (the project, round, compound … the event is about), `{region}`, `{subject_type}`, `{subject_id}`
and every field of the event itself. A kind that is not listed is told to nobody; it is still in the feed of events.
"""

from services.core.identity.access import Role
from services.core.notifications.rules import Subscription

CITY, DISTRICT, STREET, COMMUNITY = Role.CITY, Role.DISTRICT, Role.STREET, Role.COMMUNITY
AUDITOR, DEPARTMENT, EXPERT = Role.AUDITOR, Role.DEPARTMENT, Role.EXPERT

SUBSCRIPTIONS = (
    Subscription(
        "project.registered",
        "新项目入库", "A project entered the library",
        "{region}登记了项目“{subject}”。", "{region}: project “{subject}” was registered.",
        "/v1/projects/{subject_id}",
        above=(DISTRICT,),
    ),
    Subscription(
        "project.plan_added",
        "项目有了新方案", "A project has a new plan",
        "{region}的项目“{subject}”提交了第{number}版方案。", "{region}: plan version {number} of project “{subject}” is there.",
        "/v1/projects/{subject_id}/plans",
        above=(STREET, COMMUNITY),
    ),
    Subscription(
        "project.applied",
        "项目申报", "A project applied",
        "{region}的项目“{subject}”以第{plan_number}版方案申报参加竞争比选。",
        "{region}: project “{subject}” applied with plan version {plan_number}.",
        "/v1/projects/{subject_id}",
        above=(DISTRICT, STREET, COMMUNITY),
    ),
    Subscription(
        "project.withdrawn",
        "项目撤回申报", "A project was withdrawn",
        "{region}的项目“{subject}”撤回了申报。", "{region}: project “{subject}” no longer competes.",
        "/v1/projects/{subject_id}",
        above=(DISTRICT, STREET, COMMUNITY),
    ),
    Subscription(
        "project.gate_excepted",
        "项目获得例外许可", "An exception to a gate was granted",
        "{region}的项目“{subject}”在门槛“{gate_id}”上获得例外许可，理由与文件见记录。",
        "{region}: project “{subject}” was let past the gate “{gate_id}”; reason and document are on record.",
        "/v1/projects/{subject_id}/gates",
        above=(CITY, STREET, COMMUNITY, AUDITOR),
    ),
    Subscription(
        "round.opened",
        "比选启动", "A selection round was opened",
        "{region}启动了“{subject}”（{year}年）。", "{region}: “{subject}” ({year}) was opened.",
        "/v1/rounds/{subject_id}",
        above=(CITY, DISTRICT), below=(DISTRICT, STREET, COMMUNITY),
    ),
    Subscription(
        "round.frozen",
        "比选数据已冻结", "The facts of a round were frozen",
        "“{subject}”已冻结{candidates}个候选项目的数据，此后的改动不影响本次冻结。",
        "“{subject}”: the facts of {candidates} candidates were frozen; later changes do not touch this freeze.",
        "/v1/rounds/{subject_id}",
        above=(CITY, DISTRICT), below=(DISTRICT, STREET),
    ),
    Subscription(
        "run.finished",
        "比选计算完成", "A ranking was computed",
        "“{subject}”的评分与排名已算出，请核对后公布。", "“{subject}” was scored and ranked; check it before it is published.",
        "/v1/runs/{run_id}",
        above=(CITY, DISTRICT),
    ),
    Subscription(
        "round.published",
        "比选结果公示", "A ranking was published",
        "“{subject}”的结果已公示，公示期至{notice_until}。",
        "The ranking of “{subject}” is public; the notice runs until {notice_until}.",
        "/public/rounds/{subject_id}/ranking",
        above=(CITY, DISTRICT, AUDITOR, DEPARTMENT), below=(DISTRICT, STREET, COMMUNITY, EXPERT, DEPARTMENT),
    ),
    Subscription(
        "policy.assigned",
        "适用政策变更", "Another policy applies",
        "{region}自即日起适用政策“{policy_id}”第{number}版。", "{region} now follows the policy “{policy_id}”, version {number}.",
        "/v1/regions/{region_id}/policy",
        above=(CITY, AUDITOR), below=(DISTRICT, STREET, COMMUNITY),
    ),
    Subscription(
        "report.filed",
        "部门报表已登记", "A statement was filed",
        "{region}登记了报表“{subject}”，共{lines}行，其中{open_lines}行尚不能对应到小区。",
        "{region}: the statement “{subject}” was filed with {lines} lines; {open_lines} of them name no known compound.",
        "/v1/reports/{subject_id}",
        above=(DISTRICT, DEPARTMENT),
    ),
    Subscription(
        "discrepancy.adjudicated",
        "数据差异已裁定", "A discrepancy was settled",
        "{region}“{subject}”的数据差异已由专人裁定。", "{region}: a person settled which figure of “{subject}” holds.",
        "/v1/{subject_type}s/{subject_id}",
        above=(STREET, COMMUNITY, DEPARTMENT),
    ),
)  # fmt: skip

BY_KIND = {subscription.kind: subscription for subscription in SUBSCRIPTIONS}
