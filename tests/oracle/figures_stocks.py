"""Stocks, cumulatives, goals and what is nothing rather than zero, by plain loops, as FIGURES.md words them; shares nothing with the product.

A story is told up to the last day of its month. The district's answers are written out: industry leads 工业, commerce approves and
tells purchases and quantities, finance pays, cars are settled by the city, and all of it is owed since September 2026.
"""

import calendar
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from random import Random

from tests.oracle.figures_events import Facts, Told

#: What stands for a figure: its value, or the word in its place; and the month with which it ends, empty for the report's.
Shown = tuple[Decimal | str, str]
_DUTY_BEGAN = "2026-09"
_IN_WAN = {"万元": Decimal(1), "元": Decimal("0.0001"), "亿元": Decimal(10_000)}


@dataclass(frozen=True)
class Story:
    """What was told of stocks up to a month."""

    month: str
    told: Sequence[Told]

    @property
    def day(self) -> date:
        """The last day of the month."""
        return _last_day(self.month)

    def of(self, event: str) -> list[Told]:
        """Return what was told of an event."""
        return [t for t in self.told if t.event == event]


def story(seed: int, month: str) -> Story:
    """Tell of projects, goals, quantities and submissions; the same for the same seed."""
    dice = Random(f"{seed} {month}")
    return Story(month, [*_projects(dice, month), *_goals(dice, month), *_outlets(dice, month), *_words(dice, month)])


def _last_day(month: str) -> date:
    year, number = int(month[:4]), int(month[5:])
    return date(year, number, calendar.monthrange(year, number)[1])


def _months(month: str, back: int) -> list[str]:
    year, number = int(month[:4]), int(month[5:])
    return [f"{year + (number - 1 - n) // 12}-{(number - 1 - n) % 12 + 1:02d}" for n in range(back)]


def _projects(dice: Random, month: str) -> Iterator[Told]:
    """FIGURES 4 and 5: statements and progresses of any order of dates, progresses with empty fields, years that begin anew."""
    for n in range(14):
        key, money = f"P{n}", Decimal(10**9)
        facts: Facts = {
            "name": key, "internal_no": key, "list": "设备更新", "domain": "工业", "construction_nature": "扩建", "owner_name": "乙", "total_investment": money,
            "units_done": dice.choice((None, dice.randrange(50))), "build_state": dice.choice(("在建", "竣工")), "occurred_on": _last_day(month) - timedelta(days=dice.randrange(500)),
        }  # fmt: skip
        yield Told("industry", "ProjectAdded", key, facts)
        silent_for = dice.choice((0, 0, 2, 14))
        for each in _months(month, 18)[silent_for:]:
            if dice.random() < 0.4:
                this, so_far = Decimal(dice.randrange(10**6)), Decimal(dice.randrange(10**6, 10**7))
                done = {
                    "month": each, "invested_this_month": this, "invested_year_to_date": this if each.endswith("-01") else so_far,
                    "units_done": dice.choice((None, dice.randrange(50))), "build_state": dice.choice((None, "在建", "竣工")), "occurred_on": _last_day(each),
                }  # fmt: skip
                yield Told("industry", "ProjectProgressReported", key, done)


def _goals(dice: Random, month: str) -> Iterator[Told]:
    """FIGURES 4, 7 and 20: units of one family and of another, series that are not the goal's, months that nobody told."""
    year = month[:4]

    def tell(event: str, bureau: str, period: str, unit: str, value: int, **of: str) -> Told:
        facts = {"period": period, "unit": unit, "value": Decimal(value), "version": "1", "occurred_on": _last_day(month), **of}
        return Told(bureau, event, f"{of['indicator']}@{of.get('domain', '')}", facts)

    for domain, units in (("工业", ("万元", "元", "亿元")), ("建筑", ("台",))):
        of = {"indicator": "设备投资额", "domain": domain, "series": "统计"}
        yield tell("TargetSet", "industry", year, dice.choice(units), dice.randrange(1, 10**6), **of)
        for each in _months(month, 14):
            if dice.random() < 0.4:
                yield tell("IndicatorReported", "statistics", each, dice.choice(units), dice.randrange(10**6), **of)
            if dice.random() < 0.2:
                yield tell("IndicatorReported", "industry", each, "万元", 1, **{**of, "series": "调度"})
    ratio = {"indicator": "环保绩效A级产能占比", "series": "调度"}
    if dice.random() < 0.7:
        yield tell("BaselineSet", "ecology", "2023", "%", 20, **ratio)
    yield tell("TargetSet", "ecology", year, "%", 60, **ratio)
    for each in _months(month, 3):
        if dice.random() < 0.6:
            yield tell("IndicatorReported", "ecology", each, "%", dice.randrange(20, 70), **ratio)


