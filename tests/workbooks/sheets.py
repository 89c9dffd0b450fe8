"""Sound sheets for several of the district's lists, with what they state: the ground that every bend starts from.

Nothing here is shared with the reader: what a cell means is decided where the cell is made.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from random import Random

Value = str | int | float | bool | date | None
Fact = str | int | Decimal | date | None


@dataclass(slots=True)
class Cell:
    """A cell as a clerk leaves it.

    Attributes:
        value: what is stored.
        code: number format.
        shown: what shows, where that is not the value itself; what forms without formats write.
        error: the value is an error such as ``#REF!``.
        formula: formula, whose stored result *value* is (``None``: never computed).
        runs: parts of a rich text as (text, ``""``, ``superscript`` or ``strike``).
        strike: the whole cell is struck out.
        comment: what a comment on it says.
        white: it is written in white.
    """

    value: Value
    code: str = "General"
    shown: str | None = None
    error: bool = False
    formula: str | None = None
    runs: tuple[tuple[str, str], ...] = ()
    strike: bool = False
    comment: str = ""
    white: bool = False


@dataclass(slots=True, eq=False)
class Record:
    """What a row states.

    Attributes:
        key: the entity key in its normal form.
        facts: field → value, of every column that the list carries.
        forbidden: it cannot be known what the row states: it must not be taken.
        asked: it may be taken only if the clerk is asked about the row, the sheet or the file.
        twice: another row says it too: it is left alone from then on.
    """

    key: str
    facts: dict[str, Fact]
    forbidden: bool = False
    asked: bool = False
    twice: bool = False


@dataclass(slots=True, eq=False)
class Line:
    """A row of a sheet: column (from 1) → cell; *record* where it is data."""

    cells: dict[int, Cell] = field(default_factory=dict)
    record: Record | None = None
    hidden: bool = False


@dataclass(slots=True)
class Column:
    """A column of a list: the heading's path, the field it fills, how values are made of one random row."""

    path: tuple[str, ...]
    field: str | None
    kind: str = "text"
    unit: str = ""


@dataclass(slots=True)
class Scene:
    """A list of a bureau."""

    mapping: str
    sheet: str
    columns: tuple[Column, ...]
    row: Callable[[Random, int], tuple[str, dict[str, Value]]]
    month: bool = False


@dataclass(slots=True)
class Sheet:
    """A sheet under way: titles, header and body, each a list of lines; ranges are merged by line and column.

    Attributes:
        heads: column → the heading's texts, top to bottom, as this sheet writes them.
        hidden: ``""``, ``hidden`` or ``veryHidden``.
    """

    name: str
    columns: list[Column]
    titles: list[Line]
    heads: dict[int, tuple[str, ...]]
    body: list[Line]
    merges: list[tuple[Line, int, Line, int]] = field(default_factory=list)
    hidden: str = ""
    hidden_columns: set[int] = field(default_factory=set)
    header: list[Line] = field(default_factory=list)

    def column(self, name: str) -> int:
        """Return the column of a field, or of a heading."""
        for number, column in enumerate(self.columns, 1):
            if name in (column.field, column.path[-1]):
                return number
        raise KeyError(name)

    def of_kind(self, *kinds: str) -> list[int]:
        """Return the columns of these kinds."""
        return [number for number, column in enumerate(self.columns, 1) if column.kind in kinds and column.field]

    def records(self) -> list[Line]:
        """Return the lines of data."""
        return [line for line in self.body if line.record is not None]

    def lines(self) -> list[Line]:
        """Return all lines from top to bottom, the header made of its headings."""
        if not self.header:
            depth = max(map(len, self.heads.values()))
            self.header = [Line() for _ in range(depth)]
            for number, path in self.heads.items():
                for level, text in enumerate(path):
                    before = self.heads.get(number - 1, ())[: level + 1]
                    if level + 1 < len(path) and before == path[: level + 1]:
                        continue
                    self.header[level].cells[number] = Cell(text)
                if len(path) < depth:
                    self.merges.append((self.header[len(path) - 1], number, self.header[-1], number))
            for level in range(depth - 1):
                self._merge_parents(level)
        return [*self.titles, *self.header, *self.body]

    def _merge_parents(self, level: int) -> None:
        first = None
        for number in range(1, max(self.heads) + 2):
            path = self.heads.get(number, ())
            parent = path[: level + 1] if len(path) > level + 1 else None
            if first is not None and parent != first[1]:
                if number - 1 > first[0]:
                    self.merges.append((self.header[level], first[0], self.header[level], number - 1))
                first = None
            if parent is not None and first is None:
                first = (number, parent)


