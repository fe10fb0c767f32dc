"""Words of printed documents for what the data names: outcomes, categories, sources of funding. Chinese, English."""

Words = tuple[str, str]

# Liuzhou's three lists: 实施一批、谋划一批、储备一批 (semantics.md, Choice).
OUTCOMES: dict[str, Words] = {
    "in": ("实施", "implement"),
    "reserve": ("谋划", "reserve"),
    "later": ("储备", "later"),
    "not_ranked": ("未参加排名", "not ranked"),
}

CATEGORIES: dict[str, Words] = {
    "basic": ("基础类", "basic"),
    "improved": ("完善类", "improved"),
    "upgraded": ("提升类", "upgraded"),
}

FUNDING: dict[str, Words] = {
    "central": ("中央财政", "central finance"),
    "province": ("省级财政", "provincial finance"),
    "city": ("市级财政", "city finance"),
    "county": ("区县财政", "county finance"),
    "residents": ("居民出资", "residents"),
    "repair_fund": ("住宅专项维修资金", "repair fund"),
    "provident_fund": ("住房公积金", "provident fund"),
    "public_income": ("小区公共收益", "public income"),
    "companies": ("企业出资", "companies"),
    "utilities": ("专营单位", "utilities"),
    "former_owners": ("原产权单位", "former owner units"),
    "society": ("社会资本", "social capital"),
    "loans": ("贷款或专项债券", "loans or bonds"),
}

LISTS: dict[str, Words] = {
    "implement": ("实施", "implement"),
    "reserve": ("谋划", "reserve"),
    "later": ("储备", "later"),
}

ENTRY_KINDS: dict[str, Words] = {
    "confirmed": ("确认", "confirmed"),
    "dropped": ("停止", "dropped"),
    "supplemented": ("增补", "supplemented"),
    "adjusted": ("调整", "adjusted"),
}

# Grounds of the packaged policies; a city's own are shown by their id.
GROUNDS: dict[str, Words] = {
    "emergency": ("突发事件", "an emergency"),
    "withdrawn_by_owners": ("业主撤回", "withdrawn by the owners"),
    "land_or_heritage": ("用地或文物保护原因", "land or heritage"),
}

MATTERS: dict[str, Words] = {
    "ordinary": ("一般事项", "ordinary matter"),
    "use_repair_fund": ("使用维修资金", "use of the repair fund"),
    "raise_repair_fund": ("筹集维修资金", "raising the repair fund"),
    "alter_or_rebuild": ("改建、重建建筑物及其附属设施", "altering or rebuilding"),
    "common_parts_use_or_business": ("改变共有部分用途或利用其经营", "use of common parts, or business on them"),
}

VOTE_SCOPES: dict[str, Words] = {
    "compound": ("全体业主", "all owners of the compound"),
    "building": ("本楼业主", "owners of one building"),
    "entrance": ("本单元业主", "owners of one entrance"),
}

SERVED: dict[str, Words] = {
    "posted": ("张贴", "posted"),
    "door": ("上门", "at the door"),
    "phone": ("电话", "by phone"),
    "sms": ("短信", "by text message"),
    "wechat": ("微信", "by WeChat"),
    "mail": ("邮寄", "by mail"),
    "meeting": ("会议", "at a meeting"),
}

CONSULTED: dict[str, Words] = {
    "renovation": ("是否改造", "whether to renovate"),
    "plan": ("改造方案", "the renovation plan"),
    "duties": ("居民义务", "residents' duties"),
    "lift": ("加装电梯", "a lift"),
}

ASKERS: dict[str, Words] = {
    "owners_committee": ("业主委员会", "owners' committee"),
    "self_management_group": ("自管小组", "self-management group"),
    "grid_staff": ("网格员", "grid staff"),
    "neighbourhood_committee": ("社区居委会", "neighbourhood committee"),
    "street": ("街道", "street office"),
    "community_planner": ("社区责任规划师", "community planner"),
    "property_company": ("物业服务企业", "property company"),
}

ANSWERS: dict[str, Words] = {
    "agree": ("同意", "agrees"),
    "disagree": ("不同意", "disagrees"),
    "undecided": ("未决定", "undecided"),
}

VISIT_OUTCOMES: dict[str, Words] = {
    "not_home": ("无人在家", "nobody at home"),
    "refused": ("不同意", "refused"),
    "undecided": ("未决定", "undecided"),
    "agreed": ("同意", "agreed"),
}

PROPERTY_KINDS: dict[str, Words] = {
    "dwelling": ("住宅", "dwelling"),
    "shop": ("商铺", "shop"),
    "garage": ("车库", "garage"),
    "other": ("其他", "other"),
}

BUILDING_OPTIONS: dict[str, Words] = {
    "with_works": ("随改造实施（栋）", "with the works (buildings)"),
    "pit_ready": ("预留基坑（栋）", "pit made ready (buildings)"),
}
