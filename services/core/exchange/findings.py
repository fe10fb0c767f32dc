"""What can be wrong with a file, a row or a cell: stored as a code and parameters, told in the language of who reads it.

A text never repeats what the cell held: the clerk has the row beside it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from services.core.kit.errors import catalogue

FILE, ROW = 0, 0
"""Row 0 is the file, column 0 the whole row; both count from 1 otherwise."""

TEXTS: dict[str, tuple[str, str]] = {
    "file-unreadable": ("文件无法读取：不是完好的 XLSX 或 CSV", "The file cannot be read: it is no sound XLSX or CSV"),
    "file-old-excel": (
        "旧版 .xls 或加密的工作簿无法读取，请另存为不加密的 .xlsx",
        "Old .xls or encrypted workbooks cannot be read; save it as .xlsx without a password",
    ),
    "file-too-large": (
        "文件展开后过大：至多 {rows} 行、{columns} 列",
        "The file unfolds to too much: at most {rows} rows and {columns} columns",
    ),
    "too-many-rows": (
        "这类文件一次至多 {rows} 行，请分成几个文件",
        "A file of this kind may have at most {rows} rows; send several",
    ),
    "sender-not-allowed": (
        "轮到导入时，发送人已不再有这里的导入权限",
        "When its turn came, the sender was no longer allowed to import here",
    ),
    "file-encoding": ("无法识别文件编码，请存为 UTF-8 或 GB18030", "The encoding is neither UTF-8 nor GB18030"),
    "header-missing": (
        "前 {rows} 行中没有找到表头，请使用模板的列名",
        "No header row within the first {rows} rows; use the column names of the template",
    ),
    "column-missing": ("缺少必需的列：{title_zh}", "The required column is missing: {title_en}"),
    "column-unknown": (
        "不认识的列；请改用模板的列名，或删去该列",
        "This column is not known; use a column name of the template, or remove it",
    ),
    "column-repeated": ("该列出现了不止一次", "This column stands more than once"),
    "column-untitled": ("该列没有表头，不知道填的是什么", "This column has no title, so nobody knows what it says"),
    "row-total": ("合计行不是数据，请删去", "A row of totals is no data; remove it"),
    "required": ("必填", "is required"),
    "cell-error": ("单元格是公式错误（如 #N/A）", "The cell holds an error of a formula (such as #N/A)"),
    "formula-without-value": (
        "公式没有保存计算结果，请粘贴为数值",
        "The formula was saved without its value; paste it as a value",
    ),
    "text-long": ("至多 {limit} 个字符", "may have at most {limit} characters"),
    "text-control": ("含有不可见的控制字符", "holds control characters"),
    "text-personal": ("不得含有手机号或身份证号", "may not hold a mobile or an identity number"),
    "code-number": ("编号被存成了小数或过长的数字，请设为文本", "The code was kept as a fraction or a long number; make it text"),
    "code": ("编号只能含字母、数字、汉字和 -_./()〔〕，至多 64 个字符", "Letters, digits and -_./()〔〕 alone, at most 64"),
    "number": ("应为数字，如 1200 或 1,200.5", "must be a number such as 1200 or 1,200.5"),
    "number-is-date": ("此处是日期而不是数字，请检查单元格格式", "holds a date, not a number; check the cell's format"),
    "unit-other": ("单位不符，本列的单位是 {unit}", "has another unit; this column's is {unit}"),
    "value": ("{zh}", "{en}"),
    "identifier": ("编号有误，请使用导出的表格", "is no id; use the form as it was exported"),
    "flag": ("应填 是 或 否", "must be 是 or 否 (yes or no)"),
    "date": ("应为日期，如 2026-03-01、2026.3.1 或 2026年3月1日", "must be a date such as 2026-03-01, 2026.3.1 or 2026年3月1日"),
    "date-number": (
        "数字单元格分不清 1 月与 10 月（2026.10 存成 2026.1），请写成 2026-10 或设为文本",
        "As a number January and October look alike (2026.10 is kept as 2026.1): write 2026-10, or make it text",
    ),
    "date-to-come": ("不得晚于今日", "is a day to come"),
    "choice": ("只能是：{zh}", "must be one of: {en}"),
    "amount": ("应为不小于 0、至多 {places} 位小数的数", "must be a number of at least 0 with at most {places} decimal places"),
    "list-long": ("至多 {limit} 项", "may hold at most {limit} entries"),
    "region-unknown": (
        "在导入所选区域内没有找到该区域，请填区划代码或完整名称",
        "No such region inside that of the import; give its code or its full name",
    ),
    "region-ambiguous": ("不止一个区域叫这个名称，请填区划代码或加上级名称", "Several are called so; give the code or names above"),
    "region-level": (
        "小区须登记在现存的市、区县、街道、社区或功能区之下",
        "Compounds stand in a city, county, street, community or zone",
    ),
    "no-elsewhere": ("该编号属于导入区域以外的对象", "This number belongs to something outside the import's region"),
    "compound-closed": ("该小区已合并或拆分，不再登记", "This compound was merged or split and takes nothing new"),
    "name-ambiguous": ("该区域内有多个同名小区，请填小区编号", "Several compounds there are called so; give the number"),
    "row-contradicts": (
        "与第 {row} 行是同一小区，但名称、区域或地址不同",
        "is the compound of row {row}, with another name, region or address",
    ),
    "figure-repeated": ("同一来源对同一项已在第 {row} 行填报", "The same source states this already in row {row}"),
    "row-repeated": ("与第 {row} 行重复", "repeats row {row}"),
    "source-ours": ("这一名称留给系统自身", "This name the system keeps for itself"),
    "source-missing": ("填写了数据，须有数据来源", "States figures and needs their source"),
    "compound-unknown": ("所列小区编号在导入区域内不存在", "A compound number listed is not known in the import's region"),
    "person-name": ("应为完整的姓名，多人用、分隔", "must be whole names, several separated by 、"),
    "phone": ("应为手机号或带区号的固定电话，多人用、分隔", "must be mobile numbers, or landlines with their area code"),
    "identity-number": ("证件号码有误，多人用、分隔", "holds no valid identity numbers, several separated by 、"),
    "list-uneven": ("个数与业主不一致；没有的一项填 -", "has another number of entries than owners; write - where there is none"),
    "owner-missing": ("填了业主类型、电话或证件号，须填业主", "Owners are needed where their kind, phones or numbers are given"),
    "owner-several": ("此类业主只能填一个单位，不填电话和证件号", "One organisation alone, without phones or numbers"),
    "owner-repeated": ("同一人重复列出", "Somebody is listed twice"),
    "number-of-another": (
        "该证件号码已登记在本小区另一条人员记录中；请先核对，同一人的先合并",
        "This identity number stands in another entry of the compound; check it, and merge the two first if they are one",
    ),
    "owner-differs": (
        "与登记的同名业主电话或证件号不一致；请先在人员登记中核实更正",
        "An owner of this name is registered with another phone or number; settle that in the register of people first",
    ),
    "title-earlier": ("早于该房屋上一次转移的日期", "is before the last transfer of this property"),
    "area-source-missing": ("填了专有面积，须有面积来源", "States an exclusive area and needs its source"),
    "area-zero": ("须大于 0", "must be more than 0"),
    "building-missing": ("填了单元，须填楼栋", "An entrance needs its building"),
    "vote-unknown": ("导入区域内没有这项表决，或尚未开始", "No such vote in the import's region, or it has not opened yet"),
    "door-unknown": ("名册上没有这一房号", "The roll has no such door"),
    "doors-apart": ("所列房号不属于同一表决人", "These doors are not of one head"),
    "project-unknown": ("导入区域内没有这个项目编号", "No project of this number in the import's region"),
    "project-region": ("项目已登记在另一区域，不能由导入改变", "The project stands in another region; an import moves none"),
    "plan-long": ("一个项目至多 {limit} 行", "A project may have at most {limit} rows"),
    "project-torn": (
        "同一项目的其他行有误，整个方案未写入",
        "Another row of the same project is wrong, so its plan was not written",
    ),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing wrong: where, a stable code, and what the text needs to be told."""

    row: int
    column: int
    code: str
    params: Mapping[str, Any] = field(default_factory=dict)


