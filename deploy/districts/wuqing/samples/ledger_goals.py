"""The expected figures of the goals: what nobody set or reported is absent; sums of what is known say so by their name."""

from collections import defaultdict
from decimal import ROUND_HALF_UP, Decimal

from ledger_state import State

DOMAINS = ("工业", "农业", "建筑", "交通", "教育", "文旅", "医疗")
_LINES = (*(("设备投资额", domain) for domain in (*DOMAINS, "合计")), ("主要用能设备节能水平占比", ""), ("环保绩效A级产能占比", ""))
_TOLD = ("baseline", "target", "year_target", "ytd", "ytd_last_year", "last_total")
_FIRST, _LAST = 2023, 2027

Row = dict[str, Decimal | None]


def _of(part: Decimal | None, whole: Decimal | None) -> Decimal | None:
    return None if part is None or not whole else (part * 100 / whole).quantize(Decimal("0.01"), ROUND_HALF_UP)


def _less(one: Decimal | None, other: Decimal | None) -> Decimal | None:
    return None if one is None or other is None else one - other


def _growth(now: Decimal | None, before: Decimal | None) -> Decimal | None:
    return None if before is None or before <= 0 else _of(_less(now, before), before)


def goals(state: State, month: str) -> dict[str, Decimal | None]:
    """Return the figures of the goals in a month."""
    last = f"{int(month[:4]) - 1}"
    wanted = {
        "baseline": ("BaselineSet", "2023"), "target": ("TargetSet", "2027"), "year_target": ("TargetSet", month[:4]), "ytd": ("IndicatorReported", month),
        "ytd_last_year": ("IndicatorReported", f"{last}{month[4:]}"), "last_total": ("IndicatorReported", f"{last}-12"),
    }  # fmt: skip
    values: dict[tuple[str, str], Row] = defaultdict(dict)
    for event in ("BaselineSet", "TargetSet", "IndicatorReported"):
        for _, _, data in state.of(event):
            for name, of in wanted.items():
                if of == (event, data["period"]):
                    values[data["indicator"], data["domain"]][name] = Decimal(str(data["value"]))
    whole = values["设备投资额", "合计"]
    for name in _TOLD:
        parts = [values["设备投资额", domain].get(name) for domain in DOMAINS]
        if None not in parts:
            whole[name] = sum(part for part in parts if part is not None)  # type: ignore[assignment]  # the sample is not checked by types
    rows = {line: _row(line[0], values[line], month) for line in _LINES}
    known = _known([rows["设备投资额", domain] for domain in DOMAINS], int(month[5:]))
    rows["设备投资额", "合计"] |= known
    return {f"goals.{indicator}{f'.{domain}' if domain else ''}.{name}": value for (indicator, domain), row in rows.items() for name, value in row.items()}


def _row(indicator: str, told: Row, month: str) -> Row:
    row: Row = {name: told.get(name) for name in _TOLD}
    now, last, base, target, year = (row[name] for name in ("ytd", "ytd_last_year", "baseline", "target", "year_target"))
    row["path"] = None if base is None or target is None else base + (target - base) * (int(month[:4]) - _FIRST) / (_LAST - _FIRST)
    if indicator.endswith("占比"):
        del row["last_total"]
        way = _less(now, base), _less(year, base)
        return row | {"yoy": _less(now, last), "gap": _less(year, now), "way": _of(*way), "to_target": _less(target, now)}
    annual = None if now is None or last is None or row["last_total"] is None else now + row["last_total"] - last
    remaining = _less(year, now)
    return row | {
        "yoy": _growth(now, last), "rate": _of(now, year), "of_base": _of(now, base), "annual": annual, "growth": _growth(annual, base),
        "remaining": remaining, "per_month": _a_month(remaining, int(month[5:])),
    }  # fmt: skip


def _a_month(remaining: Decimal | None, number: int) -> Decimal | None:
    return None if remaining is None or number == 12 else max(remaining, Decimal(0)) / (12 - number)


def _known(rows: list[Row], number: int) -> Row:
    """What the known domains come to; two numbers are compared over the domains that have both."""
    found: Row = {}
    for name in ("baseline", "target", "year_target", "ytd", "path"):
        told = [value for row in rows if (value := row[name]) is not None]
        found[f"known_{name}"] = sum(told, Decimal(0)) if told else None

    def both(first: str, second: str) -> tuple[Decimal | None, Decimal | None]:
        pairs = [(one, other) for row in rows if (one := row[first]) is not None and (other := row[second]) is not None]
        return (sum((one for one, _ in pairs), Decimal(0)), sum((other for _, other in pairs), Decimal(0))) if pairs else (None, None)

    found["known_yoy"] = _growth(*both("ytd", "ytd_last_year"))
    found["known_growth"] = _growth(*both("annual", "baseline"))
    found["known_rate"], found["known_of_base"] = _of(*both("ytd", "year_target")), _of(*both("ytd", "baseline"))
    found["known_remaining"] = _less(*both("year_target", "ytd"))
    found["known_per_month"] = _a_month(found["known_remaining"], number)
    return found


def stocks(state: State, month: str) -> dict[str, Decimal | None]:
    """Return the figures of energy-using equipment: of each kind in each domain the newest survey up to the month."""
    newest: dict[tuple[str, str], dict[str, int]] = {}
    for _, _, data in sorted(state.of("StockSurveyed"), key=lambda entry: entry[2]["month"]):
        if data["month"] <= month:
            newest[data["equipment"], data["domain"]] = dict(data)
    found: dict[str, Decimal | None] = {}
    for code in [*dict.fromkeys(equipment for equipment, _ in newest), "合计"]:
        mine = [data for (equipment, _), data in newest.items() if code in ("合计", equipment)]
        row = {name: Decimal(sum(data[name] for data in mine)) for name in ("stock", "advanced", "saving", "entry", "below")} if mine else {}
        if row:
            row["good"] = row["advanced"] + row["saving"]
            found |= {f"stocks.{code}.{name}": value for name, value in row.items()} | {f"stocks.{code}.share": _of(row["good"], row["stock"])}
    return found
