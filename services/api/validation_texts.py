"""What was wrong with a field, in Chinese and English, without ever repeating the input (Pydantic's own texts do)."""

import re
from collections.abc import Sequence
from typing import Any

from services.core.kit.errors import FieldError

# Pydantic's error type -> (Chinese, English). `{…}` takes limits from the rule, never from the input.
TEXTS: dict[str, tuple[str, str]] = {
    "missing": ("必填", "is required"),
    "extra_forbidden": ("不认识的字段", "is not a known field"),
    "string_type": ("应为文本", "must be text"),
    "string_too_short": ("至少 {min_length} 个字符", "needs at least {min_length} characters"),
    "string_too_long": ("至多 {max_length} 个字符", "may have at most {max_length} characters"),
    "string_pattern_mismatch": ("格式不正确", "does not have the expected form"),
    "int_type": ("应为整数", "must be an integer"),
    "int_parsing": ("应为整数", "must be an integer"),
    "int_from_float": ("应为整数", "must be an integer"),
    "bool_type": ("应为 true 或 false", "must be true or false"),
    "bool_parsing": ("应为 true 或 false", "must be true or false"),
    "decimal_type": ("应为以文本书写的十进制数", "must be a decimal written as text"),
    "decimal_parsing": ("应为以文本书写的十进制数", "must be a decimal written as text"),
    "decimal_max_places": ("至多 {decimal_places} 位小数", "may have at most {decimal_places} decimal places"),
    "decimal_max_digits": ("至多 {max_digits} 位数字", "may have at most {max_digits} digits"),
    "greater_than": ("须大于 {gt}", "must be more than {gt}"),
    "greater_than_equal": ("不得小于 {ge}", "must be at least {ge}"),
    "less_than": ("须小于 {lt}", "must be less than {lt}"),
    "less_than_equal": ("不得大于 {le}", "must be at most {le}"),
    "date_type": ("应为日期，如 2026-11-21", "must be a date such as 2026-11-21"),
    "date_parsing": ("应为日期，如 2026-11-21", "must be a date such as 2026-11-21"),
    "date_from_datetime_parsing": ("应为日期，如 2026-11-21", "must be a date such as 2026-11-21"),
    "datetime_parsing": ("应为带时区的时间（RFC 3339）", "must be a time with a zone (RFC 3339)"),
    "datetime_from_date_parsing": ("应为带时区的时间（RFC 3339）", "must be a time with a zone (RFC 3339)"),
    "timezone_aware": ("时间须带时区", "the time needs a zone"),
    "uuid_type": ("应为 UUID", "must be a UUID"),
    "uuid_parsing": ("应为 UUID", "must be a UUID"),
    "enum": ("只能是：{expected}", "must be one of: {expected}"),
    "literal_error": ("只能是：{expected}", "must be one of: {expected}"),
    "list_type": ("应为列表", "must be a list"),
    "tuple_type": ("应为列表", "must be a list"),
    "dict_type": ("应为对象", "must be an object"),
    "model_type": ("应为对象", "must be an object"),
    "model_attributes_type": ("应为对象", "must be an object"),
    "too_short": ("至少 {min_length} 项", "needs at least {min_length} items"),
    "too_long": ("至多 {max_length} 项", "may have at most {max_length} items"),
    "union_tag_invalid": ("种类只能是：{expected_tags}", "the kind must be one of: {expected_tags}"),
    "union_tag_not_found": ("缺少种类", "its kind is missing"),
}
LONGEST_NAME = 64  # an unknown field is named as it was given; a whole text is not repeated
FALLBACK = ("内容不正确", "is not valid")
LIMITS = (
    "min_length", "max_length", "decimal_places", "max_digits", "gt", "ge", "lt", "le", "expected", "expected_tags",
)  # fmt: skip


def pointer_of(location: Sequence[int | str]) -> str:
    """A JSON Pointer into the body (RFC 6901); `?name` for a query parameter, `{name}` for a part of the path, else the header."""
    where, *rest = location or ("body",)
    rest = [part if isinstance(part, int) else part[:LONGEST_NAME] for part in rest]
    if where == "body":
        return "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in rest)
    name = ".".join(str(part) for part in rest)
    return {"query": f"?{name}", "path": "{" + name + "}"}.get(str(where), name)


def field_errors(errors: Sequence[Any]) -> list[FieldError]:
    """Each wrong place of a request. A rule of ours (a ValueError of two texts) tells its own."""
    return [_field_error(error) for error in errors[:50]]


def _field_error(error: Any) -> FieldError:
    pointer = pointer_of(error["loc"])
    context = error.get("ctx") or {}
    own = context.get("error")
    if error["type"] == "value_error" and own is not None and len(own.args) == 2:
        chinese, english = own.args
        return FieldError(pointer, str(chinese), str(english))
    limits = {key: value for key, value in context.items() if key in LIMITS}
    for key in ("expected", "expected_tags"):
        if key in limits:
            limits[key] = ", ".join(re.findall(r"'([^']*)'", str(limits[key]))) or limits[key]
    chinese, english = TEXTS.get(error["type"], FALLBACK)
    try:
        return FieldError(pointer, chinese.format(**limits), english.format(**limits))
    except KeyError:
        return FieldError(pointer, *FALLBACK)
