"""The forms: what a file of each kind holds, column by column. A kind that joins later is one more `Form` and its writer."""

from dataclasses import dataclass
from enum import StrEnum

from services.core.exchange import cells
from services.core.exchange.cells import Parser
from services.core.facts.catalogue import CATALOGUE, Entry, Subject, ValueType
from services.core.identity.access import Permission
from services.core.territory.rules import Category

MAX_COMPOUNDS = 200
CATEGORIES: dict[str, tuple[str, str]] = {
    Category.BASIC: ("基础类", "basic"),
    Category.IMPROVED: ("完善类", "improved"),
    Category.UPGRADED: ("提升类", "upgraded"),
}
YES_NO = ("是", "否")
HELP_MARK = "【说明】"
"""A row whose first cell begins so tells how to fill in the form; it is skipped."""


class ImportKind(StrEnum):
    """What a file that may be imported holds."""

    COMPOUNDS = "compounds"
    PROJECTS = "projects"
    QUANTITIES = "quantities"


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
    """The columns of one kind of file. `needs`: what an importer must be allowed to do besides importing."""

    kind: ImportKind
    title_zh: str
    title_en: str
    needs: frozenset[Permission]
    columns: tuple[Column, ...]


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
    ImportKind.COMPOUNDS, "小区", "Compounds", frozenset({Permission.COMPOUND_WRITE, Permission.FACT_ATTEST}),
    (
        Column("no", "小区编号", "Compound no.", "留空由系统编号，再次导入时按区域与名称识别；前导零请用文本格式",
               "Blank: the system gives one, and region and name identify it next time; keep leading zeros as text",
               cells.code),
        Column("name", "小区名称", "Compound name", "小区全称", "Its full name", cells.text(200), required=True),
        Column("region", "所属区域", "Region", "区划代码，或街道、社区名称（可加上级名称）；没有此列则归入导入所选区域",
               "Code, or name of street or community (names above it may stand before); without this column, the import's region",
               cells.text(200), fills_down=True),
        Column("address", "地址", "Address", "留空则不改动", "Blank leaves it as it is", cells.text(300)),
        *FIGURES,
        Column("source", "数据来源", "Source", "填报单位或调查名称；填写数据时必填（也可在导入时统一指定）",
               "Office or survey that says so; needed where figures are stated (or named once for the whole import)",
               cells.source, fills_down=True),
        Column("document", "文号", "Document", "依据的文件及文号", "The document that it rests on", cells.text(300),
               fills_down=True),
        Column("observed_on", "数据日期", "Observed on", "数据所属日期，如 2026-03-01、2026.3.1、2026年3月",
               "The day that the figures are of, such as 2026-03-01", cells.day, fills_down=True),
        Column("synthetic", "演示数据", "Synthetic", "虚构的演示数据填 是", "是 for figures made up for a demonstration",
               cells.flag, offered=YES_NO),
    ),
)  # fmt: skip

PROJECTS = Form(
    ImportKind.PROJECTS, "项目", "Projects", frozenset({Permission.PROJECT_WRITE}),
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
    ImportKind.QUANTITIES, "工程量与造价", "Quantities and costs", frozenset({Permission.PROJECT_WRITE}),
    (
        Column("project_no", "项目编号", "Project no.", "同一项目的各行合为一个新的方案版本；与现行方案相同则不新增",
               "The rows of a project are its next plan version; none is added when nothing differs",
               cells.code, required=True, fills_down=True),
        Column("item", "改造内容", "Works", "分项名称", "Name of the item", cells.text(200), required=True),
        Column("menu_item", "菜单项", "Menu item", "政策菜单中的代号，可留空", "Its id in the policy's menu, if any",
               cells.text(100)),
        Column("category", "类别", "Category", "基础类、完善类或提升类", "基础类 (basic), 完善类 (improved) or 提升类 (upgraded)",
               cells.choice(CATEGORIES), required=True, fills_down=True,
               offered=tuple(names[0] for names in CATEGORIES.values())),
        Column("quantity", "工程量", "Quantity", "只填数字", "The number alone", cells.amount(None, digits=12, places=9),
               required=True),
        Column("unit", "单位", "Unit", "如 平方米、米、个", "Such as 平方米, 米, 个", cells.text(20), required=True),
        Column("cost", "造价（元）", "Cost (yuan)", "元，至多两位小数；可写 12.5万元。各行之和为预算",
               "In yuan, at most two decimal places; 12.5万元 will do. Their sum is the budget",
               cells.amount("元", digits=14, places=2), required=True),
    ),
)  # fmt: skip

FORMS: dict[ImportKind, Form] = {form.kind: form for form in (COMPOUNDS, PROJECTS, QUANTITIES)}
