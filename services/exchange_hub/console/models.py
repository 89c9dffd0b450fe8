"""What every route of the API answers: the models that answers are checked against, and that the description is made from.

A field's example stands at the field; the example of a whole answer is put together from them, so that none can differ from its model.
"""

from datetime import date, datetime
from decimal import Decimal
from functools import cache
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, JsonValue, PlainSerializer, TypeAdapter

from exchange_hub.console.query import PAGE_SIZE
from exchange_hub.programme.district_parts import Cycle, Sharing
from exchange_hub.programme.period import Period
from exchange_hub.views.lists.model import ColumnType
from exchange_hub.views.resources import Type

Cell = str | int | bool | list[str] | dict[str, str] | None
Lines = list[dict[str, Cell]]
"""A value of a list: money and quantities are decimal strings, dates ISO, ``null`` is nothing reported."""


def _utc(at: datetime) -> str:
    return at.isoformat().replace("+00:00", "Z")


Time = Annotated[datetime, PlainSerializer(_utc, when_used="json")]


def eg(example: object, description: str | None = None) -> Any:
    """Give a field its example, and words where its name does not say enough."""
    return Field(examples=[example], description=description)


class Model(BaseModel):
    """An answer, or a part of one; no field comes or goes unseen."""

    model_config = ConfigDict(from_attributes=True, extra="forbid")


class Problem(BaseModel):
    """Why a request was not answered, in Chinese."""

    detail: str = eg("没有这张清单；名称见 /api/lists。")


class Column(Model):
    """A column of a list."""

    name: str = eg("total_investment")
    title: str = eg("总投资")
    type: ColumnType = eg("money")
    unit: str = eg("元", "金额一律以元为单位")


class ListDescription(Model):
    """A list with its columns."""

    name: str = eg("equipment-projects")
    title: str = eg("设备更新项目清单")
    columns: list[Column]


Row = Annotated[
    dict[str, Cell],
    eg({"row_key": "2509-120114-89-01-544060", "bureaus": ["industry"], "name": "压缩机更新项目", "total_investment": "12300000.00", "funds_paid": None}),
]


Rows = list[Row]
Texts = list[str]


class Page(Model):
    """A page of the rows of a list."""

    list: str = eg("equipment-projects")
    title: str = eg("设备更新项目清单")
    as_of: Time = eg("2026-11-02T01:30:00Z")
    total: int = eg(1)
    page: int = eg(1)
    size: int = eg(PAGE_SIZE)
    rows: Rows


class Sums(Model):
    """A list summed by a column."""

    list: str = eg("equipment-projects")
    title: str = eg("设备更新项目清单")
    by: str = eg("town")
    as_of: Time = eg("2026-11-02T01:30:00Z")
    lines: Lines = eg([{"town": "梅厂镇", "row_count": 3, "total_investment": "12600000.00"}, {"town": "合计", "row_count": 3, "total_investment": "12600000.00"}])


class Said(Model):
    """What another bureau says of a column."""

    bureau: str = eg("development-reform")
    value: Cell = eg("12600000.00")


class TakenFrom(Model):
    """Whose statement a column of a row is."""

    column: str = eg("total_investment")
    value: Cell = eg("12300000.00")
    bureau: str | None = eg("industry", "出自未单独成行的填报时为 null")
    others: list[Said]


class Origin(Model):
    """The row that a bureau's facts came from, with the cell of each."""

    file: str = eg("设备更新项目2026年10月.xlsx")
    sheet: str = eg("项目清单")
    row: int = eg(7)
    unit: str = eg("万元", "原表的金额单位")
    cells: dict[str, str] = eg(
        {"name": "B7", "total_investment": "F7", "occurred_on": "title"},
        "各项的来源单元格；C7+D7 为多格，市级=G7 为其中一项，title 为表头，file 为文件名，$.amount 为该行 JSON 的同名项",
    )


Facts = Annotated[dict[str, JsonValue], eg({"name": "压缩机更新项目", "total_investment": "12300000.00", "build_state": "在建"})]


class Claim(Model):
    """What one bureau says now, by one register of its claim."""

    bureau: str = eg("industry")
    register_name: str = Field(alias="register", examples=["project"])
    revision: int = eg(3)
    event_id: str = eg("5d0c7a52-6a44-5f0e-9d5e-3f7f5f1d8c11")
    type: str = eg("ProjectChanged")
    facts: Facts


