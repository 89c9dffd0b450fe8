"""Outlets, and what towns claim of projects and outlets: rows and findings, from what is said of one entity."""

from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from typing import Any

from tests.oracle.rules import Rules, Saying

Fields = dict[str, Any]
Made = Iterator[tuple[str, tuple[str, ...], Fields]]

#: Kinds of which bureaus alone make rows.
OWNED = ("project", "outlet")
#: Kind → the list of claims, what a claim repeats, and what should agree, with its heading.
_CLAIMS = {
    "project": (
        "project-claims", ("name", "list", "domain", "owner_uscc", "owner_name", "total_investment", "build_state"),
        {"name": "项目名称", "owner_uscc": "统一社会信用代码", "domain": "领域", "town": "镇街园区", "total_investment": "总投资"},
    ),
    "outlet": (
        "outlet-claims", ("name", "address", "operator_name", "operator_uscc", "materials", "state"),
        {"name": "网点名称", "operator_uscc": "统一社会信用代码", "town": "镇街园区", "state": "营业状态"},
    ),
}  # fmt: skip


def outlet(said: Sequence[Saying], rules: Rules) -> Made:
    """One row, each column from who comes first for it."""
    if said:
        names = ("name", "outlet_no", "town", "address", "operator_name", "operator_uscc", "materials", "state")
        row: Fields = {name: rules.pick(said, "outlets", name) for name in names}
        opened = rules.pick(said, "outlets", "opened_on")
        row |= {"opened_on": None if opened is None else _on(opened), "lead_bureau": rules.first(said, "outlets", "*", None)[0][0][1]}
        if row["outlet_no"]:
            sub: tuple[str, ...] = (f"网点 {_plain(row['outlet_no'])}",)
        else:
            sub = (row["operator_uscc"], _plain(row["name"])) if row["operator_uscc"] else ()
        yield "outlets", sub, row


def claims(kind: str, said: Sequence[Saying], owned: tuple[str, Fields] | None, rules: Rules) -> Iterator[tuple[str, str, str, Fields]]:
    """List, bureau, entity and row of each claim; *owned* is key and row of what its owners say."""
    name, repeated, compared = _CLAIMS[kind]
    for (_, bureau, entity), facts in said:
        row = {each: facts[each] for each in repeated} | {"town": facts["town"] or rules.towns[bureau], "lead_bureau": bureau, "claimed_on": _on(facts["occurred_on"])}
        row["claim_no"] = (facts["project_code"] or facts["internal_no"]) if kind == "project" else facts["outlet_no"]
        if owned is None:
            listed = {"设备更新": "equipment-projects", "回收循环": "recycling-projects"}[facts["list"]] if kind == "project" else "outlets"
            ranked = [each for each in rules.ranking(listed, "*", facts.get("domain") or "") if each not in rules.towns]
            row |= {"claim_state": "待主管部门确认", "owner_bureau": ranked[0] if ranked else None}
        else:
            key, told = owned
            differ = [title for each, title in compared.items() if None not in (row[each], told[each]) and "" not in (row[each], told[each]) and _same(row[each]) != _same(told[each])]
            row |= {"claim_state": "已确认", "owner_bureau": told["lead_bureau"], "confirmed_as": key, "differs": differ or None}
        yield name, bureau, entity, row


def findings(kind: str, rows: Sequence[Any], owned: Fields | None) -> Iterator[tuple[str, str, Fields]]:
    """A claim waits, or differs in a column."""
    name, _, compared = _CLAIMS[kind]
    for row in rows:
        if row.fields["claim_state"] == "待主管部门确认":
            yield f"{name}-open", row.key, {"claimed_on": f"{row.fields['claimed_on']:%Y-%m-%d}", "rows": [row.key]}
        elif row.fields["differs"]:
            assert owned is not None
            first = next(each for each, title in compared.items() if title in row.fields["differs"])
            said = {row.fields["lead_bureau"]: row.fields[first], owned["lead_bureau"]: owned[first]}
            yield f"{name}-differ", row.key, {"of": first, "rows": [row.key], **said}


def _same(value: Any) -> Any:
    return _plain(value) if isinstance(value, str) else value


def _on(days: int) -> date:
    return date(1970, 1, 1) + timedelta(days=days)


def _plain(text: str) -> str:
    """A text as it is compared; the generated ones need no more."""
    return "".join(text.split()).upper()
