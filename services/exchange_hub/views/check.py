"""Check what only a topic can tell of a decoded event, beside the rules of the event that every door asks.

All problems are found at once, in Chinese, for the bureau that has to mend them. What only *looks* odd is no
problem here: it becomes a finding later and never stops an event.

Nearly every event is sound. Whether it is, one expression compiled per contract tells in a third of the time that it
takes to look for all problems; these are looked for only where it does not hold.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from typing import Any

from exchange_contracts import envelope, foreign, rules
from exchange_contracts.problem import Problem
from exchange_contracts.registry import Contract
from exchange_hub.views.lists import KINDS

Facts = Mapping[str, Any]
Headers = Sequence[tuple[str, bytes]]


def problems(contract: Contract, facts: Facts, *, bureau: str, key: bytes | None, headers: Headers) -> list[Problem]:
    """Return everything that is wrong with the event; an empty list lets it pass.

    Args:
        contract: contract it was written with.
        facts: decoded facts (money in fen, dates in days).
        bureau: the bureau whose topic it came on.
        key: Kafka key.
        headers: Kafka headers.
    """
    if sound(contract)(facts, bureau, key, headers):
        return []
    return all_problems(contract, facts, bureau=bureau, key=key, headers=headers)


def all_problems(contract: Contract, facts: Facts, *, bureau: str, key: bytes | None, headers: Headers) -> list[Problem]:
    """Look for every problem, as :func:`problems` answers it, without the quick way through."""
    found = [*of_place(contract, facts, bureau=bureau, key=key, headers=headers), *rules.all_problems(contract, facts)]
    if contract.event == "EntitiesMerged" and not _joinable(facts):
        found.append(Problem("bad_value", ("list",), "此类对象按编号归并，不能认定合并；编号有误的，请由填报单位更正"))
    return found


def of_place(contract: Contract, facts: Facts, *, bureau: str, key: bytes | None, headers: Headers) -> Iterator[Problem]:
    """Yield where an event disagrees with where it lies: the topic's bureau, the record's key and headers."""
    if facts["bureau"] != bureau:
        words = f"事件署名单位为“{facts['bureau']}”，但来自“{bureau}”的通道，各单位只能报送本单位数据"
        yield Problem("foreign_bureau", ("bureau",), words)
    if key is not None and key != facts["entity_key"].encode():
        form = foreign.form_of_key(key)
        words = f"{form}；消息键应为业务主键（UTF-8 文本，不加帧头和引号）" if form else "消息键与事件中的业务主键不一致"
        yield Problem("key_mismatch", ("entity_key",), words)
    if (disagreement := envelope.disagreement(headers, facts, contract)) is not None:
        yield Problem("header_mismatch", (), disagreement)


def _joinable(facts: Facts) -> bool:
    """Tell whether entities of the kind that is to be merged can be joined: the lists know, no contract does."""
    kind = KINDS.get(facts["list"])
    return kind is None or (not kind.own and kind.decided)


@cache
def sound(contract: Contract) -> Callable[[Facts, str, bytes | None, Headers], Any]:
    """Compile the test (facts, bureau, key, headers) of a contract's events.

    Where it is true, :func:`all_problems` finds none. Where it is not there usually is one: what only few senders do
    (a key with odd but allowed characters) is left to the full look.
    """
    conditions = [
        "f['bureau'] == bureau",
        "(key is None or key == f['entity_key'].encode())",
        "(as_published(headers, f, contract) or disagreement(headers, f, contract) is None)",
        "keeps_rules(f)",
    ]
    if contract.event == "EntitiesMerged":
        conditions.append("joinable(f)")
    environment: dict[str, Any] = {
        "contract": contract, "as_published": envelope.as_published, "disagreement": envelope.disagreement,
        "keeps_rules": rules.sound(contract), "joinable": _joinable,
    }  # fmt: skip
    source = f"def sound(f, bureau, key, headers):\n    return {' and '.join(conditions)}"
    exec(compile(source, f"<sound {contract.event}>", "exec"), environment)  # noqa: S102  # made of the package's own contracts alone
    test: Callable[[Facts, str, bytes | None, Headers], Any] = environment["sound"]
    return test