@dataclass(slots=True)
class Book:
    """A workbook under way.

    Attributes:
        needs: what the form must be able to write: merge, hidden, format, error, formula, rich, sheets, strike.
        told: what bends were made, for the report of a fault.
        stem: the file's name without its ending.
    """

    scene: Scene
    sheets: list[Sheet]
    stem: str
    from_1904: bool = False
    recalculates: bool = False
    needs: set[str] = field(default_factory=set)
    told: list[str] = field(default_factory=list)
    sound: bool = True

    @property
    def main(self) -> Sheet:
        """The sheet that the scene is about."""
        return self.sheets[0]

    def records(self) -> list[tuple[Sheet, Line]]:
        """Return every line of data with its sheet."""
        return [(sheet, line) for sheet in self.sheets for line in sheet.records()]


USCCS = ("91120114MA9000502E", "91120114MA9000503H", "91120114MA9000201A", "91120114MA9000501B")
MONTH, MONTH_WORDS = "2026-10", "2026年10月"
FACTORS = {"元": 1, "千元": 10**3, "万元": 10**4, "十万元": 10**5, "百万元": 10**6, "千万元": 10**7, "亿元": 10**8}


def yuan(number: float | str, unit: str) -> Decimal:
    """Return an amount in *unit* as yuan."""
    return (Decimal(str(number)) * FACTORS[unit]).quantize(Decimal("0.01"))


def fact(column: Column, value: Value) -> Fact:
    """Return what a sound cell of a column states."""
    if value is None:
        return None
    if column.kind == "money":
        return yuan(value, column.unit)  # type: ignore[arg-type]  # a sound amount is a number
    if column.kind == "quantity":
        return Decimal(str(value)).quantize(Decimal("0.0001"))
    return value  # type: ignore[return-value]  # texts, counts and dates mean themselves


def _order(random: Random, number: int) -> tuple[str, dict[str, Value]]:
    price = random.randrange(1000, 9000)
    subsidy = round(price * 0.15, 2)
    key = f"CL-{number:04d}" if random.random() < 0.7 else f"{random.randrange(10**7):08d}"
    return key, {
        "order_no": key, "kind": random.choice(["空调", "冰箱", "洗衣机"]), "energy_label": random.choice(["1级", "2级"]),
        "serial_no": f"SN{number:05d}", "invoice_no": f"FP{number:06d}", "occurred_on": date(2026, 10, random.randrange(1, 29)),
        "sale_amount": price, "subsidy": subsidy, "actually_paid": round(price - subsidy, 2), "merchant_uscc": random.choice(USCCS),
        "buyer_token": "k1:" + "".join(random.choice("abcdefghwxyz") for _ in range(24)), "old_item": random.choice(["以旧换新", None, "无旧机交回"]),
    }  # fmt: skip


def _project(random: Random, number: int) -> tuple[str, dict[str, Value]]:
    key = f"HX{number:03d}"
    total = random.randrange(200, 4000)
    own, bank = total // 2, total - total // 2
    return key, {
        "internal_no": key, "name": f"老旧小区电梯更新{number}", "domain": "建筑", "construction_nature": "改建和技术改造",
        "owner_name": f"物业服务样例{number}公司", "owner_uscc": random.choice(USCCS), "town": "杨村街道", "total_investment": total,
        "equipment_investment": total * 3 // 4, "planned_by_year.2025": 0, "planned_by_year.2026": total, "planned_by_year.2027": 0,
        "funding.超长期特别国债": 0, "funding.中央预算内投资": 0, "funding.市级": 0, "funding.区级": 0, "funding.银行贷款": bank,
        "funding.企业自筹": own, "funds_arrived": total // 2 + 0.5, "funds_paid": total // 3, "units_planned": random.randrange(20, 90),
        "units_done": random.randrange(20), "starts_on_planned": date(2026, 5, 10), "starts_on_actual": date(2026, 5, 15),
        "ends_on_planned": date(2026, 12, random.randrange(1, 29)), "build_state": "在建", "fund_state": "已支付", "admin_state": "正常",
        "occurred_on": date(2026, 10, 31),
    }  # fmt: skip


