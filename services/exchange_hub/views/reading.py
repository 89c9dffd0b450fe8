"""Read a record: decode ▸ check ▸ trial fold — one pure function with three named outcomes."""

from typing import Any

from exchange_connectors.kit.batches import DIGESTED_BYTES_MAX, Oversized
from exchange_contracts import codec
from exchange_contracts.registry import Contract
from exchange_hub.views import check
from exchange_hub.views.fold import Folded, trial
from exchange_hub.views.rules import FoldRules
from exchange_hub.views.statement import ClaimKey, Fact, Record, Rejection, Statement, new


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


def checked(record: Record, bureau: str) -> tuple[Statement, str | None] | Rejection:
    """Decode and check one record; a statement comes with why its check itself failed, or ``None``."""
    if record.value is None:
        return Rejection(record, "unreadable", "消息没有内容;撤销请使用撤回类事件")
    if (oversized := next((part for part in (record.value, record.key) if isinstance(part, Oversized)), None)) is not None:
        return Rejection(record, "too_large", _oversized(oversized))
    try:
        contract, facts = codec.decode_facts(record.value)
    except codec.DecodeError as error:
        return Rejection(record, error.code, error.reason)
    failure = None
    try:
        found = check.problems(contract, facts, bureau=bureau, key=record.key, headers=record.headers)
    except Exception as error:  # noqa: BLE001 — a defect of a check must not stop the topic: the event waits, visibly
        found, failure = [], f"check failed: {type(error).__name__}: {error}"
    if found:
        reason = ";".join(reason for _, reason in found)
        return Rejection(record, found[0][0], reason, facts["event_id"], facts["entity_key"])
    return _statement(record, contract, facts, bureau), failure


def _oversized(part: Oversized) -> str:
    """Say what is kept of a record of which a part is too large."""
    covered = "全文" if part.length <= DIGESTED_BYTES_MAX else f"前{DIGESTED_BYTES_MAX}字节"
    return (
        f"消息共{part.length}字节，键、正文或标题超过上限{codec.VALUE_BYTES_MAX}字节；"
        f"只保留开头{len(part)}字节，{covered}摘要 sha256:{part.sha256}"
    )


def _statement(record: Record, contract: Contract, facts: dict[str, Any], bureau: str) -> Statement:
    sub_key = "|".join([str(facts[name]) for name in contract.subkey]) if contract.subkey else ""
    key = new(ClaimKey, (contract.kind, bureau, facts["entity_key"]))
    fact = new(Fact, (contract.event, facts["revision"], codec.facts_digest(contract, facts), contract.withdraws, facts))
    register = f"{contract.register}:{sub_key}" if sub_key else contract.register
    return new(Statement, (record, facts["event_id"], contract.schema_id, key, register, fact, facts["occurred_on"]))
