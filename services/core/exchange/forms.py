"""The forms: what a file of each kind holds, column by column. A kind that joins later is one more `Form` and its writer."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from services.core.exchange import cells
from services.core.exchange.cells import Parser
from services.core.exchange.worksheet import MAX_ROWS
from services.core.facts.catalogue import CATALOGUE, Entry, Subject, ValueType
from services.core.identity.access import Permission
from services.core.ownership import rules
from services.core.ownership.rules import AreaSource, OwnerKind, PropertyKind
from services.core.territory.rules import Category
from services.core.votes.lifecycle import Channel
from services.core.votes.rules import Choice

MAX_COMPOUNDS = 200
CATEGORIES: dict[str, tuple[str, str]] = {
    Category.BASIC: ("基础类", "basic"),
    Category.IMPROVED: ("完善类", "improved"),
    Category.UPGRADED: ("提升类", "upgraded"),
}
PROPERTY_KINDS: dict[str, tuple[str, str]] = {
    PropertyKind.DWELLING: ("住宅", "dwelling"),
    PropertyKind.SHOP: ("商铺", "shop"),
    PropertyKind.GARAGE: ("车库", "garage"),
    PropertyKind.OTHER: ("其他", "other"),
}
AREA_SOURCES: dict[str, tuple[str, str]] = {
    AreaSource.REGISTER: ("登记", "register"),
    AreaSource.SURVEY: ("实测", "survey"),
    AreaSource.CONTRACT: ("合同", "contract"),
}
OWNER_KINDS: dict[str, tuple[str, str]] = {
    OwnerKind.PERSONS: ("自然人", "people"),
    OwnerKind.COMPANY: ("企业", "company"),
    OwnerKind.PUBLIC: ("公有", "public"),
    OwnerKind.DEVELOPER: ("开发商", "developer"),
    OwnerKind.UNKNOWN: ("不明", "unknown"),
}
CHOICES: dict[str, tuple[str, str]] = {
    Choice.APPROVE: ("同意", "approve"),
    Choice.REJECT: ("反对", "reject"),
    Choice.ABSTAIN: ("弃权", "abstain"),
}
ON_PAPER: dict[str, tuple[str, str]] = {Channel.PAPER: ("纸质", "paper"), Channel.PROXY: ("委托", "proxy")}
YES_NO = ("是", "否")
HELP_MARK = "【说明】"
"""A row whose first cell begins so tells how to fill in the form; it is skipped."""


class ImportKind(StrEnum):
    """What a file that may be imported holds."""

    COMPOUNDS = "compounds"
    PROJECTS = "projects"
    QUANTITIES = "quantities"
    PROPERTIES = "properties"
    BALLOTS = "ballots"


PERSONAL = frozenset({ImportKind.PROPERTIES, ImportKind.BALLOTS})
"""Files that tell of people, or what they chose: they and their bad rows are kept sealed, and shown only to who may reveal."""


@dataclass(frozen=True, slots=True)
class Column:
    """One column. `fills_down`: merged cells stand for each of their rows. `offered`: the words of its drop-down list."""

    key: str
    title_zh: str
    title_en: str
    help_zh: str
    help_en: str
    parse: Parser
    required: bool = False
    fills_down: bool = False
    offered: tuple[str, ...] = ()

    @property
    def header(self) -> str:
        """Its title in both languages, as templates and exports show it."""
        return f"{self.title_zh}{'*' if self.required else ''}\n{self.title_en}"

    @property
    def help(self) -> str:
        """What to write here, in both languages."""
        return f"{self.help_zh}\n{self.help_en}"


@dataclass(frozen=True, slots=True)
class Form:
    """The columns of one kind of file. `needs`: what an importer must be allowed to do besides importing. `most_rows`: what a job
    writes well within its time (compounds by statements over many, the others through their use cases one by one).
    """

    kind: ImportKind
    title_zh: str
    title_en: str
    needs: frozenset[Permission]
    most_rows: int
    columns: tuple[Column, ...]


def _words(titles: Mapping[str, tuple[str, str]]) -> tuple[str, ...]:
    return tuple(names[0] for names in titles.values())


def _figure(entry: Entry) -> Column:
    unit_zh, unit_en = (f"，单位 {entry.unit}", f", in {entry.unit}") if entry.unit else ("", "")
    shape_zh, shape_en = {
        ValueType.SHARE: ("，填 0.75、75% 或 2/3", ", as 0.75, 75% or 2/3"),
        ValueType.FLAG: ("，填 是 或 否", ", 是 or 否"),
    }.get(entry.value_type, ("", ""))
    return Column(
        entry.key, entry.title_zh, entry.title_en, f"{entry.meaning_zh}{unit_zh}{shape_zh}",
        f"{entry.meaning_en}{unit_en}{shape_en}", cells.fact(entry),
        offered=YES_NO if entry.value_type is ValueType.FLAG else (),
    )  # fmt: skip


FIGURES = tuple(_figure(entry) for entry in CATALOGUE.values() if entry.subject is Subject.COMPOUND)

COMPOUNDS = Form(
    ImportKind.COMPOUNDS, "小区", "Compounds", frozenset({Permission.COMPOUND_WRITE, Permission.FACT_ATTEST}), MAX_ROWS,
    (
        Column("no", "小区编号", "Compound no.", "留空由系统编号，再次导入时按区域与名称识别；前导零请用文本格式",
               "Blank: the system gives one, and region and name identify it next time; keep leading zeros as text",
               cells.code),
        Column("name", "小区名称", "Compound name", "小区全称", "Its full name", cells.text(200), required=True),
        Column("region", "所属区域", "Region", "区划代码，或街道、社区名称（可加上级名称）；没有此列则归入导入所选区域",
               "Code, or name of street or community (names above it may stand before); without this column, the import's region",
               cells.repeated(cells.text(200)), fills_down=True),
        Column("address", "地址", "Address", "留空则不改动", "Blank leaves it as it is", cells.text(300)),
        *FIGURES,
        Column("source", "数据来源", "Source", "填报单位或调查名称；填写数据时必填（也可在导入时统一指定）",
               "Office or survey that says so; needed where figures are stated (or named once for the whole import)",
               cells.repeated(cells.source), fills_down=True),
        Column("document", "文号", "Document", "依据的文件及文号", "The document that it rests on", cells.repeated(cells.text(300)),
               fills_down=True),
        Column("observed_on", "数据日期", "Observed on", "数据所属日期，如 2026-03-01、2026.3.1、2026年3月",
               "The day that the figures are of, such as 2026-03-01", cells.repeated(cells.day), fills_down=True),
        Column("synthetic", "演示数据", "Synthetic", "虚构的演示数据填 是", "是 for figures made up for a demonstration",
               cells.flag, offered=YES_NO),
    ),
)  # fmt: skip

PROJECTS = Form(
    ImportKind.PROJECTS, "项目", "Projects", frozenset({Permission.PROJECT_WRITE}), 20_000,
    (
        Column("no", "项目编号", "Project no.", "项目的唯一编号", "Identifies the project", cells.code, required=True),
        Column("title", "项目名称", "Title", "项目全称", "Its full title", cells.text(200), required=True),
        Column("region", "所属区域", "Region", "区划代码或名称；没有此列则归入导入所选区域",
               "Code or name; without this column, the import's region", cells.text(200), fills_down=True),
        Column("compounds", "小区编号", "Compounds", "所含小区的编号，用、分隔", "Numbers of its compounds, separated by 、",
               cells.codes(MAX_COMPOUNDS), required=True),
        Column("client_unit", "建设单位", "Client unit", "留空则不改动", "Blank leaves it as it is",
               cells.text(200)),
    ),
)  # fmt: skip

QUANTITIES = Form(
    ImportKind.QUANTITIES, "工程量与造价", "Quantities and costs", frozenset({Permission.PROJECT_WRITE}), 20_000,
    (
        Column("project_no", "项目编号", "Project no.", "同一项目的各行合为一个新的方案版本；与现行方案相同则不新增",
               "The rows of a project are its next plan version; none is added when nothing differs",
               cells.code, required=True, fills_down=True),
        Column("item", "改造内容", "Works", "分项名称", "Name of the item", cells.text(200), required=True),
        Column("menu_item", "菜单项", "Menu item", "政策菜单中的代号，可留空", "Its id in the policy's menu, if any",
               cells.text(100)),
        Column("category", "类别", "Category", "基础类、完善类或提升类", "基础类 (basic), 完善类 (improved) or 提升类 (upgraded)",
               cells.choice(CATEGORIES), required=True, fills_down=True,
               offered=_words(CATEGORIES)),
        Column("quantity", "工程量", "Quantity", "只填数字", "The number alone", cells.amount(None, digits=12, places=9),
               required=True),
        Column("unit", "单位", "Unit", "如 平方米、米、个", "Such as 平方米, 米, 个", cells.text(20), required=True),
        Column("cost", "造价（元）", "Cost (yuan)", "元，至多两位小数；可写 12.5万元。各行之和为预算",
               "In yuan, at most two decimal places; 12.5万元 will do. Their sum is the budget",
               cells.amount("元", digits=14, places=2), required=True),
    ),
)  # fmt: skip

PROPERTIES = Form(
    ImportKind.PROPERTIES, "房屋与业主", "Properties and owners", frozenset({Permission.OWNER_WRITE}), MAX_ROWS,
    (
        Column("compound_no", "小区编号", "Compound no.", "房屋所在小区的编号", "Number of the compound", cells.code, required=True,
               fills_down=True),
        Column("building", "楼栋", "Building", "楼号，如 3 或 3号楼；没有的楼栋会登记",
               "Its number; one not yet registered is entered",
               cells.number_of(rules.building_no, 60), fills_down=True),
        Column("entrance", "单元", "Entrance", "单元号，如 2 或 2单元；没有的单元会登记",
               "Its number in the building; one not yet registered is entered", cells.number_of(rules.entrance_no, 60),
               fills_down=True),
        Column("door", "门牌号", "Door", "如 301；与楼栋、单元一起确定房屋",
               "With building and entrance it identifies the property",
               cells.number_of(rules.door_no, 60), required=True),
        Column("kind", "房屋类型", "Kind", "住宅、商铺、车库或其他", "住宅 (dwelling), 商铺 (shop), 车库 (garage) or 其他 (other)",
               cells.choice(PROPERTY_KINDS), required=True, fills_down=True, offered=_words(PROPERTY_KINDS)),
        Column("area", "专有面积", "Exclusive area", "平方米，至多两位小数；留空则不改动", "In m2, at most two decimal places",
               cells.amount("m2", digits=12, places=2)),
        Column("area_source", "面积来源", "Source of the area", "登记（不动产登记簿）、实测或合同；以前者为准",
               "登记 (register), 实测 (survey) or 合同 (contract); the former decides", cells.choice(AREA_SOURCES),
               fills_down=True, offered=_words(AREA_SOURCES)),
        Column("registered_area", "产权面积", "Registered area", "平方米，用于分摊费用", "In m2, for sharing costs",
               cells.amount("m2", digits=12, places=2)),
        Column("owner_kind", "业主类型", "Kind of owner", "自然人、企业、公有、开发商或不明；填了业主而留空即自然人",
               "自然人 (people), 企业 (company), 公有 (public), 开发商 (developer) or 不明 (unknown)", cells.choice(OWNER_KINDS),
               offered=_words(OWNER_KINDS)),
        Column("owners", "业主", "Owners", "姓名，共有人用、分隔；单位填全称。全部留空则不改动",
               "Names, co-owners separated by 、; an organisation's full title. Blank leaves them",
               cells.each(cells.text(200), "person-name", rules.MAX_OWNERS)),
        Column("phones", "电话", "Phones", "与业主逐一对应，用、分隔，没有的填 -",
               "One for each owner, separated by 、; - for none",
               cells.each(rules.phone_number, "phone", rules.MAX_OWNERS)),
        Column("identity_numbers", "证件号码", "Identity numbers", "与业主逐一对应，用、分隔，没有的填 -；请用文本格式",
               "One for each owner, separated by 、; - for none; as text",
               cells.each(rules.identity_number, "identity-number", rules.MAX_OWNERS)),
        Column("title_date", "取得日期", "Title since", "业主变更时：填写为产权转移，留空为更正登记",
               "Where owners change: given, title was transferred that day; blank, the register is corrected", cells.day),
        Column("document", "依据", "Document", "业主变更的依据", "What a change of owners rests on", cells.open_text(300),
               fills_down=True),
        Column("synthetic", "演示数据", "Synthetic", "虚构的业主填 是", "是 for owners made up for a demonstration",
               cells.flag, offered=YES_NO),
    ),
)  # fmt: skip

MAX_MATTERS, MAX_DOORS = 50, 200
BALLOTS = Form(
    ImportKind.BALLOTS, "纸质选票", "Paper ballots", frozenset({Permission.VOTE_ENTER}), 20_000,
    (
        Column("vote", "表决编号", "Vote", "导出的表中已填好，请勿改动", "Filled in where the roll was exported; leave it",
               cells.identifier, required=True, fills_down=True),
        Column("doors", "房号", "Doors", "该表决人的房号，一处即可，多处用、分隔",
               "Doors of the head: one will do, several separated by 、",
               cells.each(str.strip, "door-unknown", MAX_DOORS), required=True),
        Column("choices", "选择", "Choices", "按事项序号填同意、反对或弃权，用、分隔；没有选票的留空",
               "同意 (approve), 反对 (reject) or 弃权 (abstain) for each matter, separated by 、; blank where no paper came",
               cells.each(cells.choice(CHOICES), "choice", MAX_MATTERS)),
        Column("channel", "方式", "How", "纸质或委托，留空即纸质", "纸质 (paper) or 委托 (proxy); blank is paper",
               cells.choice(ON_PAPER), fills_down=True, offered=_words(ON_PAPER)),
        Column("evidence", "凭据", "Evidence", "选票存放处或委托书编号；委托必填",
               "Where the paper is kept, or the authority of a proxy", cells.text(300), fills_down=True),
    ),
)  # fmt: skip

FORMS: dict[ImportKind, Form] = {form.kind: form for form in (COMPOUNDS, PROJECTS, QUANTITIES, PROPERTIES, BALLOTS)}