def _progress(random: Random, number: int) -> tuple[str, dict[str, Value]]:
    key, now = f"HX{number:03d}", random.randrange(10, 90)
    return key, {
        "internal_no": key, "invested_this_month": now, "invested_year_to_date": now + random.randrange(100, 300),
        "invested_since_start": now + random.randrange(400, 900) + 0.25, "units_done": random.randrange(30), "build_state": "在建",
        "text": random.choice(["设备安装", "说明：已完成三分之二", "备注：进场", "累计完成30台"]),
    }  # fmt: skip


def _target(random: Random, number: int) -> tuple[str, dict[str, Value]]:
    name = random.choice(["更新电梯台数", "设备投资累计", "补贴资金合计", "节能改造面积", "本年小计任务", "老旧设备总计"]) + str(number)
    if random.random() < 0.4:
        name = f"{number}号" + random.choice(["设备更新投资累计", "补贴资金合计"])
    return f"{name}@建筑", {
        "indicator": name, "domain": "建筑", "series": random.choice(["统计", "调度", "代理"]), "period": "2026", "value": random.randrange(3, 900),
        "numerator": None, "denominator": None, "unit": random.choice(["台", "万平方米", "吨"]), "version": "2026-1",
    }  # fmt: skip


def _material(random: Random, number: int) -> tuple[str, dict[str, Value]]:
    recovered = random.randrange(100, 900)
    material = ["废钢铁", "废塑料", "废纸", "废轮胎"][number // 4 % 4]
    return f"{USCCS[number % 4]}@{material}", {
        "operator_uscc": USCCS[number % 4], "material": material, "unit": "吨", "recovered": recovered,
        "used": recovered // 2 + 0.5, "route": random.choice(["精深加工", "再制造"]), "outlets": random.randrange(1, 40), "reverse_invoiced": random.randrange(10, 90),
    }  # fmt: skip


def _task(random: Random, number: int) -> tuple[str, dict[str, Value]]:
    key = f"WQ-{number:02d}"
    texts = ["已印发方案", "说明：正在征求意见", "备注：无进展", "完成合计", "完成3项、在办2项", "单位：区住建委牵头推进", "组织对接会，参加企业20家"]
    return key, {"task_no": key, "text": random.choice(texts)}


def _scrap(random: Random, number: int) -> tuple[str, dict[str, Value]]:
    serial = f"{random.randrange(10**6):08d}"[:6] + f"{number:02d}"
    return f"家电:{serial}", {
        "category": "家电", "identifier_kind": "出厂编号", "identifier": serial, "certificate_kind": "回收证明", "certificate_no": f"TJHS{number:06d}",
        "recycler_uscc": random.choice(USCCS), "emission_standard": None, "fuel": None, "commissioned_on": date(2012, 3, 5), "step": "交售回收",
        "on": date(2026, 10, random.randrange(1, 29)), "town": "杨村街道",
    }  # fmt: skip


def _columns(text: str) -> tuple[Column, ...]:
    """Read columns from lines of ``父/子 field kind unit``."""
    found = []
    for line in text.strip().splitlines():
        heading, name, *rest = line.split()
        kind, unit = ([*rest, "", ""])[:2]
        found.append(Column(tuple(heading.split("/")), None if name == "-" else name, kind or "text", unit))
    return tuple(found)


SCENES = (
    Scene("commerce.toml", "家电以旧换新明细", _columns("""
        序号 -
        订单号 order_no key
        商品信息/品类 kind
        商品信息/能效等级 energy_label code
        商品信息/序列号 serial_no id
        发票号 invoice_no id
        完成日期 occurred_on date
        销售金额 sale_amount money 元
        补贴金额 subsidy money 元
        实付金额 actually_paid money 元
        商家统一社会信用代码 merchant_uscc uscc
        购买人令牌 buyer_token token
        交旧情况 old_item
        备注 -"""), _order),
    Scene("housing.toml", "设备更新项目清单", _columns("""
        序号 -
        项目代码 project_code
        内部编号 internal_no key
        项目名称 name
        领域 domain code
        建设性质 construction_nature code
        项目单位/名称 owner_name
        项目单位/统一社会信用代码 owner_uscc uscc
        所在镇街园区 town
        总投资 total_investment money 万元
        设备投资 equipment_investment money 万元
        分年计划投资/2025年 planned_by_year.2025 money 万元
        分年计划投资/2026年 planned_by_year.2026 money 万元
        分年计划投资/2027年 planned_by_year.2027 money 万元
        资金来源/超长期特别国债 funding.超长期特别国债 money 万元
        资金来源/中央预算内投资 funding.中央预算内投资 money 万元
        资金来源/市级 funding.市级 money 万元
        资金来源/区级 funding.区级 money 万元
        资金来源/银行贷款 funding.银行贷款 money 万元
        资金来源/企业自筹 funding.企业自筹 money 万元
        到位资金 funds_arrived money 万元
        支付资金 funds_paid money 万元
        更新台套/计划 units_planned count
        更新台套/完成 units_done count
        开工时间/计划 starts_on_planned date
        开工时间/实际 starts_on_actual date
        竣工时间/计划 ends_on_planned date
        竣工时间/实际 ends_on_actual date
        建设状态 build_state code
        资金状态 fund_state code
        管理状态 admin_state code
        存在问题 problems
        撤销/是否撤销 -
        撤销/原因 -
        更新日期 occurred_on date"""), _project),
    Scene("housing.toml", "项目进度", _columns("""
        序号 -
        项目代码 -
        内部编号 - key
        项目名称 -
        完成投资/本月 invested_this_month money 万元
        完成投资/自年初累计 invested_year_to_date money 万元
        完成投资/自开工累计 invested_since_start money 万元
        完成台套 units_done count
        建设状态 build_state code
        进展情况 text
        核减原因 -"""), _progress, month=True),
    Scene("housing.toml", "目标任务", _columns("""
        序号 -
        指标 indicator
        领域 domain code
        口径 series code
        期间 period period
        分子 numerator quantity
        分母 denominator quantity
        数值 value quantity
        计量单位 unit unit
        版本 version"""), _target),
    Scene("commerce.toml", "回收利用台账", _columns("""
        序号 -
        经营主体信用代码 operator_uscc uscc
        品类 material code
        计量单位 unit unit
        回收量 recovered quantity
        利用处置量 used quantity
        利用途径 route code
        网点数 outlets count
        反向开票额 reverse_invoiced money 万元"""), _material, month=True),
    Scene("housing.toml", "任务进展", _columns("""
        序号 -
        任务编号 task_no key
        工作进展 text"""), _task, month=True),
    Scene("commerce.toml", "报废淘汰台账", _columns("""
        序号 -
        类别 category code
        识别号/类型 identifier_kind code
        识别号/号码 identifier id
        凭证/种类 certificate_kind
        凭证/编号 certificate_no id
        回收企业信用代码 recycler_uscc uscc
        排放标准 emission_standard code
        燃料 fuel code
        启用日期 commissioned_on date
        环节 step code
        办理日期 on date
        镇街园区 town"""), _scrap),
)  # fmt: skip


def sound(random: Random, scene: Scene) -> Book:
    """Return a sound workbook of a list with some rows, titles, and units in the headings."""
    heads = {
        number: (*column.path[:-1], column.path[-1] + (f"（{column.unit}）" if column.unit else ""))
        for number, column in enumerate(scene.columns, 1)
    }
    title = f"武清区{scene.sheet}（{MONTH_WORDS}）"
    titles = [Line({1: Cell(title)}), Line({1: Cell("填报单位：区样例局")})]
    body = [_line(random, scene, number) for number in range(1, random.randrange(4, 9))]
    sheet = Sheet(scene.sheet, list(scene.columns), titles, heads, body)
    return Book(scene, [sheet], f"{scene.sheet}{MONTH_WORDS}")


def _line(random: Random, scene: Scene, number: int) -> Line:
    key, values = scene.row(random, number)
    line = Line({1: Cell(number)})
    facts: dict[str, Fact] = {}
    for place, column in enumerate(scene.columns, 1):
        name = column.field or ("internal_no" if column.kind == "key" else None)
        value = values.get(name) if name is not None else None
        if value is not None:
            line.cells[place] = Cell(value, "yyyy-mm-dd" if isinstance(value, date) else "General")
        if column.field is not None:
            facts[column.field] = fact(column, value)
    if scene.month:
        facts["month"] = MONTH
    line.record = Record(key, facts)
    return line


def another(random: Random, book: Book, number: int) -> Line:
    """Return one more sound line for a workbook."""
    return _line(random, book.scene, number)
