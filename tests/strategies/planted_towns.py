"""Claims of towns that wait for their owner, or differ from what it says, each with its sound neighbour."""

from collections.abc import Iterator
from typing import Any

from tests.strategies.planting import Case, event, project
from tests.strategies.universe import TOWN, Item


def towns() -> Iterator[Case]:
    """Outlets and projects."""
    def outlet(tag: str, bureau: str, **facts: Any) -> Item:
        stated = {"outlet_no": f"{tag}-g", "name": f"{tag}站", "operator_name": "回收公司", "state": "营业", "town": "梅厂镇"}
        return event("OutletListed", bureau, f"{tag}-g", **stated | facts)

    def plain(tag: str, bureau: str, **facts: Any) -> Item:
        return project(tag, bureau, project_code=None, internal_no=f"{tag}-p", **facts)

    def joined(tag: str) -> Item:
        members = [{"bureau": bureau, "entity_key": f"{tag}-p"} for bureau in ("industry", TOWN)]
        return event("EntitiesMerged", "coordination", f"{tag}-k", list="project", members=members, decided_by="专班")

    yield Case("an outlet that its owner has not listed", "outlet-claims-open", ("industry", TOWN), "待主管部门确认",
        lambda t: [outlet(t, TOWN)], lambda t: [outlet(t, TOWN), outlet(t, "commerce")])  # fmt: skip
    yield Case("an outlet that its owner lists otherwise", "outlet-claims-differ", ("commerce", TOWN), "营业状态",
        lambda t: [outlet(t, TOWN, state="停业"), outlet(t, "commerce")], lambda t: [outlet(t, TOWN), outlet(t, "commerce")])  # fmt: skip
    yield Case("a project that its owner has not listed", "project-claims-open", ("industry", TOWN), "待主管部门确认",
        lambda t: [plain(t, TOWN)], lambda t: [plain(t, TOWN), plain(t, "industry"), joined(t)])  # fmt: skip
    yield Case("a project of which a town and its owner tell other sums", "project-claims-differ", ("industry", TOWN), "总投资",
        lambda t: [plain(t, TOWN, total_investment="8000000.00"), plain(t, "industry"), joined(t)],
        lambda t: [plain(t, TOWN), plain(t, "industry"), joined(t)])  # fmt: skip
