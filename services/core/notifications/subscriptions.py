"""Who hears what, as data: for each kind of event the roles that hear it, from where, and in which words.

Words may name `{subject}` (the project, round, compound … the event is about), `{region}`, `{subject_type}`, `{subject_id}`,
and every field of the event itself; of a clock also `{promise_zh}`, `{promise_en}`, `{until}`, `{case_type}` and `{case_id}` (the
case that the subject is a part of). A kind that is not listed is told to nobody; it is still in the feed of events.
"""

from services.core.identity.access import Role
from services.core.notifications.rules import Subscription
from services.core.policy.hotline import Audience

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
        "{region}的项目“{subject}”提交了第{number}版方案；原方案的表决、公示结果{lapsed}项失效。",
        "{region}: plan version {number} of project “{subject}” is there; {lapsed} votes and notices on the last one lapsed.",
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
        "project.dropped",
        "项目终止", "A project was given up",
        "{region}的项目“{subject}”终止，理由见记录。", "{region}: project “{subject}” was given up; the reason is on record.",
        "/v1/projects/{subject_id}/stages",
        above=(DISTRICT, STREET, COMMUNITY),
    ),
    Subscription(
        "project.started",
        "项目开工", "Works began",
        "{region}的项目“{subject}”开工。", "{region}: works of project “{subject}” began.",
        "/v1/projects/{subject_id}/stages",
        above=(CITY, STREET, COMMUNITY),
    ),
    Subscription(
        "project.accepted",
        "项目通过验收", "Works were accepted",
        "{region}的项目“{subject}”通过验收。", "{region}: the works of project “{subject}” were accepted.",
        "/v1/projects/{subject_id}/stages",
        above=(CITY, STREET, COMMUNITY),
    ),
    Subscription(
        "project.handed_over",
        "项目移交", "A compound was handed over",
        "{region}的项目“{subject}”已移交。", "{region}: project “{subject}” was handed over.",
        "/v1/projects/{subject_id}/stages",
        above=(CITY, STREET, COMMUNITY),
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
        "round.notice_recomputed",
        "公示截止日已按放假安排核定", "The last day of a notice is settled",
        "“{subject}”的公示截止日原为暂定的{before}，现为{notice_until}。",
        "“{subject}”: the notice was to end on {before} provisionally; its last day is {notice_until}.",
        "/v1/rounds/{subject_id}",
        above=(CITY, DISTRICT), below=(DISTRICT, STREET),
    ),
    Subscription(
        "objection.recorded",
        "收到对比选结果的异议", "An objection to a ranking",
        "“{subject}”收到一件异议（{region}），须由登记人以外的人处理。",
        "“{subject}”: an objection was recorded ({region}); another person than who recorded it has to decide.",
        "/v1/objections/{objection_id}",
        above=(CITY, DISTRICT),
    ),
    Subscription(
        "objection.decided",
        "异议已处理", "An objection was decided",
        "对“{subject}”的一件异议（{region}）已作出处理，理由与文件见记录。",
        "“{subject}”: an objection ({region}) was decided; reason and document are on record.",
        "/v1/objections/{objection_id}",
        above=(CITY, DISTRICT, STREET),
    ),
    Subscription(
        "round.reopened",
        "比选重新进行", "A round was reopened",
        "“{subject}”因异议成立或经退回，将重新冻结、计算并完整公示。",
        "“{subject}” was reopened after an objection or a return: it is frozen, run and put on full notice anew.",
        "/v1/rounds/{subject_id}",
        above=(CITY, DISTRICT, AUDITOR), below=(DISTRICT, STREET, DEPARTMENT),
    ),
    Subscription(
        "plan.confirmed",
        "年度计划已确认", "The annual plan was confirmed",
        "“{subject}”已确认为年度计划：实施{implement}个，谋划{reserve}个，储备{later}个。",
        "“{subject}” became the annual plan: {implement} to be implemented, {reserve} in reserve, {later} for later.",
        "/v1/rounds/{subject_id}",
        above=(CITY, AUDITOR, DEPARTMENT), below=(DISTRICT, STREET, COMMUNITY, DEPARTMENT),
    ),
    Subscription(
        "plan.adjusted",
        "年度计划有调整", "The annual plan was adjusted",
        "{region}的项目“{subject}”的预算或建设单位已调整，文件见记录。",
        "{region}: budget or client unit of project “{subject}” was changed; the document is on record.",
        "/v1/projects/{subject_id}/lineage",
        above=(DISTRICT, STREET, AUDITOR),
    ),
    Subscription(
        "supplement.proposed",
        "拟终止计划内项目", "A project of the plan is to be stopped",
        "{region}的项目“{subject}”拟终止并增补，须由提出人以外的人公示。",
        "{region}: project “{subject}” is to be stopped and a reserve to take its place; another person has to publish it.",
        "/v1/supplements/{supplement_id}",
        above=(CITY, DISTRICT),
    ),
    Subscription(
        "supplement.published",
        "计划内项目已终止", "A project of the plan was stopped",
        "{region}的项目“{subject}”已终止，增补结果公示至{notice_until}。",
        "{region}: project “{subject}” was stopped; the supplement is on notice until {notice_until}.",
        "/public/supplements/{supplement_id}",
        above=(CITY, DISTRICT, STREET, COMMUNITY, AUDITOR),
    ),
    Subscription(
        "supplement.withdrawn",
        "增补未成立", "A supplement was withdrawn",
        "{region}的项目“{subject}”终止后的增补因异议成立而撤回，可另行提出增补。",
        "{region}: an objection to who was to take the place of “{subject}” was upheld; another reserve may be proposed.",
        "/v1/supplements/{supplement_id}",
        above=(CITY, DISTRICT, STREET, AUDITOR),
    ),
    Subscription(
        "supplement.confirmed",
        "增补公示期满", "A supplement is confirmed",
        "{region}的项目“{subject}”：增补公示期满，已确认。", "{region}: the supplement about “{subject}” is confirmed.",
        "/v1/supplements/{supplement_id}",
        above=(CITY, DISTRICT, STREET, COMMUNITY, AUDITOR),
    ),
    Subscription(
        "policy.assigned",
        "适用政策变更", "Another policy applies",
        "{region}自即日起适用政策“{policy_id}”第{number}版。", "{region} now follows the policy “{policy_id}”, version {number}.",
        "/v1/regions/{region_id}/policy",
        above=(CITY, AUDITOR), below=(DISTRICT, STREET, COMMUNITY),
    ),
    Subscription(
        "binding_request.made",
        "居民申请绑定房屋", "A resident asks to be bound to his door",
        "{region}有居民申请绑定房屋，请核对名册后办理。", "{region}: a resident asks to be bound to a door.",
        "/v1/binding-requests/{subject_id}",
        above=(COMMUNITY,),
    ),
    Subscription(
        "clock.reminder",
        "即将到期", "A limit comes near",
        "{region}的诉求{subject}，{promise_zh}时限为{until}，请及时办理。",
        "{region}: case {subject}, the limit of its {promise_en} is {until}.",
        "/v1/{case_type}s/{case_id}",
        desk=True, otherwise=(STREET, DISTRICT),
    ),
    Subscription(
        "clock.overdue",
        "已超时", "A limit has passed",
        "{region}的诉求{subject}，{promise_zh}时限（{until}）已过，超时记录不可更改，请立即办理。",
        "{region}: case {subject}, the limit of its {promise_en} ({until}) has passed; that stays on record.",
        "/v1/{case_type}s/{case_id}",
        desk=True, otherwise=(STREET, DISTRICT),
    ),
    Subscription(
        "clock.escalated",
        "超时升级", "A missed limit was escalated",
        "{region}的诉求{subject}，{promise_zh}时限（{until}）已过仍未办理，现升级至第{rung}级。",
        "{region}: case {subject}, the limit of its {promise_en} ({until}) was missed and nothing was done; rung {rung}.",
        "/v1/{case_type}s/{case_id}",
        climbs=True,
    ),
    Subscription(
        "clock.urged",
        "催办", "Somebody urges",
        "{region}的诉求{subject}被催办（第{number}次），{promise_zh}时限为{until}。",
        "{region}: case {subject} was urged (no. {number}); the limit of its {promise_en} is {until}.",
        "/v1/{case_type}s/{case_id}",
        desk=True, otherwise=(STREET, DISTRICT),
    ),
    Subscription(
        "clock.extended",
        "延期获准", "A limit was moved",
        "{region}的诉求{subject}，{promise_zh}时限延至{until}，请告知诉求人。",
        "{region}: case {subject}, the limit of its {promise_en} was moved to {until}; tell who made it.",
        "/v1/{case_type}s/{case_id}",
        desk=True, otherwise=(STREET, DISTRICT),
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

LEADS = {
    Audience.STREET_LEAD: STREET,
    Audience.DISTRICT_LEAD: DISTRICT,
    Audience.CITY_LEAD: CITY,
}
"""The roles that a policy's ladder means; the desk and its department are found by the case."""

BY_KIND = {subscription.kind: subscription for subscription in SUBSCRIPTIONS}