def _outlets(dice: Random, month: str) -> Iterator[Told]:
    """FIGURES 18: operators that recover several materials."""
    for n in range(8):
        outlets = dice.choice((None, dice.randrange(30)))
        for material in dice.sample(("废钢铁", "废塑料", "废纸"), dice.randrange(1, 4)):
            facts = {
                "month": month, "operator_uscc": f"91120222{n:09d}X", "material": material, "unit": "吨", "recovered": Decimal(1), "outlets": outlets,
                "occurred_on": _last_day(month),
            }  # fmt: skip
            yield Told("commerce", "MaterialRecovered", f"M{n}", facts)


def _words(dice: Random, month: str) -> Iterator[Told]:
    """FIGURES 14: purchases of any months, approvals and payments or none, confirmations with and without rows, nil returns."""
    for n, category in enumerate(("家电", "家装厨卫", "汽车置换更新")):
        for each in _months(month, 4):
            if dice.random() < 0.35:
                facts = {"category": category, "month": each, "count": dice.randrange(1, 9), "sale_amount": Decimal(9), "subsidy": Decimal(1), "granularity": "汇总"}
                yield Told("commerce", "TradeInCompleted", f"{n}@{each}", facts | {"occurred_on": _last_day(each)})
    for event, bureau, voucher in (("SubsidyApproved", "commerce", {}), ("SubsidyPaid", "finance", {"voucher_no": "V"})):
        if dice.random() < 0.5:
            facts = {"policy_no": "P", "budget_year": int(month[:4]), "category": "家电", "amount": Decimal(5), "application_no": "A", "on": _last_day(month)}
            yield Told(bureau, event, "A", facts | {"occurred_on": _last_day(month)} | voucher)
    for bureau, list_ in (("commerce", "trade-in"), ("commerce", "funds"), ("finance", "funds"), ("industry", "equipment-projects")):
        event = dice.choice(("", "", "NilReturned", "SubmissionConfirmed"))
        if event:
            facts = {"list": list_, "month": month, "occurred_on": _last_day(month)} | ({"rows": 0} if event == "SubmissionConfirmed" else {})
            yield Told(bureau, event, f"{list_}@{month}", facts)


def expected(tale: Story) -> dict[str, Shown]:
    """Work out everything that this oracle knows."""
    return {**_of_projects(tale), **_of_goals(tale), **_of_outlets(tale), **_of_words(tale)}


def _ends(latest: str, month: str) -> str:
    return "" if latest == month else latest


def _of_projects(tale: Story) -> dict[str, Shown]:
    units, states, ytd, latest, month_sum, told_now = Decimal(0), [], Decimal(0), "", Decimal(0), False
    for project in tale.of("ProjectAdded"):
        progress = sorted((t.facts for t in tale.of("ProjectProgressReported") if t.key == project.key), key=lambda f: str(f["month"]))
        for name in ("units_done", "build_state"):
            said = [(project.facts["occurred_on"], 0, project.facts[name])] + [(_last_day(f["month"]), 1, f[name]) for f in progress]
            value = max((each for each in said if each[2] is not None), default=(None, 0, None), key=lambda each: each[:2])[2]
            if name == "build_state":
                states.append(value)
            elif value is not None:
                units += value
        of_year = [f for f in progress if f["month"][:4] == tale.month[:4]]
        if of_year:
            ytd, latest = ytd + of_year[-1]["invested_year_to_date"], max(latest, of_year[-1]["month"])
        now = [f for f in progress if f["month"] == tale.month]
        told_now = told_now or bool(now)
        month_sum += sum((f["invested_this_month"] for f in now), Decimal(0))
    found: dict[str, Shown] = {
        "equipment.工业.units_done": (units, ""), "equipment.工业.under_construction": (Decimal(states.count("在建")), ""),
        "equipment.工业.completed": (Decimal(states.count("竣工")), ""),
    }  # fmt: skip
    reported = tale.month >= _DUTY_BEGAN and (told_now or any(t.facts["list"] == "equipment-projects" for e in ("NilReturned", "SubmissionConfirmed") for t in tale.of(e)))
    nothing: Shown = (Decimal(0), "") if reported else ("未报送", "")
    found["equipment.工业.ytd"] = (ytd, _ends(latest, tale.month)) if latest else nothing
    found["equipment.工业.month"] = (month_sum, "") if told_now else nothing
    return found


