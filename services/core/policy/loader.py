"""Reads policies from YAML. Whatever is wrong is refused with its place; nothing is guessed, converted or left unnoticed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

import yaml
from pydantic import ValidationError

from services.core.kit.exact import NotExact
from services.core.kit.invalid import pointer_to
from services.core.policy.form import FormInvalid
from services.core.policy.loader_errors import Fault, PolicyMalformed
from services.core.policy.schema import Policy, canonical, policy_digest

MAX_BYTES = 100_000
"""Some twenty times the longest policy there is; a second to read."""

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
Place = tuple[int, int]
"""Line and column of a part, from 1."""


@dataclass(frozen=True, slots=True)
class LoadedPolicy:
    """One version of a policy with its canonical form and that form's SHA-256."""

    policy: Policy
    body: dict[str, Any]
    digest: str


@dataclass(frozen=True, slots=True)
class _Document:
    """Plain data of a YAML text, where every part of it stands, and what is wrong with it as YAML.

    A scalar that is wrong stands as nothing in `data`, so that the rest can be checked too.
    """

    file: str
    data: dict[str, Any]
    places: Mapping[Path, Place]
    faults: tuple[Fault, ...] = ()

    def fault(self, path: Path, zh: str, en: str) -> Fault:
        """A fault at `path`, in the place of the nearest part that is there."""
        known = path
        while known not in self.places:
            known = known[:-1]
        return Fault(self.file, *self.places[known], pointer_to(*path), zh, en)


class _Reference(Exception):
    """A reference, at its mark."""


class _Loader(yaml.SafeLoader):
    """Refuses references where they stand: a few lines of them can mean gigabytes."""

    def compose_node(self, parent: yaml.Node | None, index: Any) -> yaml.Node | None:
        """The next node, which neither is a reference nor can be referred to."""
        event: yaml.NodeEvent = self.peek_event()  # type: ignore[no-untyped-call]
        if event.anchor is not None:
            raise _Reference(event.start_mark)
        return super().compose_node(parent, index)


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
    documents: dict[str, _Document] = {}
    faults: list[Fault] = []
    for name, text in sorted(texts.items()):
        try:
            documents[name] = _read(name, text)
        except PolicyMalformed as wrong:
            faults.extend(wrong.faults)
    by_id = {str(document.data.get("id")): document for document in documents.values()}
    loaded: dict[str, LoadedPolicy] = {}
    for document in documents.values():
        try:
            policy = _validated(document, by_id)
        except PolicyMalformed as wrong:
            faults.extend(wrong.faults)
            continue
        if policy.id in loaded:
            faults.append(document.fault(("id",), "另一文件已用此 id", "is the id of another file too"))
        loaded[policy.id] = LoadedPolicy(policy, canonical(policy), policy_digest(policy))
    if faults:
        raise PolicyMalformed(faults)
    return dict(sorted(loaded.items()))


def load_policy(text: str, *, file: str = "policy.yaml") -> LoadedPolicy:
    """One policy from a YAML text that may borrow from the packaged ones. PolicyMalformed says what is wrong where."""
    document = _read(file, text)
    packaged = {one.policy.id: _Document(one.policy.id, one.body, {(): (1, 1)}) for one in load_packaged()}
    policy = _validated(document, packaged)
    return LoadedPolicy(policy, canonical(policy), policy_digest(policy))


def _with_rubric(document: _Document, others: Mapping[str, _Document]) -> tuple[dict[str, Any], list[Fault]]:
    """The document's data with a borrowed rubric filled in; only `source` and `illustrative` may stand beside `same_as`.

    What is wrong with the borrowing comes beside the data without that rubric.
    """
    rubric = document.data.get("rubric")
    if not isinstance(rubric, dict) or "same_as" not in rubric or "dimensions" in rubric:
        return document.data, []
    faults = [
        document.fault(("rubric", key), "借用的评分细则不得改动", "may not change a borrowed rubric")
        for key in rubric
        if key not in ("same_as", "source", "illustrative")
    ]
    lender = others.get(str(rubric["same_as"]))
    lent = lender.data.get("rubric") if lender is not None and lender is not document else None
    if not isinstance(lent, dict) or "same_as" in lent:
        faults.append(
            document.fault(("rubric", "same_as"), "没有可借用的评分细则", "names no policy with a rubric of its own")
        )
    if faults or not isinstance(lent, dict):
        return {key: value for key, value in document.data.items() if key != "rubric"}, faults
    kept = {key: value for key, value in lent.items() if key not in ("source", "illustrative")}
    return {**document.data, "rubric": {**kept, **rubric}}, []


