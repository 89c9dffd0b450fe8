"""Read a record: decode ▸ check ▸ trial fold — one pure function with three named outcomes."""

import hashlib
from typing import Any

from exchange_connectors.kit.batches import DIGESTED_BYTES_MAX, Oversized
from exchange_contracts import codec, foreign, personal
from exchange_contracts.problem import Problem, sentences
from exchange_contracts.registry import Contract
from exchange_hub.views import check
from exchange_hub.views.fold import Folded, trial
from exchange_hub.views.rules import FoldRules
from exchange_hub.views.statement import ClaimKey, Fact, Record, Rejection, Statement, new

UNCHECKED = "check failed"
"""Begins the reason of an event that is held because its check itself failed: it has yet to be judged."""


_UNFRAMED = ("unreadable", "unknown_schema")
"""What a value is said to be that somebody framed in another way."""


def read(record: Record, bureau: str, rules: FoldRules) -> tuple[Statement, Folded] | Rejection:
    """Read one record of *bureau*'s topic.

    Returns:
        A statement with its trial fold (whose failure means that the event must be held), or a rejection that
        keeps the bytes and all problems.
    """
    found = checked(record, bureau)
    if isinstance(found, Rejection):
        return found
    statement, failure = found
    if failure is not None:
        return statement, Folded(f"{bureau}:{statement.key.entity}", (), (), failure)
    return statement, trial(statement, rules)


def read_judged(record: Record, bureau: str, rules: FoldRules) -> tuple[Statement, Folded] | Rejection:
    """Read a record that was found sound when it came: the rules of that time stand, and only its fold is tried."""
    found = decoded(record, bureau)
    return found if isinstance(found, Rejection) else (found, trial(found, rules))


def checked(record: Record, bureau: str) -> tuple[Statement, str | None] | Rejection:
    """Decode and check one record; a statement comes with why its check itself failed, or ``None``."""
    try:
        contract, facts = _decode(record)
    except codec.DecodeError as error:
        return _unreadable(record, error)
    failure = None
    try:
        found = check.problems(contract, facts, bureau=bureau, key=record.key, headers=record.headers)
    except Exception as error:  # noqa: BLE001 — a defect of a check must not stop the topic: the event waits, visibly
        found, failure = [], f"{UNCHECKED}: {type(error).__name__}: {error}"
    if found:
        return _refused(record, contract, facts, found)
    return _statement(record, contract, facts, bureau), failure


def _oversized(part: Oversized) -> str:
    """Say what is kept of a record of which a part is too large."""
    covered = "全文" if part.length <= DIGESTED_BYTES_MAX else f"前{DIGESTED_BYTES_MAX}字节"
    return (
        f"消息共{part.length}字节，键、正文或标题超过上限{codec.VALUE_BYTES_MAX}字节；"
        f"只保留开头{len(part)}字节，{covered}摘要 sha256:{part.sha256}"
    )


def decoded(record: Record, bureau: str) -> Statement | Rejection:
    """Decode a record that was judged when it came; only what it is must still fit where it lies, not what it says."""
    try:
        contract, facts = _decode(record)
    except codec.DecodeError as error:
        return _unreadable(record, error)
    found = list(check.of_place(contract, facts, bureau=bureau, key=record.key, headers=record.headers))
    return _refused(record, contract, facts, found) if found else _statement(record, contract, facts, bureau)


def _decode(record: Record) -> tuple[Contract, dict[str, Any]]:
    if record.value is None:
        raise codec.DecodeError("unreadable", "消息没有内容；撤销请使用撤回类事件")
    if (oversized := next((part for part in (record.value, record.key) if isinstance(part, Oversized)), None)) is not None:
        raise codec.DecodeError("too_large", _oversized(oversized))
    return codec.decode_facts(record.value)


def _refused(record: Record, contract: Contract, facts: dict[str, Any], found: list[Problem]) -> Rejection:
    """Return the rejection of a decoded event; where it holds a personal number, one that keeps and quotes nothing of it."""
    if not (number := next((each for each in found if each.code == personal.PERSONAL), None)):
        return Rejection(record, found[0].code, sentences(found), facts["event_id"], facts["entity_key"])
    fields = {name for each in found if each.code == personal.PERSONAL for name in each.fields}
    # An id can be worked out from what it is made of, so it is kept only where that is sound.
    named = not fields & {"entity_key", "source", *contract.subkey}
    told = [each for each in found if not personal.holds_personal_number(each.said())]
    return Rejection(
        _emptied(record), number.code, f"{sentences(told)}{_trace_of(record)}",
        facts["event_id"] if named else None, facts["entity_key"] if named else None,
    )  # fmt: skip


def _unreadable(record: Record, error: codec.DecodeError) -> Rejection:
    """Return the rejection of a value that is no event; its bytes are kept unless a personal number can be read in them."""
    texts = [part.decode("utf-8", "replace") for _, part in record.headers if part is not None]
    texts += [part.decode("utf-8", "replace") for part in (record.key, record.value) if part is not None]
    kinds = sorted({kind for text in texts if (kind := personal.kind_in_text(text)) is not None})
    if not kinds:
        value = record.value or b""
        seen = foreign.seen(record.key, value, record.headers)
        form = seen.form if error.code in _UNFRAMED else None
        return Rejection(record, error.code, form or f"{error.reason}{foreign.other_version(value)}", seen.event_id, seen.entity_key)
    reason = f"消息不是约定的事件，且含{'、'.join(kinds)}，请删除个人信息后用统一的发送程序重报{_trace_of(record)}"
    return Rejection(_emptied(record), error.code, reason)


def _emptied(record: Record) -> Record:
    """Return the record's place alone: neither key nor value nor headers."""
    return record._replace(key=None, value=None, headers=())


def _trace_of(record: Record) -> str:
    """Say what is kept of a record whose bytes are not: length and digest, by which its sender finds it again."""
    value = record.value or b""
    if isinstance(value, Oversized):
        return f"。原文不予保存：长{value.length}字节，SHA-256摘要{value.sha256}"
    digest = hashlib.sha256(value).hexdigest()
    return f"。原文不予保存：长{len(value)}字节，SHA-256摘要{digest}"


def _statement(record: Record, contract: Contract, facts: dict[str, Any], bureau: str) -> Statement:
    sub_key = "|".join([str(facts[name]) for name in contract.subkey]) if contract.subkey else ""
    key = new(ClaimKey, (contract.kind, bureau, facts["entity_key"]))
    fact = new(Fact, (contract.event, facts["revision"], codec.facts_digest(contract, facts), contract.withdraws, facts, None))
    register = f"{contract.register}:{sub_key}" if sub_key else contract.register
    return new(Statement, (record, facts["event_id"], contract.schema_id, key, register, fact, facts["occurred_on"]))
