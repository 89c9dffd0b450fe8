"""What a report is read by: the lists with their columns and places, and what figures and bureaus are called.

A report that is built takes today's catalogue; a month that was closed keeps the one it was closed with, so that whatever the
program, the district or the lists become, its rows are read, rendered, traced and compared by the entries of their time.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from pydantic import TypeAdapter

from exchange_hub.programme.district import District, ExpectedPlan
from exchange_hub.programme.figures import figure_kinds
from exchange_hub.programme.labels import LABELS, Labels
from exchange_hub.programme.task_progress import PlanTask
from exchange_hub.views.lists import BY_NAME
from exchange_hub.views.lists.model import AnnexPlace, Column, ListName, ListView, columns

ADJUSTMENTS = ListView(
    ListName("adjustments"), "上期调整", "",
    (
        Column("月份", "月份"), Column("指标", "指标"), Column("原值", "原值", "quantity"), Column("现值", "现值", "quantity"),
        Column("单位", "单位"), Column("原因", "原因"), Column("涉及单位", "涉及单位", "texts", bureau=True),
        Column("变动行数", "变动行数", "count"),
    ),
)  # fmt: skip
"""The changed figures of the report before, shown as a list is; no list of the views, and without a number of its own."""


POLICY_MAP = ListView(
    ListName("policy-map"), "资金政策图谱", "",
    columns("""
        domain 领域 text
        level 层级 text
        support_kind 支持方式 text
        policies 执行中政策 count 项
        obtained 已争取资金 money 元
        new 本月起生效 count 项
        expiring 60日内到期 count 项
        document_nos 文号 texts 44
    """),
    annex=AnnexPlace("资金政策图谱", 17, paper=False),
)  # fmt: skip
"""The map of policies, worked out from the rows of their list when the annexes are put together; no list of the views."""


POLICY_CHANGES = ListView(
    ListName("policy-changes"), "资金政策图谱变化", "",
    columns("""
        change 变化 text
        on_date 日期 date
        document_no 文号 text code 22
        name 政策名称 text 38
        level 层级 text
        support_kind 支持方式 text
        department 责任单位 text bureau 18
        successor_no 替代文号 text code 22
    """),
    annex=AnnexPlace("资金政策图谱变化", 17, paper=False),
)  # fmt: skip
"""What began, ended and was abolished in the month, and what ends soon, worked out beside the map; no list of the views."""


TASK_BOARD = ListView(
    ListName("task-board"), "任务推进情况", "",
    columns("""
        area 类别 text
        task_no 任务 text code
        title 任务名称 text 30
        bureau 单位 text bureau 18
        part 分工 text
        state 进展状态 text
        text 进展 text 44
        quantity 完成数量 quantity
        unit 计量单位 text
        milestone 下步节点 text 30
        due_on 完成时限 date
    """),
    annex=AnnexPlace("任务推进情况", 18, paper=False),
)  # fmt: skip
"""Every task of the work plan with every bureau that it names, and who is silent, worked out beside the plan; no list of the views."""


PLAN_BOARD = ListView(
    ListName("plan-board"), "应出台方案进度", "",
    columns("""
        kind 方案类别 text
        domain 领域 text
        title 应出台方案 text 38
        bureau 责任单位 text bureau 18
        state 状态 text
        document_no 文号 text code 22
        issued_on 印发日期 date
    """),
    annex=AnnexPlace("应出台方案进度", 21, paper=False),
)  # fmt: skip
"""Every plan that the work plan asks for, issued or not, worked out beside the list of those issued; no list of the views."""


SUGGESTIONS = ListView(
    ListName("suggestions"), "供需对接建议", "",
    columns("""
        project_no 项目代码或内部编号 text code 26
        line_no 明细编号 text code
        equipment 设备 text 28
        units 台套 count 台套
        price 购置金额 money 元
        bureau 填报单位 text bureau 18
        enterprise 企业 text 28
        uscc 统一社会信用代码 text code 22
        role 类型 text
        product 产品 text 20
        likeness 依据 text
    """),
    annex=AnnexPlace("供需对接建议", 21, paper=False),
)  # fmt: skip
"""Products of listed enterprises beside lines that nobody has matched: likeness of names, no recommendation; no list of the views."""


@dataclass(frozen=True, slots=True)
class Catalogue:
    """The entries in force at one time.

    Attributes:
        lists: the lists, in the order in which people see them.
        labels: what figures are called.
        figure_kinds: the figures there are, as ``table.measure`` whatever their row.
        bureaus: code → name of the bureaus; empty where a close did not keep them yet.
        in_wan: whether the cells of its workbook hold what their headings say, money in 万元; those of earlier closes hold yuan.
        meanings: figure → what it means (口径), in words; empty where a close did not keep them yet.
        mapped: whether the map of policies stands among its annexes; earlier closes had none.
        changes_mapped: whether what changed in the map stands beside it; earlier closes had none.
        suggested: whether what supply might meet which demand stands among its annexes; earlier closes had none.
        ends_by_day: whether a policy stands among those changes in the month in which it is first out of force; in earlier closes in that of its last day.
        plates: whether the charts stand before the annexes in a size to read; those of earlier closes stand in the body.
        legible: whether tables of the body keep a size to read at the desk; those of earlier closes got smaller before rows went.
        imprint: lines at the end of the body: whom it goes to and who signs it; earlier closes had none.
        tasks: the tasks of the work plan with the bureaus that owe them for the month; earlier closes kept none.
        plans: the plans that the work plan asks for; earlier closes kept none.
        details_beside: whether long lists stand in files beside the workbook; that of earlier closes has all their rows.
    """

    lists: tuple[ListView, ...]
    labels: Labels
    figure_kinds: tuple[str, ...] = ()
    bureaus: Mapping[str, str] = field(default_factory=dict)
    in_wan: bool = False
    meanings: Mapping[str, str] = field(default_factory=dict)
    mapped: bool = False
    changes_mapped: bool = False
    suggested: bool = False
    ends_by_day: bool = False
    plates: bool = False
    legible: bool = False
    imprint: tuple[str, ...] = ()
    tasks: tuple[PlanTask, ...] = ()
    plans: tuple[ExpectedPlan, ...] = ()
    details_beside: bool = False

    def view(self, name: str) -> ListView | None:
        """Return the list called *name*, ``None`` where there is none."""
        return next((view for view in self.lists if view.name == name), None)

    def title(self, name: str) -> str:
        """Return the title of a list; a name that is not known stays."""
        view = self.view(name)
        return name if view is None else view.title

    def label(self, id_: str) -> str:
        """Return what a figure is called."""
        return self.labels.label(id_)

    def annexes(self, *, paper: bool) -> tuple[ListView, ...]:
        """Return the lists that are annexes of the report, on paper or in the workbook alone, in their order."""
        placed = [(view.annex.place, view) for view in self.lists if view.annex is not None and view.annex.paper is paper]
        return tuple(view for _, view in sorted(placed, key=lambda pair: pair[0]))


_STORED = TypeAdapter(Catalogue)


def present(district: District | None = None, month: str = "") -> Catalogue:
    """Return today's catalogue, with the names of a district's bureaus, and of a report's *month* with what the work plan asks for."""
    names = {} if district is None else {bureau.code: bureau.name for bureau in district.bureaus}
    imprint = district.profile.imprint if district is not None else None
    found = Catalogue(
        tuple(BY_NAME.values()), LABELS, figure_kinds(), names, in_wan=True, mapped=True, changes_mapped=True, suggested=True, ends_by_day=True, plates=True, legible=True,
        imprint=imprint.lines if imprint else (), details_beside=True,
    )  # fmt: skip
    return found if district is None or not month else replace(found, tasks=district.plan_tasks(month), plans=district.plans)


