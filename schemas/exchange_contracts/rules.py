"""The rules of an event: what must hold of its facts, said once, for every door through which it may come.

The workbook connector, JSON Lines, the publisher of the SDK and the hub itself all ask :func:`problems`; each says the
words at its own place (a cell, a line, a receipt). What only a topic can know — whose it is, key and headers — is the hub's.

A rule is a line of ``RULES``. A bound that holds for every field of a kind is in ``bounds``, code lists and formats are in
``codes``, identity and mobile numbers in ``personal``. Nothing that was accepted is judged again by a rule drawn later:
readers of the event log decode it and ask nothing here.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from functools import cache
from typing import Any, Literal, NamedTuple

from exchange_contracts import bounds, codes, identity, personal, safeguards
from exchange_contracts.codes import BAD_VALUE
from exchange_contracts.facts import (
    EntitiesMergedFacts,
    EquipmentLineListedFacts,
    EventFacts,
    NilReturnedFacts,
    ProjectAddedFacts,
    ProjectProgressReportedFacts,
    SafeguardReportedFacts,
    StockSurveyedFacts,
    SubmissionConfirmedFacts,
    TaskProgressReportedFacts,
)
from exchange_contracts.keys import says_nothing
from exchange_contracts.problem import Problem
from exchange_contracts.registry import Contract
from exchange_contracts.topics import COORDINATION

Facts = Mapping[str, Any]
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


class Rule(NamedTuple):
    """A rule across the fields of an event.

    Attributes:
        name: how tests and connectors name it.
        fields: the fields that it speaks of; the first is where to look. ``name.`` stands for the entries of a map.
        broken: facts → the words for the bureau where they break it, else ``None``.
    """

    name: str
    fields: tuple[str, ...]
    broken: Callable[[Any], str | None]


_PRINTED_FEN = {"元": 1, "千元": 1_000, "万元": 10_000, "百万元": 1_000_000, "千万元": 10_000_000, "亿元": 100_000_000}
"""Reported unit → fen in the last of its two printed decimals."""


def printed_fen(facts: EventFacts) -> int:
    """Return how many fen the last printed decimal of the reported unit stands for; a smaller difference is rounding."""
    origin = facts["origin"]
    unit = origin["unit"] if origin else None
    return _PRINTED_FEN.get(unit or "元", 1)


def in_words(fen: int) -> str:
    """Return an amount as a clerk writes it, in 万元 from there on.

    >>> in_words(20_000_000), in_words(1_250)
    ('20万元', '12.5元')
    """
    size, unit = (1_000_000, "万元") if abs(fen) >= 1_000_000 else (100, "元")
    text = f"{Decimal(fen) / size:f}"
    return (text.rstrip("0").rstrip(".") if "." in text else text) + unit


def _identified(facts: ProjectAddedFacts) -> str | None:
    if facts["project_code"] or not says_nothing(facts["internal_no"] or ""):
        return None
    return "请至少填写项目代码、内部编号其中之一"


def _part_within_total(part: Literal["equipment_investment", "equipment_purchase"]) -> Callable[[ProjectAddedFacts], str | None]:
    def broken(facts: ProjectAddedFacts) -> str | None:
        value = facts[part]
        if value is None or value <= (total := facts["total_investment"]) or value - total < printed_fen(facts):
            return None
        return "设备投资不应超过总投资"

    return broken


def _funding_adds_up(facts: ProjectAddedFacts) -> str | None:
    if not facts["funding"]:
        return None
    gap = abs(facts["total_investment"] - sum(facts["funding"].values()))
    return None if gap < printed_fen(facts) else f"资金来源合计与总投资相差{in_words(gap)}，请核对"


def _in_order(first: str, later: str, words: str) -> Callable[[Facts], str | None]:
    def broken(facts: Facts) -> str | None:
        start, end = facts[first], facts[later]
        return words if start is not None and end is not None and end < start else None

    return broken


def _january_is_the_year(facts: ProjectProgressReportedFacts) -> str | None:
    if facts["month"].endswith("-01") and facts["invested_this_month"] != facts["invested_year_to_date"]:
        return "1月的本月数与自年初数应相等"
    return None


_NOT_BEGUN = frozenset(("谋划", "储备", "未开工"))


def _state_fits(facts: ProjectProgressReportedFacts) -> str | None:
    state = facts["build_state"]
    invested = (facts["invested_since_start"], facts["invested_year_to_date"], facts["invested_this_month"])
    if state in _NOT_BEGUN and any(invested):
        return f"建设状态“{state}”与已完成投资矛盾"
    return None


def _own_key(facts: NilReturnedFacts) -> str | None:
    expected = f"{facts['list']}@{facts['month']}"
    return None if facts["entity_key"] == expected else f"报送确认的业务主键应为“{expected}”"


def _named(array: str, *names: str) -> Callable[[Facts], str | None]:
    def broken(facts: Facts) -> str | None:
        blank = any(says_nothing(item[name]) for item in facts[array] for name in names)
        return f"{{{array}}}中有一项没有名称，请补填" if blank else None

    return broken


def _two_members(facts: EntitiesMergedFacts) -> str | None:
    return None if len(facts["members"]) >= 2 else "合并至少需要两条申报"


def _measures_fit(facts: SafeguardReportedFacts) -> str | None:
    kind = facts["safeguard"]
    filled = [name for name in safeguards.FIELDS if facts.get(name) is not None]
    if strange := [name for name in filled if name not in safeguards.MEASURES[kind]]:
        return f"“{kind}”不填{safeguards.TITLES[strange[0]]}，请核对保障措施与所填的数"
    if not filled:
        titles = "、".join(safeguards.TITLES[name] for name in safeguards.MEASURES[kind])
        return f"“{kind}”请至少填写{titles}其中之一，当月没有发生的填0"
    return None


_OF_SIDE = {"旧设备": ("original_value", "depreciated", "owned", "disposal"), "新设备": ("price", "energy_level", "domestic")}


def _fields_of_side(facts: EquipmentLineListedFacts) -> str | None:
    if facts["units"] == 0:
        return "{units}应大于0"
    strange = [name for side, names in _OF_SIDE.items() if side != facts["side"] for name in names if facts.get(name) is not None]
    return f"{facts['side']}不填{{{strange[0]}}}" if strange else None


LEVELS = ("advanced", "saving", "entry", "below")
"""Fields of StockSurveyed that split a stock by level of energy efficiency, the best first."""


def _levels_within_stock(facts: StockSurveyedFacts) -> str | None:
    numbers = {name: facts[name] for name in ("stock", *LEVELS)}  # type: ignore[literal-required]  # fields of the event
    graded = sum(numbers[name] for name in LEVELS)
    return f"各档台数合计{graded}，大于{{stock}}{numbers['stock']}" if graded > numbers["stock"] else None


def _counted_in_units(facts: TaskProgressReportedFacts) -> str | None:
    if facts["quantity"] is None or not says_nothing(facts["unit"] or ""):
        return None
    return "填写了数量，请同时填写计量单位"


_PROJECT = (
    Rule("project-identified", ("project_code", "internal_no"), _identified),
    Rule("equipment-within-total", ("equipment_investment", "total_investment"), _part_within_total("equipment_investment")),
    Rule("purchase-within-total", ("equipment_purchase", "total_investment"), _part_within_total("equipment_purchase")),
    Rule("funding-adds-up", ("total_investment", "funding"), _funding_adds_up),
    Rule(
        "plan-in-order", ("ends_on_planned", "starts_on_planned"),
        _in_order("starts_on_planned", "ends_on_planned", "竣工早于开工，请核对两个日期"),
    ),
    Rule(
        "work-in-order", ("ends_on_actual", "starts_on_actual"),
        _in_order("starts_on_actual", "ends_on_actual", "竣工早于开工，请核对两个日期"),
    ),
)  # fmt: skip
_POLICY = (
    Rule("validity-in-order", ("valid_to", "valid_from"), _in_order("valid_from", "valid_to", "失效日期早于生效日期，请核对两个日期")),
)
_SUBMISSION = (Rule("own-key", ("entity_key", "list", "month"), _own_key),)
EXPLANATION_MAX = 40
"""Characters of what a bureau says of its pace: the monthly report prints it whole."""


def _explanation_short(facts: SubmissionConfirmedFacts) -> str | None:
    said = facts["explanation"]
    return f"{{explanation}}有{len(said)}字，不超过{EXPLANATION_MAX}字，请压缩" if said is not None and len(said) > EXPLANATION_MAX else None



RULES: Mapping[str, tuple[Rule, ...]] = {
    "ProjectAdded": _PROJECT,
    "ProjectChanged": _PROJECT,
    "ProjectProgressReported": (
        Rule("january-is-the-year", ("invested_year_to_date", "invested_this_month", "month"), _january_is_the_year),
        Rule("state-fits", ("build_state", "invested_since_start", "invested_year_to_date", "invested_this_month"), _state_fits),
    ),
    "PolicyListed": _POLICY,
    "PolicyChanged": _POLICY,
    "DocumentReceived": (
        Rule("receipt-in-order", ("received_on", "issued_on"), _in_order("issued_on", "received_on", "收文早于成文，请核对收文登记")),
        Rule("departments-named", ("departments",), _named("departments", "department")),
    ),
    "SafeguardReported": (Rule("measures-fit", ("safeguard", *safeguards.FIELDS), _measures_fit),),
    "EquipmentLineListed": (Rule("fields-of-side", ("side", "units", *(name for names in _OF_SIDE.values() for name in names)), _fields_of_side),),
    "StockSurveyed": (Rule("levels-within-stock", ("stock", *LEVELS), _levels_within_stock),),
    "TaskProgressReported": (Rule("counted-in-units", ("unit", "quantity"), _counted_in_units),),
    "EliminationOrdered": (Rule("term-in-order", ("until", "on"), _in_order("on", "until", "淘汰期限早于责令日期，请核对两个日期")),),
    "SubmissionConfirmed": (*_SUBMISSION, Rule("explanation-short", ("explanation",), _explanation_short)),
    "NilReturned": _SUBMISSION,
    "EntitiesMerged": (
        Rule("two-members", ("members",), _two_members),
        Rule("members-named", ("members",), _named("members", "bureau", "entity_key")),
    ),
}
"""Event → its rules."""


def problems(contract: Contract, facts: Facts) -> list[Problem]:
    """Return everything that is wrong with an event; an empty list lets it pass.

    Where it holds a personal number, nothing that repeats one is said.

    Args:
        contract: contract it was written with.
        facts: its facts as ``codec.decode_facts`` gives them.
    """
    if sound(contract)(facts):
        return []
    return all_problems(contract, facts)


def all_problems(contract: Contract, facts: Facts) -> list[Problem]:
    """Look for every problem, as :func:`problems` answers it, without the quick way through."""
    found = [*personal.problems(contract, facts), *_of_envelope(contract, facts)]
    vocabulary = codes.problem(contract, facts)
    found += vocabulary
    found += [each for each in bounds.problems(contract, facts) if each.fields not in {other.fields for other in vocabulary}]
    # A rule may rely on the vocabulary: it runs only where that is sound.
    if not vocabulary:
        found += of_table(contract, facts)
    if found and found[0].code == personal.PERSONAL:
        found = [each for each in found if not personal.holds_personal_number(each.words)]
    return found


def of_table(contract: Contract, facts: Facts, known: Callable[[str], bool] = lambda _name: True) -> Iterator[Problem]:
    """Yield the problems that the contract's own rules find, asking only those all of whose fields are *known*."""
    for rule in RULES.get(contract.event, ()):
        if all(map(known, rule.fields)) and (words := rule.broken(facts)) is not None:
            yield Problem(BAD_VALUE, rule.fields, words, rule.name)


