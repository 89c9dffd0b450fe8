"""What a look at a project's statements shows: amounts that do not fit, bureaus that disagree, progress of what is no project."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from exchange_contracts.rules import printed_fen
from exchange_hub.views.findings import Finding, asking
from exchange_hub.views.lists.folding import current, joined, month_of, of_family, own_key
from exchange_hub.views.lists.statements import MAGNITUDE
from exchange_hub.views.statement import Claim, Row

_AGREE: Final = {
    "total_investment": "总投资", "equipment_investment": "设备投资", "owner_uscc": "统一社会信用代码", "domain": "领域", "list": "清单",
}  # fmt: skip
"""Fields in which two bureaus that report one project should agree."""

_ABOVE: Final = (
    ("arrived-over-total", "funds_arrived", "total_investment", "到位资金大于总投资"),
    ("paid-over-total", "funds_paid", "total_investment", "支付资金大于总投资"),
    ("paid-over-arrived", "funds_paid", "funds_arrived", "支付资金大于到位资金"),
    ("units-over-planned", "units_done", "units_planned", "完成更新台套大于计划更新台套"),
)
"""(rule, what should not be above, what it should not be above, words)."""

_CUMULATIVE: Final = {
    "invested_year_to_date": ("year-to-date-falls", "自年初累计"),
    "invested_since_start": ("since-start-falls", "自开工累计"),
    "units_done": ("units-fall", "完成更新台套"),
}
_TOLD: Final = {"invested_this_month": "本月完成投资", "invested_year_to_date": "自年初累计", "invested_since_start": "自开工累计", "units_done": "完成更新台套"}

RULES: Final = (
    "funding-sum", "over-total", "not-started", *(rule for rule, *_ in _ABOVE), *(rule for rule, _ in _CUMULATIVE.values()),
    "year-to-date-sum", "since-start-below-year", "progress-magnitude", "progress-differs", "progress-without-project",
    "progress-after-withdrawal", "progress-after-exit", *(f"two-bureaus-{field}" for field in _AGREE),
)  # fmt: skip


def findings(claims: Sequence[Claim], rows: Sequence[Row]) -> Iterator[Finding]:
    """Yield what a look at the statements of one project shows."""
    if not rows:
        yield from _without_project(claims)
        return
    main, subject = rows[0].values, rows[0].key
    yield from _two_bureaus(claims, subject)
    yield from _amounts(main, subject, _printed(claims))
    since = main.get("invested_since_start")
    if main["build_state"] in ("谋划", "储备", "未开工") and since:
        yield Finding("not-started", subject, "建设状态为未开工而已有完成投资，请核对", {"invested_since_start": since})
    yield from _after_exit(claims, main, subject)
    yield from _months(claims, rows[1:])
    yield from _told_twice(claims, rows[1:])


def _printed(claims: Sequence[Claim]) -> int:
    """Return the fen of the last printed decimal, of the roughest of what is said of the project."""
    return max((printed_fen(facts) for claim in claims if (facts := current(claim, "project")) is not None), default=1)  # type: ignore[arg-type]  # facts of a project


def _amounts(main: Mapping[str, Any], subject: str, printed: int) -> Iterator[Finding]:
    total, funding, since = main["total_investment"], main["funding"], main.get("invested_since_start")
    if total is not None and funding and abs(sum(funding.values()) - total) >= printed:
        detail = {"total_investment": total, "funding": sum(funding.values())}
        yield Finding("funding-sum", subject, "资金来源合计与总投资不相等，请核对", detail)
    if total is not None and since is not None and since > total:
        detail = {"total_investment": total, "invested_since_start": since}
        yield Finding("over-total", subject, "累计完成投资超过总投资，请核对是否已调整概算", detail)
    for rule, name, bound, words in _ABOVE:
        value, most = main.get(name), main.get(bound)
        if value is not None and most is not None and value - most >= (1 if name == "units_done" else printed):
            yield Finding(rule, subject, f"{words}，请核对", {name: value, bound: most})


def _two_bureaus(claims: Sequence[Claim], subject: str) -> Iterator[Finding]:
    if len(claims) < 2:
        return
    said = {claim.key.bureau: facts for claim in claims if (facts := current(claim, "project")) is not None}
    for field, title in _AGREE.items():
        values = {bureau: facts.get(field) for bureau, facts in sorted(said.items()) if facts.get(field) is not None}
        if len(set(values.values())) > 1:
            yield Finding(f"two-bureaus-{field}", subject, f"不同单位填报的{title}不一致，请核对", values)


def _without_project(claims: Sequence[Claim]) -> Iterator[Finding]:
    """Yield progress of what nobody lists, or of what was withdrawn before the day of the progress."""
    for claim in claims:
        lone = claim.registers.get("project")
        months = [
            month for month, fact in of_family(claim, "progress")
            if lone is None or fact.facts["occurred_on"] > lone.facts["occurred_on"] or month > month_of(lone.facts["occurred_on"])
        ]  # fmt: skip
        if not months:
            continue
        said = f"{months[0]}的进度" if len(months) == 1 else f"{months[0]}至{months[-1]}共{len(months)}个月的进度"
        rule, words = ("progress-without-project", "没有对应的项目") if lone is None else ("progress-after-withdrawal", "所属的项目此前已撤回")
        yield Finding(rule, own_key(claim.key), f"{said}{words}，未计入，请核对项目编号", {"month": months[-1]}, (claim.key.bureau,))


def _after_exit(claims: Sequence[Claim], main: Mapping[str, Any], subject: str) -> Iterator[Finding]:
    if main["admin_state"] != "退出":
        return
    said = (facts for claim in claims if (facts := current(claim, "project")) is not None and facts.get("admin_state") == "退出")
    left = min(month_of(facts["occurred_on"]) for facts in said)
    for claim in claims:
        for month, _ in of_family(claim, "progress"):
            if month > left:
                detail = {"admin_state": "退出", "month": month}
                words = f"项目已于{left}退出，仍有{month}的进度，请核对"
                yield Finding("progress-after-exit", joined(subject, *claim.key[1:], month), words, detail, (claim.key.bureau,))


def _facts(claims: Sequence[Claim]) -> dict[tuple[str, str], Mapping[str, Any]]:
    """Return (bureau, month) → what it reports; of a bureau's several entries the first one's."""
    found: dict[tuple[str, str], Mapping[str, Any]] = {}
    for claim in sorted(claims, key=lambda claim: claim.key):
        for month, fact in of_family(claim, "progress"):
            found.setdefault((claim.key.bureau, month), fact.facts)
    return found


def _months(claims: Sequence[Claim], months: Sequence[Row]) -> Iterator[Finding]:
    """Compare each month's cumulatives with each other, with those last stated, and with its own amount."""
    facts = _facts(claims) if months else {}
    last: dict[str, tuple[str, int]] = {}
    for row in months:
        values, month = row.values, row.values["month"]
        said, who = facts[values["lead_bureau"], month], (values["lead_bureau"],)
        since, year = values["invested_since_start"], values["invested_year_to_date"]
        if since is not None and year is not None and since < year:
            detail = {"invested_since_start": since, "invested_year_to_date": year, "month": month}
            yield Finding("since-start-below-year", row.key, f"{month}自开工累计小于自年初累计，请核对", detail, who)
        slip = ""
        for name, (rule, title) in _CUMULATIVE.items():
            before, now = last.get(name), values[name]
            if now is None:
                continue
            last[name] = month, now
            if before is None or (name == "invested_year_to_date" and before[0][:4] != month[:4]):
                continue
            earlier = before[1]
            if now < earlier:
                words = asking(f"{month}{title}小于{before[0]}", said)
                yield Finding(rule, row.key, words, {"of": name, "earlier": earlier, "later": now, "month": month}, who)
            elif name == "invested_year_to_date":
                yield from _sum(row, before, said)
            if name != "units_done" and min(now, earlier) > 0 and max(now, earlier) >= MAGNITUDE * min(now, earlier) * (5 if now > earlier else 1):
                slip = slip or name
        if slip and not said.get("reason"):
            words = f"{month}{_CUMULATIVE[slip][1]}与上次报送相差一千倍以上，请核对计量单位（元、万元、亿元）"
            yield Finding("progress-magnitude", row.key, words, {slip: values[slip], "month": month}, who)


