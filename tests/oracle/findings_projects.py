"""What should be looked at of projects, worked out from the oracle's own rows and words."""

from collections import defaultdict
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

from tests.oracle.grouping import words
from tests.oracle.keys import row_key
from tests.oracle.lists import Expected, Members

Found = Iterator[tuple[str, str, dict[str, Any]]]


def project(members: Members, told: list[Expected]) -> Found:
    """Everything about one project."""
    if not told:
        yield from _of_no_project(members)
        return
    [main, subject] = next([row.fields, row.key] for row in told if row.list != "project-progress")
    total, since = main["total_investment"], main.get("invested_since_start")
    funded = sum(main["funding"].values()) if main["funding"] else None
    if total is not None and funded is not None and funded != total:
        yield "funding-sum", subject, {"total_investment": total, "funding": funded}
    if total is not None and since is not None and total < since:
        yield "over-total", subject, {"total_investment": total, "invested_since_start": since}
    if since and main["build_state"] in {"谋划", "储备", "未开工"}:
        yield "not-started", subject, {"invested_since_start": since}
    for rule, small, large in (
        ("arrived-over-total", "total_investment", "funds_arrived"), ("paid-over-total", "total_investment", "funds_paid"),
        ("paid-over-arrived", "funds_arrived", "funds_paid"), ("units-over-planned", "units_planned", "units_done"),
    ):  # fmt: skip
        if None not in (main[small], main[large]) and main[large] > main[small]:
            yield rule, subject, {large: main[large], small: main[small]}
    yield from _after_exit(members, main, subject)
    yield from _month_by_month(members, [row for row in told if row.list == "project-progress"])
    if len(members) > 1:
        yield from _disagreeing(members, subject)
        yield from _told_differently(members, told)


def _month(days: int) -> str:
    return f"{date(1970, 1, 1) + timedelta(days=days):%Y-%m}"


def _of_no_project(members: Members) -> Found:
    for (_, bureau, entity), registers in members.items():
        gone = registers.get("project", {}).get("")
        months = {month: word.facts["occurred_on"] for month, word in words(registers, "progress").items()}
        if gone is None:
            late, rule = sorted(months), "progress-without-project"
        else:
            day = gone.facts["occurred_on"]
            late, rule = sorted(month for month, on in months.items() if on > day or month > _month(day)), "progress-after-withdrawal"
        if late:
            yield rule, row_key("", "", ("", f"{bureau}:{entity}"), {}), {"month": late[-1]}


def _after_exit(members: Members, main: dict[str, Any], subject: str) -> Found:
    if main["admin_state"] == "退出":
        stated = [word.facts for registers in members.values() for word in words(registers, "project").values()]
        left = min(_month(facts["occurred_on"]) for facts in stated if facts["admin_state"] == "退出")
        for (_, bureau, entity), registers in members.items():
            for month in words(registers, "progress"):
                if month > left:
                    yield "progress-after-exit", row_key("", "", (subject, bureau, entity, month), {}), {"admin_state": "退出", "month": month}


def _explained(members: Members, bureau: str, month: str) -> bool:
    """Whether the bureau gives a reason in its report of the month."""
    told = [words(members[key], "progress")[month] for key in sorted(members) if key[1] == bureau and month in words(members[key], "progress")]
    return bool(told[0].facts["reason"])


def _month_by_month(members: Members, reported: list[Expected]) -> Found:
    ordered = sorted(reported, key=lambda row: row.fields["month"])
    for place, row in enumerate(ordered):
        f, month = row.fields, row.fields["month"]
        year, since = f["invested_year_to_date"], f["invested_since_start"]
        if None not in (year, since) and since < year:
            yield "since-start-below-year", row.key, {"invested_since_start": since, "invested_year_to_date": year, "month": month}
        slips = []
        for name, rule in (("invested_year_to_date", "year-to-date-falls"), ("invested_since_start", "since-start-falls"), ("units_done", "units-fall")):
            stated = [earlier.fields for earlier in ordered[:place] if earlier.fields[name] is not None]
            if f[name] is None or not stated or (name == "invested_year_to_date" and stated[-1]["month"][:4] != month[:4]):
                continue
            old, new = stated[-1][name], f[name]
            if new < old:
                yield rule, row.key, {"of": name, "earlier": old, "later": new, "month": month}
            if name != "units_done" and old > 0 and new > 0 and (new >= 5000 * old or old >= 1000 * new):
                slips.append(name)
            this, before = f["invested_this_month"], stated[-1]["month"]
            follows = before[:4] == month[:4] and int(before[5:]) + 1 == int(month[5:])
            if name == "invested_year_to_date" and new >= old and this is not None and follows and abs(old + this - new) > 1:
                yield "year-to-date-sum", row.key, {"before": old, "this_month": this, "now": new, "month": month}
        if slips and not _explained(members, f["lead_bureau"], month):
            yield "progress-magnitude", row.key, {slips[0]: f[slips[0]], "month": month}


def _disagreeing(members: Members, subject: str) -> Found:
    """Two bureaus that report one project; of a bureau's own several entries the last key speaks."""
    by_bureau = {}
    for key in sorted(members):
        for word in words(members[key], "project").values():
            by_bureau[key[1]] = word.facts
    for field in ("total_investment", "equipment_investment", "owner_uscc", "domain", "list"):
        stated = {bureau: facts[field] for bureau, facts in by_bureau.items() if facts[field] is not None}
        if len(set(stated.values())) > 1:
            yield f"two-bureaus-{field}", subject, stated


def _told_differently(members: Members, told: list[Expected]) -> Found:
    """One month from two bureaus; of a bureau's own several entries the first key speaks."""
    reports: dict[str, dict[str, dict[str, Any]]] = defaultdict(dict)
    for key in sorted(members):
        for month, word in words(members[key], "progress").items():
            reports[month].setdefault(key[1], dict(word.facts))
    for row in told:
        if row.list == "project-progress":
            for name in ("invested_this_month", "invested_year_to_date", "invested_since_start", "units_done"):
                values = {b: f[name] for b, f in sorted(reports[row.fields["month"]].items()) if f[name] is not None}
                if len(set(values.values())) > 1:
                    yield "progress-differs", row.key, {"of": name} | values
                    break
