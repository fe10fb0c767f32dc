"""Reads policies from YAML. Whatever is wrong is refused with its place; nothing is guessed, converted or left unnoticed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

import yaml
from pydantic import ValidationError

from services.core.kit.invalid import pointer_to
from services.core.policy.loader_errors import Fault, PolicyMalformed
from services.core.policy.schema import Policy, canonical, policy_digest

MAX_BYTES = 1_000_000

# Pydantic's error type -> (Chinese, English). `{…}` takes limits from the form, never from what was written.
_TEXTS: Mapping[str, tuple[str, str]] = {
    "missing": ("缺少这一项", "is missing"),
    "extra_forbidden": ("不认识的键", "is not a known key"),
    "string_type": ("应为文本", "must be text"),
    "string_pattern_mismatch": ("写法不符合规定", "is not written in the expected form"),
    "string_too_short": ("不得为空", "may not be empty"),
    "string_too_long": ("至多 {max_length} 个字符", "may have at most {max_length} characters"),
    "too_short": ("至少 {min_length} 项", "needs at least {min_length} items"),
    "too_long": ("至多 {max_length} 项", "may have at most {max_length} items"),
    "greater_than_equal": ("不得小于 {ge}", "must be at least {ge}"),
    "less_than_equal": ("不得大于 {le}", "must be at most {le}"),
    "literal_error": ("只能是 {expected}", "must be {expected}"),
    "enum": ("只能是 {expected}", "must be {expected}"),
    "union_tag_invalid": ("种类只能是 {expected_tags}", "must be of the kind {expected_tags}"),
    "union_tag_not_found": ("缺少种类 kind", "has no kind"),
    "int_type": ("应为整数", "must be a whole number"),
    "bool_type": ("应为 true 或 false", "must be true or false"),
    "tuple_type": ("应为列表", "must be a list"),
    "dict_type": ("应为键值对", "must be a mapping"),
    "model_type": ("应为键值对", "must be a mapping"),
    "date_type": ("应为日期，如 2026-11-21", "must be a date such as 2026-11-21"),
    "date_from_datetime_parsing": ("应为日期，如 2026-11-21", "must be a date such as 2026-11-21"),
}
_LIMITS = ("max_length", "min_length", "ge", "le", "expected", "expected_tags")

Path = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class LoadedPolicy:
    """One version of a policy with its canonical form and that form's SHA-256."""

    policy: Policy
    body: dict[str, Any]
    digest: str


@dataclass(frozen=True, slots=True)
class _Document:
    """Plain data of a YAML text and the line where every part of it stands."""

    file: str
    data: dict[str, Any]
    lines: Mapping[Path, int]

    def fault(self, path: Path, zh: str, en: str) -> Fault:
        """A fault at `path`, on the line of the nearest part that is there."""
        known = path
        while known not in self.lines:
            known = known[:-1]
        return Fault(self.file, self.lines[known], pointer_to(*path), zh, en)


@cache
def load_packaged() -> tuple[LoadedPolicy, ...]:
    """Every policy that ships with the package, by id. PolicyMalformed when one does not have the form."""
    folder = files("services.core.policy") / "cities"
    texts = {one.name: one.read_text("utf-8") for one in folder.iterdir() if one.name.endswith(".yaml")}
    return tuple(load_policies(texts).values())


def load_policies(texts: Mapping[str, str]) -> dict[str, LoadedPolicy]:
    """The policies of several YAML texts (by file name), by id; one may borrow another's rubric (`same_as`).

    PolicyMalformed lists every fault with file, line and path of keys.
    """
    documents = {name: _read(name, text) for name, text in sorted(texts.items())}
    by_id = {str(document.data.get("id")): document for document in documents.values()}
    loaded: dict[str, LoadedPolicy] = {}
    for document in documents.values():
        policy = _validated(document, _with_rubric(document, by_id))
        if policy.id in loaded:
            raise PolicyMalformed([document.fault(("id",), "另一文件已用此 id", "is the id of another file too")])
        loaded[policy.id] = LoadedPolicy(policy, canonical(policy), policy_digest(policy))
    return dict(sorted(loaded.items()))


def load_policy(text: str, *, file: str = "policy.yaml") -> LoadedPolicy:
    """One policy from a YAML text that may borrow from the packaged ones. PolicyMalformed says what is wrong where."""
    document = _read(file, text)
    packaged = {one.policy.id: _Document(one.policy.id, one.body, {(): 1}) for one in load_packaged()}
    policy = _validated(document, _with_rubric(document, packaged))
    return LoadedPolicy(policy, canonical(policy), policy_digest(policy))