class Event(Model):
    """An event behind a row."""

    topic: str = eg("hub.wuqing.industry.events")
    offset: int = eg(41)
    event_id: str = eg("5d0c7a52-6a44-5f0e-9d5e-3f7f5f1d8c11")
    type: str = eg("ProjectChanged")
    bureau: str = eg("industry")
    revision: int = eg(3)
    occurred_on: date | None = eg("2026-10-20")
    arrived_at: Time | None = eg("2026-10-21T02:11:09Z")
    reason: str = eg("投资额核定")
    origin: Origin | None
    facts: Facts


class RowTrace(Model):
    """A row down to its sources."""

    row: Row
    taken_from: list[TakenFrom]
    claims: list[Claim]
    events: list[Event]


class Submission(Model):
    """What a bureau returned of a list for a month."""

    bureau: str = eg("water")
    list: str = eg("equipment-projects")
    month: Annotated[str, AfterValidator(lambda month: Period(month).month)] = eg("2026-10")
    state: Literal["confirmed", "unsigned", "nil", "late", "silent", "pending"] = eg("nil")
    rows: int | None = eg(0)
    confirmed_on: date | None = eg("2026-11-03")
    signed_by: str = eg("签发")
    due_on: date | None = eg("2026-11-05")
    rows_returned: int = eg(0, "报送表中退回、尚未改正的行数，按文件见清单 returns")
    sheets_returned: int = eg(0, "整表退回、尚未改正的工作表数")


class TaskLine(Model):
    """How a bureau's part of a task of the work plan stands in a month."""

    area: str = eg("设备更新", "工作方案中的类别；计划外 为方案没有的任务编号")
    task_no: str = eg("1")
    title: str | None = eg("推动工业领域设备更新和技术改造")
    bureau: str = eg("industry")
    part: Literal["计划分工", "协同", "计划外"] = eg("计划分工")
    state: str = eg("推进中", "未启动、推进中、已完成、滞后；或 未报送、未到期、零报告、未填状态、不需报送")
    text: str | None = eg("已完成3个项目设备安装。")
    quantity: Decimal | None = eg("3")
    unit: str | None = eg("个")
    milestone: str | None = eg("完成第二批项目验收")
    due_on: date | None = eg("2026-12-31")


class Finding(Model):
    """Something that people should look at; never a verdict."""

    id: str = eg("f19c2a6e41d00b7c3a55")
    rule: str = eg("subsidy-over-sale")
    text: str = eg("补贴金额大于销售额，请核对")
    list: str = eg("trade-in")
    subject: str = eg("D2026100045")
    component: str = eg("commerce:D2026100045")
    bureaus: Texts = eg(["commerce"])
    state: str = eg("待核实")
    basis: str = eg("")
    compared: dict[str, Cell] = eg({"subsidy": "520.00", "sale_amount": "500.00"}, "比对的数，金额以元为单位")
    rows: Texts = eg(["D2026100045"], "多行之间比对的，各行的主键")


class Rejection(Model):
    """A record that was not taken."""

    topic: str = eg("hub.wuqing.commerce.events")
    offset: int = eg(105)
    bureau: str = eg("commerce")
    type: str = eg("TradeInCompleted", "内容无法读出时为空")
    entity_key: str = eg("D2026100045")
    outcome: Literal["rejected", "held"] = eg("rejected")
    code: str = eg("bad_value")
    reason: str = eg("补贴金额大于销售额，请核对后更正重报。")
    arrived_at: Time = eg("2026-11-01T08:00:00Z")
    origin: Origin | None


class Position(Model):
    """How far a topic has been taken into the views."""

    topic: str = eg("hub.wuqing.industry.events")
    bureau: str = eg("industry")
    next_offset: int = eg(412)
    owner: str = eg("worker-1")
    moved_at: Time | None = eg("2026-11-02T01:29:58Z")
    outcomes: dict[str, int] = eg({"accepted": 402, "duplicate": 6, "rejected": 3, "held": 0})
    seen_at: Time | None = eg("2026-11-02T01:30:00Z")


class File(Model):
    """A file of a closed month."""

    name: str = eg("report.docx")
    bytes: int = eg(48213)
    path: str = eg("/reports/2026-10/report.docx")


class Report(Model):
    """A closed month and its files."""

    month: str = eg("2026-10")
    files: list[File]


class Figure(Model):
    """A figure of a closed month, and where it opens."""

    id: str = eg("equipment.工业.total_investment")
    value: str | None = eg("1234567890.00", "以 unit 为单位的精确值；没有时为 null，原因见 absent")
    absent: str = eg("—")
    unit: str = eg("元")
    period: str = eg("2026-10")
    list: str = eg("equipment-projects")
    where: dict[str, Any] = eg({"domain": "工业"})
    measure: str = eg("sum(total_investment)")
    meaning: str = eg("截至2026年10月31日：《设备更新项目清单》中“总投资”的合计，单位：元。条件：“领域”为工业。", "口径")
    rows: int = eg(38)
    rows_path: str = eg("/reports/2026-10/figure?id=equipment.%E5%B7%A5%E4%B8%9A.total_investment")


