"""Equipment of projects line by line (设备明细): what is given up and what is bought, each line a bureau's own.

Source: forms of the calls for equipment projects: old lines with original value, year and disposal, new ones with price, level and origin.
"""

from collections.abc import Iterator, Sequence

from exchange_hub.views.lists.folding import Kind, current, facts_named
from exchange_hub.views.lists.model import AnnexPlace, ListName, ListView, columns
from exchange_hub.views.rules import FoldRules
from exchange_hub.views.statement import Claim, Row

LIST = ListView(
    ListName("equipment-lines"), "设备明细清单", "equipment_line",
    columns("""
        line_no 明细编号 text code
        project_no 项目代码或内部编号 text code 26
        side 新旧 text filter
        name 设备名称 text 28
        model 型号 text 20
        units 台套 count 台套
        year 购置年份 text
        original_value 原值 money 元
        depreciated 已提足折旧 text filter
        owned 产权自有 text filter
        disposal 处置方式 text filter
        price 购置金额 money 元
        energy_level 能效水平 text filter
        domestic 国产 text filter
        lead_bureau 填报单位 text filter bureau 18
    """),
    single=True,
    brief=("name", "project_no", "side", "units", "original_value", "price", "energy_level", "lead_bureau", "model", "year", "disposal"),
    annex=AnnexPlace("设备明细清单", 19, paper=False), of_project="project_no", told_apart=("side",),
)  # fmt: skip
_TAKEN = facts_named(*(column.name for column in LIST.columns if column.name != "lead_bureau"))


def _rows(component: str, claims: Sequence[Claim], _rules: FoldRules) -> Iterator[Row]:
    """Give a line its row; one that was withdrawn has none."""
    facts = current(claims[0], "line")
    if facts is not None:
        yield Row(LIST.name, component, _TAKEN.of(facts) | {"lead_bureau": claims[0].key.bureau})


KIND = Kind("equipment_line", "设备明细", _rows, (LIST,), decided=False)
