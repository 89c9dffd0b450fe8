"""Suggestions of supply and demand (供需对接建议): products of listed enterprises beside lines of new equipment that nobody has matched yet.

A suggestion is a likeness of names and no recommendation: the list of enterprises gives nobody preference, and who buys decides.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

from exchange_contracts.keys import normal_text

Row = Mapping[str, Any]
Likeness = Literal["名称相符", "类别相近"]
SAME_NAME: Final = "名称相符"
SAME_KIND: Final = "类别相近"
#: Chinese names end in what the thing is: from three characters on a common end tells the kind (压力机, 机器人), two tell too little (动机 of 电动机 and 发动机).
_END_MIN = 3
_NAME_MIN = 2
#: The lists that suggestions are read from.
READ = ("equipment-lines", "enterprises", "matches")


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A product beside a line of new equipment.

    Attributes:
        line: key of the line in its list.
        price: what the line is to cost, in fen; ``None`` where it is not told.
        bureau: the bureau whose line it is.
        uscc: code of the enterprise.
        likeness: whether the names contain each other, or only end in the same kind of thing.
    """

    line: str
    line_no: str
    project_no: str
    equipment: str
    units: int | None
    price: int | None
    bureau: str
    uscc: str
    enterprise: str
    role: str
    product: str
    likeness: Likeness


def suggestions(lines: Iterable[Row], enterprises: Iterable[Row], matches: Iterable[Row]) -> Iterator[Suggestion]:
    """Yield, line by line, the listed products that are like it: names that agree first, makers before suppliers.

    Args:
        lines: rows of the list of equipment.
        enterprises: rows of the list of enterprises.
        matches: rows of the list of matches; a line that one of them names is left out.
    """
    told = list(matches)
    by_project = {(_plain(row["line_no"]), _plain(row["project_no"])) for row in told}
    by_bureau = {(_plain(row["line_no"]), bureau) for row in told for bureau in row.get("bureaus") or ()}
    listed = [(row, product, _plain(product)) for row in enterprises for product in row.get("main_products") or ()]
    alike: dict[str, list[tuple[Row, str, Likeness]]] = {}  # many lines have one name
    for line in lines:
        no, bureau = _plain(line["line_no"]), str(line.get("lead_bureau") or "")
        if line.get("side") != "新设备" or (no, _plain(line["project_no"])) in by_project or (no, bureau) in by_bureau:
            continue
        equipment = _plain(line["name"])
        if equipment not in alike:
            alike[equipment] = [(row, product, likeness) for row, product, name in listed if (likeness := _like(equipment, name))]
        found = [_beside(line, row, product, likeness) for row, product, likeness in alike[equipment]]
        yield from sorted(found, key=lambda each: (each.likeness != SAME_NAME, each.role != "生产企业", each.uscc, each.product))


def like(equipment: str, product: str) -> Likeness | None:
    """Tell whether a product is like an equipment, by their names alone.

    >>> like("六轴焊接机器人", "焊接机器人"), like("伺服压力机", "液压压力机"), like("电动机", "再制造发动机")
    ('名称相符', '类别相近', None)
    """
    return _like(_plain(equipment), _plain(product))


def _like(one: str, other: str) -> Likeness | None:
    if min(len(one), len(other)) >= _NAME_MIN and (one in other or other in one):
        return SAME_NAME
    return SAME_KIND if len(one) >= _END_MIN and other.endswith(one[-_END_MIN:]) else None


def _plain(text: object) -> str:
    return normal_text(str(text or ""))


def _beside(line: Row, enterprise: Row, product: str, likeness: Likeness) -> Suggestion:
    words = {name: str(line.get(name) or "") for name in ("line_no", "project_no")}
    return Suggestion(
        str(line["row_key"]), **words, equipment=str(line["name"]), units=line.get("units"), price=line.get("price"), bureau=str(line.get("lead_bureau") or ""),
        uscc=str(enterprise.get("uscc") or ""), enterprise=str(enterprise.get("name") or ""), role=str(enterprise.get("role") or ""), product=product, likeness=likeness,
    )  # fmt: skip