def _of_envelope(contract: Contract, facts: Facts) -> Iterator[Problem]:
    """Yield what is wrong with what every event has: id, key, who may say it."""
    entity, revision = facts["entity_key"], facts["revision"]
    sub_key = [facts[name] for name in contract.subkey]
    if facts["event_id"] != identity.event_id_text(facts["source"], contract.family, "|".join(map(str, sub_key)), entity, revision):
        yield Problem("id_mismatch", ("event_id",), "事件编号与来源、业务主键、版本号不符，请用标准工具生成")
    if contract.kind == "coordination" and facts["bureau"] != COORDINATION:
        yield Problem("foreign_kind", ("bureau",), "合并、复核、结账等决定只能由工作专班发布")
    for name in ("entity_key", *contract.subkey):
        text = str(facts[name])
        if not text.isprintable() and _CONTROL.search(text):
            yield Problem(BAD_VALUE, (name,), f"{{{name}}}含换行、制表等控制字符，请删除后重报")


@cache
def sound(contract: Contract, *, identified: bool = True) -> Callable[[Facts], Any]:
    """Compile the test of a contract's events: where it is true, :func:`all_problems` finds none.

    Where it is not there usually is one; what only few senders write is left to the full look.

    Args:
        contract: the contract.
        identified: the facts have an id already; without, the test is of all the rest.
    """
    named = "|".join(f"{{f[{name!r}]}}" for name in contract.subkey)
    within, of_bounds = bounds.quick(contract)
    impersonal, of_personal = personal.quick(contract)
    conditions = [
        *[f"f['event_id'] == event_id_text(f['source'], {contract.family!r}, f\"{named}\", f['entity_key'], f['revision'])"][: int(identified)],
        # Printable texts have no control characters.
        "f['entity_key'].isprintable()",
        *(f"str(f[{name!r}]).isprintable()" for name in contract.subkey),
        "vocabulary(f)",
        within,
        impersonal,
    ]
    if contract.kind == "coordination":
        conditions.append(f"f['bureau'] == {COORDINATION!r}")
    environment: dict[str, Any] = {
        "event_id_text": identity.event_id_text, "vocabulary": codes.sound(contract), **of_bounds, **of_personal,
    }  # fmt: skip
    for number, rule in enumerate(RULES.get(contract.event, ())):
        environment[f"rule_{number}"] = rule.broken
        conditions.append(f"rule_{number}(f) is None")
    source = f"def sound(f):\n    return {' and '.join(conditions)}"
    exec(compile(source, f"<sound {contract.event}>", "exec"), environment)  # noqa: S102  # made of the package's own contracts alone
    test: Callable[[Facts], Any] = environment["sound"]
    return test
