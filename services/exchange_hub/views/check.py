"""Check one decoded event against what its topic, its own words and the programme's vocabulary allow.

All problems are found at once, in Chinese, for the bureau that has to mend them. What only *looks* odd is no
problem here: it becomes a finding later and never stops an event.

Nearly every event is sound. Whether it is, one expression compiled per contract tells in a third of the time that it
takes to look for all problems; these are looked for only where it does not hold.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any

from exchange_contracts import codes, envelope, identifiers, identity
from exchange_contracts.registry import Contract
from exchange_contracts.topics import COORDINATION
from exchange_hub.views.lists import KINDS

Facts = Mapping[str, Any]
Headers = Sequence[tuple[str, bytes]]
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


def problems(
    contract: Contract, facts: Facts, *, bureau: str, key: bytes | None, headers: Headers
) -> list[tuple[str, str]]:
    """Return (code, reason) for everything that is wrong with the event; an empty list lets it pass.

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


def all_problems(
    contract: Contract, facts: Facts, *, bureau: str, key: bytes | None, headers: Headers
) -> list[tuple[str, str]]:
    """Look for every problem, as :func:`problems` answers it, without the quick way through."""
    found: list[tuple[str, str]] = []
    entity, revision = facts["entity_key"], facts["revision"]
    if facts["bureau"] != bureau:
        found.append(("foreign_bureau", f"事件署名单位为“{facts['bureau']}”,但来自“{bureau}”的通道,各单位只能报送本单位数据"))
    if key is not None and key != entity.encode():
        found.append(("key_mismatch", "消息键与事件中的业务主键不一致"))
    header_problem = envelope.disagreement(headers, facts, contract)
    if header_problem:
        found.append(("header_mismatch", header_problem))
    sub_key = [facts[name] for name in contract.subkey] if contract.subkey else ()
    if facts["event_id"] != identity.event_id_text(facts["source"], contract.family, "|".join(map(str, sub_key)), entity, revision):
        found.append(("id_mismatch", "事件编号与来源、业务主键、版本号不符,请用标准工具生成"))
    if not entity or entity.isspace():
        found.append(("empty_key", "业务主键为空"))
    if revision < 0:
        found.append(("bad_value", f"版本号不能为负,现为{revision}"))
    if contract.kind == "coordination" and bureau != COORDINATION:
        found.append(("foreign_kind", "合并、复核、关账等决定只能由工作专班发布"))
    named = "".join(map(str, (entity, *sub_key))) if sub_key else entity
    if not named.isprintable() and _CONTROL.search(named):
        found.append(("bad_value", "业务主键和分项(如凭证号、单位)不能含换行、制表等控制字符"))
    if contract.kind in ("document", "policy") and not facts["document_no"].strip():
        found.append(("bad_value", "文号为空;没有文号的文件请填写登记编号"))
    vocabulary = codes.problem(contract, facts)
    found.extend(("bad_value", reason) for reason in vocabulary)
    rule = _RULES.get(contract.event)
    # A rule may rely on the vocabulary: it runs only where that is sound.
    if rule is not None and not vocabulary:
        found.extend(("bad_value", reason) for reason in rule(facts))
    return found


@cache
def sound(contract: Contract) -> Callable[[Facts, str, bytes | None, Headers], Any]:
    """Compile the test (facts, bureau, key, headers) of a contract's events.

    Where it is true, :func:`all_problems` finds none. Where it is not there usually is one: what only few senders do
    (a key with odd but allowed characters) is left to the full look.
    """
    named = "|".join(f"{{f[{name!r}]}}" for name in contract.subkey)
    conditions = [
        "f['bureau'] == bureau",
        "(key is None or key == entity.encode())",
        "(as_published(headers, f, contract) or disagreement(headers, f, contract) is None)",
        f"f['event_id'] == event_id_text(f['source'], {contract.family!r}, f\"{named}\", entity, f['revision'])",
        # Printable texts have no control characters.
        "entity.isprintable()", "not entity.isspace()", "entity",
        *(f"str(f[{name!r}]).isprintable()" for name in contract.subkey),
    ]  # fmt: skip
    if contract.kind == "coordination":
        conditions.append(f"bureau == {COORDINATION!r}")
    if contract.kind in ("document", "policy"):
        conditions.append("f['document_no'].strip()")
    conditions.append("vocabulary(f)")
    if contract.event in _RULES:
        conditions.append("not rule(f)")
    environment: dict[str, Any] = {
        "contract": contract, "as_published": envelope.as_published, "disagreement": envelope.disagreement,
        "event_id_text": identity.event_id_text, "vocabulary": codes.sound(contract), "rule": _RULES.get(contract.event),
    }  # fmt: skip
    source = f"def sound(f, bureau, key, headers):\n    entity = f['entity_key']\n    return {' and '.join(conditions)}"
    exec(compile(source, f"<sound {contract.event}>", "exec"), environment)  # noqa: S102  # made of the package's own contracts alone
    test: Callable[[Facts, str, bytes | None, Headers], Any] = environment["sound"]
    return test


def _project(facts: Facts) -> list[str]:
    found = []
    if not facts.get("project_code") and not facts.get("internal_no"):
        found.append("请至少填写项目代码、内部编号其中之一")
    code = facts.get("project_code")
    if code and (problem := identifiers.project_code_problem(code)):
        found.append(problem)
    total, equipment = facts.get("total_investment"), facts.get("equipment_investment")
    if total is not None and equipment is not None and equipment > total:
        found.append("设备投资不应超过总投资")
    return found


def _month_pair(facts: Facts) -> list[str]:
    month, this, year = facts["month"], facts.get("invested_this_month"), facts.get("invested_year_to_date")
    if month.endswith("-01") and this is not None and year is not None and this != year:
        return ["1月的自年初累计应等于本月完成"]
    return []


def _submission(facts: Facts) -> list[str]:
    expected = f"{facts['list']}@{facts['month']}"
    return [] if facts["entity_key"] == expected else [f"报送确认的业务主键应为“{expected}”"]


def _received(facts: Facts) -> list[str]:
    issued, received = facts.get("issued_on"), facts.get("received_on")
    if issued is not None and received is not None and received < issued:
        return ["收文日期早于成文日期,请核对收文登记"]
    return []


def _amount(facts: Facts) -> list[str]:
    if facts["amount"] < 0 and not facts.get("reason"):
        return ["负数金额请填写核减原因"]
    return []


def _merge(facts: Facts) -> list[str]:
    found = []
    if KINDS[facts["list"]].own:
        found.append("此类对象各自独立计数,不能合并")
    if len(facts["members"]) < 2:
        found.append("合并至少需要两条申报")
    return found


_RULES: dict[str, Callable[[Facts], list[str]]] = {
    "ProjectAdded": _project,
    "ProjectChanged": _project,
    "ProjectProgressReported": _month_pair,
    "SubmissionConfirmed": _submission,
    "NilReturned": _submission,
    "DocumentReceived": _received,
    "FundsAllocated": _amount,
    "SubsidyApproved": _amount,
    "SubsidyPaid": _amount,
    "SubsidyReversed": _amount,
    "EntitiesMerged": _merge,
}