def encode(catalogue: Catalogue) -> dict[str, object]:
    """Turn a catalogue into JSON values that :func:`decode` reads back, in this version or a later one."""
    found: dict[str, object] = _STORED.dump_python(catalogue, mode="json")
    return found


def decode(document: object) -> Catalogue:
    """Read a stored catalogue: what an entry did not have yet takes its default, what it has no more is passed over."""
    return _STORED.validate_python(document)


@dataclass(frozen=True, slots=True)
class EntryChange:
    """A list or a column that a closed month and the present do not share.

    Attributes:
        list: name of the list.
        title: its title, and the column's where it is one.
        column: name of the column, empty for a whole list.
        new: whether it came after the close; else it is gone since. One that changed its name or type is both.
    """

    list: str
    title: str
    column: str
    new: bool


def entry_changes(then: Catalogue, now: Catalogue) -> tuple[EntryChange, ...]:
    """Return what came and went between two catalogues, in the order of the lists, what is gone first."""
    found = []
    for view, other, is_new in _sides(then, now):
        if other is None:
            found.append(EntryChange(view.name, view.title, "", is_new))
            continue
        shared = {column.name for column in common_columns(view, other)}
        found += [
            EntryChange(view.name, f"{view.title}·{column.title}", column.name, is_new)
            for column in view.columns
            if column.name not in shared
        ]
    return tuple(found)


def _sides(then: Catalogue, now: Catalogue) -> list[tuple[ListView, ListView | None, bool]]:
    names = dict.fromkeys([*(view.name for view in then.lists), *(view.name for view in now.lists)])
    pairs = [(then.view(name), now.view(name)) for name in names]
    gone = [(old, new, False) for old, new in pairs if old is not None]
    came = [(new, old, True) for old, new in pairs if new is not None]
    return [*gone, *came]


def common_columns(one: ListView, other: ListView) -> tuple[Column, ...]:
    """Return the columns that two forms of a list share: the same name and type."""
    types = {column.name: column.type for column in other.columns}
    return tuple(column for column in one.columns if types.get(column.name) == column.type)
