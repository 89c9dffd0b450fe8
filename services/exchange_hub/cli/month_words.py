"""How commands write figures of a month and their changes: exact, money in 万元 for people, in yuan for machines."""

from collections.abc import Mapping, Sequence

from exchange_hub.programme.labels import label
from exchange_hub.programme.sentences import exact_wan
from exchange_hub.reports.model import Adjustment, Figure, decimal_text


def value(figure: Figure) -> str:
    """Write a value for machines, or why there is none."""
    return figure.absent if figure.value is None else decimal_text(figure.value)


def shown(figure: Figure) -> str:
    """Write a value for people: money in 万元, without rounding."""
    if figure.value is None:
        return figure.absent
    return f"{exact_wan(figure.value)}万元" if figure.unit == "元" else f"{decimal_text(figure.value)}{figure.unit}"


def change(each: Adjustment) -> dict[str, object]:
    """Return a changed figure as machines read it."""
    return {
        "figure": each.before.id, "unit": each.before.unit, "closed": value(each.before), "now": value(each.after),
        "causes": list(each.causes), "bureaus": list(each.bureaus), "rows": list(each.rows),
    }  # fmt: skip


def changes(found: Sequence[Adjustment], names: Mapping[str, str]) -> tuple[list[str], list[list[str]]]:
    """Return headings and cells of a table of changed figures."""
    return ["数字", "原值", "现值", "原因", "涉及单位", "行数"], [
        [
            each.label or label(each.before.id), shown(each.before), shown(each.after), "、".join(each.causes),
            "、".join(names.get(code, code) for code in each.bureaus), str(each.rows_changed),
        ]
        for each in found
    ]  # fmt: skip