class FileRefused(Exception):
    """Nothing of the file can be used: no row was looked at."""

    def __init__(self, *findings: Finding) -> None:
        super().__init__(*(finding.code for finding in findings))
        self.findings = findings


def refused(code: str, **params: Any) -> FileRefused:
    """A refusal of the file as a whole."""
    return FileRefused(Finding(FILE, ROW, code, params))


class Wrong(ValueError):
    """What a cell holds is not what its column takes."""

    def __init__(self, code: str, **params: Any) -> None:
        super().__init__(code)
        self.code = code
        self.params = params


def told(code: str, params: Mapping[str, Any], *, chinese: bool) -> str:
    """The text of a finding. A refusal of the domain that wrote the row is told by its own title, and what it says of the place."""
    if code in TEXTS:
        return TEXTS[code][0 if chinese else 1].format(**params)
    title = _titles()[code][0 if chinese else 1]
    return f"{title}{'：' if chinese else ': '}{params['zh' if chinese else 'en']}" if params else title


@cache
def _titles() -> dict[str, tuple[str, str]]:
    return {error.code: (error.title_zh, error.title_en) for error in catalogue()}


def column_letter(column: int) -> str | None:
    """The letter over a column as a spreadsheet shows it (1 is A, 27 is AA); None for the whole row."""
    letters = ""
    while column > 0:
        column, digit = divmod(column - 1, 26)
        letters = chr(65 + digit) + letters
    return letters or None