def _of_goals(tale: Story) -> dict[str, Shown]:
    found: dict[str, Shown] = {}
    for domain in ("工业", "建筑"):
        mine = [t.facts for t in tale.of("IndicatorReported") if t.facts.get("domain") == domain and t.facts["series"] == "统计"]
        of_year = sorted((f for f in mine if f["period"][:4] == tale.month[:4]), key=lambda f: str(f["period"]))
        if not of_year:
            found[f"goals.设备投资额.{domain}.ytd"] = ("未报送", "")
        elif of_year[-1]["unit"] in _IN_WAN:
            found[f"goals.设备投资额.{domain}.ytd"] = (of_year[-1]["value"] * _IN_WAN[of_year[-1]["unit"]], _ends(of_year[-1]["period"], tale.month))
        else:
            found[f"goals.设备投资额.{domain}.ytd"] = ("单位不符", _ends(of_year[-1]["period"], tale.month))
    ratio = [t.facts for t in tale.of("IndicatorReported") if t.bureau == "ecology" and t.facts["period"][:4] == tale.month[:4]]
    if ratio:
        newest = max(ratio, key=lambda f: str(f["period"]))
        ends = _ends(newest["period"], tale.month)
        found["goals.环保绩效A级产能占比.gap"] = (60 - newest["value"], ends)
        if any(t.bureau == "ecology" for t in tale.of("BaselineSet")):
            found["goals.环保绩效A级产能占比.way"] = ((newest["value"] - 20) * 100 / 40, ends)
    return found


def _of_outlets(tale: Story) -> dict[str, Shown]:
    of_operator = {t.facts["operator_uscc"]: t.facts["outlets"] for t in tale.of("MaterialRecovered") if t.facts["outlets"] is not None}
    return {"recovery.合计-吨.outlets": (Decimal(sum(of_operator.values())), "") if of_operator else ("未填报", "")}


#: Categories of which the city approves and pays by itself.
_BY_CITY = frozenset({"汽车报废更新", "汽车置换更新", "家装厨卫", "智能家居", "居家适老化", "电动自行车"})


def _of_words(tale: Story) -> dict[str, Shown]:
    nil = {(t.bureau, t.facts["list"]) for t in tale.of("NilReturned")}
    bought = [t.facts for t in tale.of("TradeInCompleted")]
    owed = tale.month >= _DUTY_BEGAN
    sold = owed and (any(f["month"] == tale.month for f in bought) or ("commerce", "trade-in") in nil)
    debtors = {"approved": ("commerce", "SubsidyApproved"), "paid_count": ("finance", "SubsidyPaid")}
    found: dict[str, Shown] = {}
    for category in {f["category"] for f in bought}:
        mine = [f for f in bought if f["category"] == category]
        of_year = [f for f in mine if f["month"][:4] == tale.month[:4]]
        ends = "" if sold or not of_year else _ends(max(f["month"] for f in of_year), tale.month)
        found[f"tradein.{category}.applied"] = (Decimal(sum(f["count"] for f in of_year)), ends) if of_year or sold else ("未报送", "")
        now = [f["count"] for f in mine if f["month"] == tale.month]
        found[f"tradein.{category}.month_applied"] = (Decimal(sum(now)), "") if now or sold else ("未报送", "")
        for name, (bureau, event) in debtors.items():
            told = owed and (bool(tale.of(event)) or (bureau, "funds") in nil)
            if category in _BY_CITY and owed:
                found[f"tradein.{category}.{name}"] = ("市级办理", "")
            elif category != "家电":
                found[f"tradein.{category}.{name}"] = (Decimal(0), "") if told else ("未报送", "")
    return found