def _sum(row: Row, before: tuple[str, int], said: Mapping[str, Any]) -> Iterator[Finding]:
    month, this, now = row.values["month"], row.values["invested_this_month"], row.values["invested_year_to_date"]
    # Three rounded numbers can be off by one of their last printed decimal, and no more.
    if this is not None and _next_month(before[0]) == month and abs(before[1] + this - now) > printed_fen(said):  # type: ignore[arg-type]  # facts of a progress
        detail = {"before": before[1], "this_month": this, "now": now, "month": month}
        yield Finding("year-to-date-sum", row.key, asking(f"{month}自年初累计不等于上月累计加本月", said), detail, (row.values["lead_bureau"],))


def _told_twice(claims: Sequence[Claim], months: Sequence[Row]) -> Iterator[Finding]:
    """Yield the months of which two bureaus report other amounts."""
    if len(claims) < 2:
        return
    facts = _facts(claims)
    for row in months:
        month = row.values["month"]
        said = {bureau: each for (bureau, of), each in facts.items() if of == month}
        for name, title in _TOLD.items():
            values = {bureau: each[name] for bureau, each in sorted(said.items()) if each.get(name) is not None}
            if len(set(values.values())) > 1:
                words = f"不同单位填报的{month}{title}不一致，已按一家计，请核对"
                yield Finding("progress-differs", row.key, words, {"of": name, **values})
                break


def _next_month(month: str) -> str:
    year, number = int(month[:4]), int(month[5:])
    return f"{year + number // 12:04d}-{number % 12 + 1:02d}"