class TableCell(Model):
    """A cell as it reads, and the figure it shows."""

    text: str = eg("45.00")
    figure: str | None = eg("goals.设备投资额.工业.year_target")


class Table(Model):
    """A table of a closed month."""

    id: str = eg("goal_paths")
    title: str = eg("目标路径")
    money_unit: str = eg("万元")
    columns: list[str] = eg(["今年目标"])
    rows: list[list[TableCell]]


class Condition(Model):
    """A condition of a call for one project."""

    name: str = eg("总投资不低于2000万元")
    answer: Literal["是", "否", "无法判断"] = eg("是")
    shown: str = eg("2600.00万元")


class Check(Model):
    """A project beside a call."""

    call: str = eg("2026年设备更新项目申报")
    project: str = eg("2509-120114-89-01-544060")
    name: str = eg("冲压线改造")
    bureau: str = eg("industry")
    fits: Literal["是", "否", "无法判断"] = eg("无法判断")
    conditions: list[Condition]
    asked: list[str | None] = eg(["5000000.00", None, None, None])


class Suggestion(Model):
    """A product of a listed enterprise beside a line of new equipment."""

    line: str = eg("industry:P6-新2")
    line_no: str = eg("P6-新2")
    project_no: str = eg("P6")
    equipment: str = eg("搬运机器人")
    units: int | None = eg(6)
    price: str | None = eg("3000000.00")
    bureau: str = eg("industry")
    uscc: str = eg("91120222000000000X")
    enterprise: str = eg("某厂")
    role: str = eg("生产企业")
    product: str = eg("搬运机器人")
    likeness: Literal["名称相符", "类别相近"] = eg("名称相符")


class Entry(Model):
    """A field of a resource."""

    name: str = eg("domain")
    title: str = eg("领域")
    type: Type = eg("文本")
    unit: str = eg("")
    codelist: str = eg("domain", "代码表；没有时为空")
    codes: list[str] = eg(["工业", "农业"])
    required: bool = eg(True, "填报时必填")
    key: bool = eg(False)
    note: str = eg("领域")


class Resource(Model):
    """A list or a contract in the catalogue of data."""

    code: str = eg("120114-LX-equipment-projects")
    name: str = eg("equipment-projects")
    title: str = eg("设备更新项目清单")
    kind: Literal["清单", "契约"] = eg("清单")
    version: int = eg(1)
    sharing: Sharing = eg("有条件共享")
    condition: str = eg("工作专班成员单位")
    cycle: Cycle = eg("每月")
    bureaus: list[str] = eg(["区工业和信息化局"])
    related: list[str] = eg(["ProjectAdded"])
    fields: list[Entry]


class TownLine(Model):
    """A town, street or park in a month."""

    code: str = eg("meichang")
    name: str = eg("梅厂镇")
    reports: bool = eg(True, "是否开通自行报送")
    owed: int = eg(4, "应报清单份数")
    came: int = eg(3)
    silent: list[str] = eg(["outlet-claims"], "已过期限未报送的清单")
    tasks: int = eg(2, "当月填报进展的任务")
    tasks_done: int = eg(1)
    tasks_behind: int = eg(0)
    problems: int = eg(1, "提出的协调事项")
    problems_open: int = eg(1)
    activities: int = eg(1, "当月宣传活动")
    reach: int | None = eg(300)
    claims_confirmed: int = eg(2, "申报的项目和网点中主管部门已确认的")
    claims_open: int = eg(1, "待主管部门确认，不计入")
    claims_refused: int = eg(0, "主管部门答复不属实的")
    ground: dict[str, int] = eg({"equipment-projects": 3}, "清单：辖区内行数")


@cache
def example_of(answer: Any) -> object:
    """Return the example of a whole answer, put together from those of its fields."""
    schema = TypeAdapter(answer).json_schema(mode="serialization")
    return _example(schema, schema.get("$defs", {}))


def _example(schema: dict[str, Any], known: dict[str, Any]) -> object:
    if "examples" in schema:
        return schema["examples"][0]
    if "$ref" in schema:
        return _example(known[schema["$ref"].rpartition("/")[2]], known)
    if "anyOf" in schema:
        return _example(schema["anyOf"][0], known)
    if schema.get("type") == "array":
        return [_example(schema["items"], known)]
    return {name: _example(field, known) for name, field in schema["properties"].items()}