def _validated(document: _Document, others: Mapping[str, _Document]) -> Policy:
    """The policy that a document holds; PolicyMalformed with everything that is wrong with it, by line and column."""
    data, borrowing = _with_rubric(document, others)
    faults = [*document.faults, *borrowing]
    try:
        policy = Policy.model_validate(data)
    except ValidationError as wrong:
        told = {fault.pointer for fault in faults}
        found = [fault for error in wrong.errors() for fault in _faults(document, error, data)]
        faults += [fault for fault in found if fault.pointer not in told]
    else:
        if not faults:
            return policy
    raise PolicyMalformed(sorted(faults, key=lambda fault: (fault.line, fault.column, fault.pointer)))


def _faults(document: _Document, error: Any, data: Any) -> list[Fault]:
    """Where and what a Pydantic error is; a rule of ours may name several places below.

    Its location also holds names of union members, which are no keys: those are dropped.
    """
    path: list[str | int] = []
    for position, part in enumerate(error["loc"]):
        is_there = part in data if isinstance(data, dict) else isinstance(data, list | tuple) and isinstance(part, int)
        if is_there:
            data = data[part]
            path.append(part)
        elif position == len(error["loc"]) - 1 and error["type"] == "missing":
            path.append(part)
    context = error.get("ctx") or {}
    if error["type"] == "too_short" and len(data) >= context["min_length"]:
        return []  # what Pydantic counts are the items that were right; each wrong one is told
    own = context.get("error")
    if isinstance(own, FormInvalid):
        return [document.fault((*path, *one.at), one.zh, one.en) for one in own.all]
    if isinstance(own, NotExact):
        return [document.fault(tuple(path), own.zh, own.en)]
    zh, en = _TEXTS.get(error["type"], ("写法不正确", "is not valid"))
    limits = {key: value for key, value in context.items() if key in _LIMITS}
    # Pydantic's own list of what is allowed has an English "or" in it.
    chinese = {name: str(limit).replace(", ", "、").replace(" or ", " 或 ") for name, limit in limits.items()}
    return [document.fault(tuple(path), zh.format(**chinese), en.format(**limits))]


def _read(file: str, text: str) -> _Document:
    """Plain data with places. Refused at once: what is no YAML, several documents, references, what is no mapping.

    Repeated keys, floats and other types are faults of the document, told together with what the form finds.
    """
    if len(text.encode(errors="replace")) > MAX_BYTES:
        raise PolicyMalformed([Fault(file, 1, 1, "", f"至多 {MAX_BYTES} 字节", f"may have at most {MAX_BYTES} bytes")])
    try:
        root = yaml.compose(text, Loader=_Loader)
    except _Reference as wrong:
        (mark,) = wrong.args
        place = (mark.line + 1, mark.column + 1)
        reason = ("不得使用引用（& 与 *）", "may not use references (& and *)")
        raise PolicyMalformed([Fault(file, *place, "", *reason)]) from wrong
    except yaml.MarkedYAMLError as wrong:
        mark = wrong.problem_mark
        place = (1, 1) if mark is None else (mark.line + 1, mark.column + 1)
        raise PolicyMalformed([Fault(file, *place, "", "不是合法的 YAML", "is not YAML")]) from wrong
    except (yaml.YAMLError, RecursionError) as wrong:
        raise PolicyMalformed([Fault(file, 1, 1, "", "不是合法的 YAML", "is not YAML")]) from wrong
    if not isinstance(root, yaml.MappingNode):
        raise PolicyMalformed([Fault(file, 1, 1, "", "应为键值对", "must be a mapping")])
    faults: list[Fault] = []
    places: dict[Path, Place] = {}
    data = _plain(file, root, (), places, faults)
    return _Document(file, data, places, tuple(faults))


def _place(node: yaml.Node) -> Place:
    return node.start_mark.line + 1, node.start_mark.column + 1


def _plain(file: str, node: yaml.Node, path: Path, places: dict[Path, Place], faults: list[Fault]) -> Any:
    places.setdefault(path, _place(node))
    if isinstance(node, yaml.MappingNode):
        mapping: dict[str, Any] = {}
        for key_node, value_node in node.value:
            key, place = str(key_node.value), _place(key_node)
            below = (*path, key)
            if not isinstance(key_node, yaml.ScalarNode) or key in mapping:
                faults.append(
                    Fault(file, *place, pointer_to(*below), "键重复或不是文本", "is a repeated key, or no text")
                )
            places[below] = place
            mapping[key] = _plain(file, value_node, below, places, faults)
        return mapping
    if isinstance(node, yaml.SequenceNode):
        items: Sequence[yaml.Node] = node.value
        return [_plain(file, item, (*path, index), places, faults) for index, item in enumerate(items)]
    try:
        return _scalar(node)
    except ValueError:
        reason = (
            '应为加引号的文本（如 "0.8"）、整数或 true/false',
            'must be text in quotes ("0.8"), a whole number, true or false',
        )
        faults.append(Fault(file, *_place(node), pointer_to(*path), *reason))
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
    if kind == "int" and node.value.isdecimal() and (node.value == "0" or node.value[0] != "0"):
        return int(node.value)
    raise ValueError(kind)