def _with_rubric(document: _Document, others: Mapping[str, _Document]) -> dict[str, Any]:
    """The document's data with a borrowed rubric filled in; only `source` and `illustrative` may stand beside `same_as`."""
    rubric = document.data.get("rubric")
    if not isinstance(rubric, dict) or "same_as" not in rubric or "dimensions" in rubric:
        return document.data
    lender = others.get(str(rubric["same_as"]))
    lent = lender.data.get("rubric") if lender is not None and lender is not document else None
    if not isinstance(lent, dict) or "same_as" in lent:
        place = document.fault(
            ("rubric", "same_as"), "没有可借用的评分细则", "names no policy with a rubric of its own"
        )
        raise PolicyMalformed([place])
    own = [key for key in rubric if key not in ("same_as", "source", "illustrative")]
    if own:
        raise PolicyMalformed(
            [
                document.fault(("rubric", key), "借用的评分细则不得改动", "may not change a borrowed rubric")
                for key in own
            ]
        )
    kept = {key: value for key, value in lent.items() if key not in ("source", "illustrative")}
    return {**document.data, "rubric": {**kept, **rubric}}


def _validated(document: _Document, data: dict[str, Any]) -> Policy:
    try:
        return Policy.model_validate(data)
    except ValidationError as wrong:
        raise PolicyMalformed([_fault(document, error, data) for error in wrong.errors()]) from wrong


def _fault(document: _Document, error: Any, data: Any) -> Fault:
    """Where and what a Pydantic error is. Its location also holds names of union members, which are no keys: those are dropped."""
    path: list[str | int] = []
    for position, part in enumerate(error["loc"]):
        is_there = part in data if isinstance(data, dict) else isinstance(data, list | tuple) and isinstance(part, int)
        if is_there:
            data = data[part]
            path.append(part)
        elif position == len(error["loc"]) - 1 and error["type"] == "missing":
            path.append(part)
    context = error.get("ctx") or {}
    own = context.get("error")
    if error["type"] == "value_error" and own is not None and len(own.args) == 2:
        zh, en = own.args
        return document.fault(tuple(path), zh, en)
    zh, en = _TEXTS.get(error["type"], ("写法不正确", "is not valid"))
    limits = {key: value for key, value in context.items() if key in _LIMITS}
    return document.fault(tuple(path), zh.format(**limits), en.format(**limits))


def _read(file: str, text: str) -> _Document:
    """Plain data with lines. Refused: what is no YAML, several documents, repeated keys, references, floats, other types."""
    if len(text.encode()) > MAX_BYTES:
        raise PolicyMalformed([Fault(file, 1, "", f"至多 {MAX_BYTES} 字节", f"may have at most {MAX_BYTES} bytes")])
    try:
        for token in yaml.scan(text, Loader=yaml.SafeLoader):
            if isinstance(token, yaml.AliasToken | yaml.AnchorToken):
                line = token.start_mark.line + 1
                raise PolicyMalformed(
                    [Fault(file, line, "", "不得使用引用（& 与 *）", "may not use references (& and *)")]
                )
        root = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as wrong:
        line = wrong.problem_mark.line + 1 if wrong.problem_mark is not None else 1
        raise PolicyMalformed([Fault(file, line, "", "不是合法的 YAML", "is not YAML")]) from wrong
    except (yaml.YAMLError, RecursionError) as wrong:
        raise PolicyMalformed([Fault(file, 1, "", "不是合法的 YAML", "is not YAML")]) from wrong
    if not isinstance(root, yaml.MappingNode):
        raise PolicyMalformed([Fault(file, 1, "", "应为键值对", "must be a mapping")])
    faults: list[Fault] = []
    lines: dict[Path, int] = {}
    data = _plain(file, root, (), lines, faults)
    if faults:
        raise PolicyMalformed(faults)
    return _Document(file, data, lines)


def _plain(file: str, node: yaml.Node, path: Path, lines: dict[Path, int], faults: list[Fault]) -> Any:
    lines[path] = line = node.start_mark.line + 1
    if isinstance(node, yaml.MappingNode):
        mapping: dict[str, Any] = {}
        for key_node, value_node in node.value:
            key, key_line = str(key_node.value), key_node.start_mark.line + 1
            place = (*path, key)
            if not isinstance(key_node, yaml.ScalarNode) or key in mapping:
                faults.append(
                    Fault(file, key_line, pointer_to(*place), "键重复或不是文本", "is a repeated key, or no text")
                )
            mapping[key] = _plain(file, value_node, place, lines, faults)
            lines[place] = key_line
        return mapping
    if isinstance(node, yaml.SequenceNode):
        items: Sequence[yaml.Node] = node.value
        return [_plain(file, item, (*path, index), lines, faults) for index, item in enumerate(items)]
    try:
        return _scalar(node)
    except ValueError:
        reason = (
            '应为加引号的文本（如 "0.8"）、整数或 true/false',
            'must be text in quotes ("0.8"), a whole number, true or false',
        )
        faults.append(Fault(file, line, pointer_to(*path), *reason))
        return None


def _scalar(node: yaml.Node) -> Any:
    """Text, whole number, flag, date (as text) or nothing; ValueError for a float or any other tag."""
    kind = node.tag.removeprefix("tag:yaml.org,2002:")
    if kind in ("str", "timestamp"):
        return str(node.value)
    if kind == "null":
        return None
    if kind == "bool" and node.value in ("true", "false"):
        return node.value == "true"
    if kind == "int" and node.value.isdecimal():
        return int(node.value)
    raise ValueError(kind)
