"""Events as JSON Lines: what ``hub publish`` reads, one event a line with its name in ``type``."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from pydantic import ValidationError

from exchange_connectors.kit.ledger import LATER_FORM, Statement
from exchange_contracts import cells, codec, personal, registry, rules
from exchange_contracts.formats import NAME_LENGTH_MAX
from exchange_contracts.model import Event
from exchange_contracts.problem import sentences

LINE_BYTES_MAX = 1 << 20

_SHAPES = {
    "month": "应写作年月，如 2026-10",
    "period": "应写作年或年月，如 2026 或 2026-10",
    "uscc": "应为18位统一社会信用代码",
    "project_code": "应为24位项目代码，如 2509-120114-89-01-544060",
}
_WORDS = (
    ("missing", "缺少，请补上"), ("extra_forbidden", "契约中没有这一项，请删去或核对名称"), ("datetime", "应为时间，如 2026-10-31T09:00:00+08:00"),
    ("date", "应为日期，如 2026-10-31"), ("int", "应为整数"), ("string_type", "应为文本，请加引号"), ("bool", "应为 true 或 false"),
    ("list", "应为数组"), ("dict", "应为对象"), ("uuid", "应为 UUID"), ("string_too", "长度不符"), ("greater", "过小"), ("less", "过大"),
)  # fmt: skip
"""Beginning of an error's type → what to do, the first that fits."""

_FIRST_FORM = {later: first for first, later in LATER_FORM.items()}


@dataclass(frozen=True, slots=True)
class Refused:
    """A line that is no event: its number and, in Chinese, everything that is wrong with it."""

    line: int
    reason: str


@dataclass(frozen=True, slots=True)
class Taken:
    """A line understood: an event with its own revision, or a statement for the ledger to number."""

    line: int
    event: Event | None
    statement: Statement | None
    source: str


def read_lines(lines: Iterable[str], bureau: str, now: datetime, file: str = "标准输入") -> Iterator[Taken | Refused]:
    """Read JSON Lines; blank ones are skipped.

    ``bureau`` may be left out of a line; so may ``recorded_at`` (then *now*), ``revision`` (then the ledger numbers the
    statement and publishes it only if it is news) and ``origin`` (then *file* and the line's number).
    """
    for number, line in enumerate(lines, 1):
        text = line.removeprefix("\ufeff") if number == 1 else line  # how some editors mark a file as UTF-8
        if not text.strip():
            continue
        try:
            yield _take(number, text, bureau, now, file)
        except _RefusedError as error:
            yield Refused(number, _unquoted(str(error)))


class _RefusedError(Exception):
    pass


def _take(number: int, line: str, bureau: str, now: datetime, file: str) -> Taken:
    body = _object(line)
    type_ = body.pop("type", None)
    try:
        codec.class_of(type_)
    except (KeyError, TypeError):
        raise _RefusedError(f"没有名为{type_!r}的事件，请检查 type（全部事件见 hub contracts list）") from None
    if body.setdefault("bureau", bureau) != bureau:
        raise _RefusedError(f"bureau 为 {body['bureau']!r}，本次只能以 {bureau} 报送")
    body.setdefault("recorded_at", now.astimezone(UTC).isoformat())
    body.setdefault("origin", {"file": file[-NAME_LENGTH_MAX:], "sheet": "", "row": number, "cells": cells.AS_NAMED})
    _days_in_words(type_, body)
    numbered = "revision" in body
    event = _event(type_, body if numbered else {**body, "revision": 1})
    if numbered:
        return Taken(number, event, None, event.source)
    kept = set(body) - {"event_id", "bureau", "source", "entity_key", "recorded_at"}
    facts = {name: getattr(event, name) for name in kept | {"occurred_on"}}
    return Taken(
        number, None, Statement(_FIRST_FORM.get(type_, type_), event.entity_key, facts, dated=True), event.source
    )


def _object(line: str) -> dict[str, Any]:
    if len(line) > LINE_BYTES_MAX:
        raise _RefusedError("一行过长，请检查是否一行一个事件")
    try:
        body = json.loads(line, object_pairs_hook=_each_once)
    except (ValueError, RecursionError) as error:
        raise _RefusedError(f"不是 JSON，请检查引号、逗号和括号：{error}") from error
    if not isinstance(body, dict):
        raise _RefusedError("一行应为一个 JSON 对象")
    return body


def _each_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Return an object; of a name that stands in it twice nobody knows which value is meant."""
    body = dict(pairs)
    if len(body) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise _RefusedError(f"{twice}写了两次，请只留一个")
    return body


def _days_in_words(type_: str, body: dict[str, Any]) -> None:
    """Refuse a number for a day or a time: seconds, thousandths and a spreadsheet's days look alike."""
    for field in registry.load().latest(type_).fields:
        if field.shape.meaning in ("date", "instant") and isinstance(body.get(field.name), int | float):
            raise _RefusedError(f"{field.name}：应为{'日期' if field.shape.meaning == 'date' else '时间'}，写作文本，如 2026-10-31")


def _problem(type_: str, error: dict[str, Any]) -> str:
    """Say in Chinese what is wrong with one field and what it should be."""
    kind, name = str(error["type"]), ".".join(map(str, error["loc"]))
    if kind == "literal_error":
        return f"{name}：应为{str(error['ctx']['expected']).replace(' or ', '、').replace(', ', '、')}之一"
    if kind == "value_error":
        return f"{name}：{str(error['msg']).removeprefix('Value error, ')}"
    if kind == "string_pattern_mismatch":
        field = next((each for each in registry.load().latest(type_).fields if each.name == error["loc"][0]), None)
        shape = field.shape.format if field is not None else None
        return f"{name}：{_SHAPES.get(shape or '', '格式不符，应匹配 ' + str(error['ctx']['pattern']))}"
    words = next((words for start, words in _WORDS if kind.startswith(start)), str(error["msg"]))
    return f"{name}：{words}"


def _event(type_: str, body: dict[str, Any]) -> Event:
    """Build the event and check it by the rules that the hub goes by."""
    try:
        event = codec.class_of(type_)(**body)
        contract, facts = codec.decode_facts(codec.encode(event))
    except ValidationError as error:
        words = "；".join(_problem(type_, dict(each)) for each in error.errors())
        raise _RefusedError(f"不符合 {type_} 的契约：{words}") from error
    except (codec.DecodeError, ValueError, TypeError) as error:
        raise _RefusedError(getattr(error, "reason", None) or f"不符合 {type_} 的契约：{error}") from error
    if problems := rules.problems(contract, facts):
        raise _RefusedError(sentences(problems))
    return event


def _unquoted(reason: str) -> str:
    """Return a reason, or one that does not repeat the personal number that it quotes."""
    kind = personal.kind_in_text(reason)
    return reason if kind is None else f"不符合契约，且含{kind}，请删除个人信息后重报，本系统不收集"
