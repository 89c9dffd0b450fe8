"""Projects of the sample months: ten bureaus, round numbers, investment that is the same every month.

A line of ``PROJECTS`` is everything there is to know of a project; all money is in 万元:

    total, equipment   总投资, 设备投资
    old                invested each month of 2025 (January and February are reported together in February)
    first, monthly, last   invested each month of 2026 from month *first* to month *last* (0 = not at all)
    plan               分年计划投资 of 2026; 2025 is 12 × old, 2027 the rest
    units              计划台套 / 完成 at the end of September / of October

Paid by a date = invested since the start; arrived = paid + 100, up to the total, where anything was invested. Projects whose number ends in 0
were finished in 2025: they carry last year's base. T4 has spent more than its total, which the connector asks about.
"""

from dataclasses import dataclass
from datetime import date

from sheets import Column, Row

_TABLE = """
P1|industry|工业|高端铸造生产线智能化改造|6000|4500|100|1|200|12|2400|40/22/25|在建/在建|武清经济技术开发区
P2|industry|工业|新能源电池壳体冲压设备更新|5000|4000|0|1|150|12|1800|60/30/34|在建/在建|京滨工业园
P3|industry|工业|汽车零部件数字化车间改造|8000|6000|200|1|250|12|3000|80/45/50|在建/在建|武清经济技术开发区
P4|industry|工业|生物医药绿色化升级改造|12000|9000|300|1|400|12|4800|90/60/65|在建/在建|京津科技谷
P5|industry|工业|空压站节能设备更新|960|760|50|1|60|6|360|12/12/12|投产/投产|大王古庄镇
P6|industry|工业|自行车车架机器人焊接线|4000|3000|0|4|100|12|1200|24/10/12|在建/在建|王庆坨镇
P7|industry|工业|涂装线环保绩效创A改造|3000|2000|0|0|0|0|500|10/0/0|储备/未开工|崔黄口镇
P8|industry|工业|电子元器件扩产设备购置|10000|8000|0|0|0|0|1000|150/0/0|谋划/谋划|武清经济技术开发区
P0|industry|工业|电镀园区治污设备更新|2880|2200|240|0|0|0|0|16/16/16|投产/投产|崔黄口镇
P9|industry|工业|检测试验设备更新|1500|1200|0|0|0|0|100|30/0/0|/未开工|武清商务区
N0|agriculture|农业|联合收割机更新|240|240|20|0|0|0|0|12/12/12|投产/投产|大良镇
N1|agriculture|农业|老旧拖拉机更新|800|700|20|1|30|12|360|60/40/45|在建/在建|河西务镇
N2|agriculture|农业|设施农业环控装备更新|1200|1000|0|3|50|12|500|30/14/16|在建/在建|大孟庄镇
N3|agriculture|农业|粮食烘干机组更新|400|400|0|0|0|0|100|20/0/0|未开工/未开工|崔黄口镇
N4|agriculture|农业|植保无人机更新|400|380|25|1|25|4|100|50/50/50|竣工/竣工|下伍旗镇
H0|housing|建筑|燃气老化管道更新|2040|1500|170|0|0|0|0|35/35/35|投产/投产|杨村街道
H1|housing|建筑|老旧小区住宅电梯更新|1200|1000|0|5|100|12|800|40/20/25|在建/在建|杨村街道
H2|housing|建筑|供热计量与换热站改造|2000|1500|50|1|100|12|1200|200/100/110|在建/在建|东蒲洼街道
H3|housing|建筑|既有建筑节能改造|3000|1000|0|1|120|12|1440|10/5/6|在建/在建|运河西街道
H4|housing|建筑|小区安防监控更新|500|450|0|0|0|0|200|100/0/0|储备/未开工|下朱庄街道
H5|housing|建筑|大型施工设备更新|700|600|30|1|34|10|340|12/10/12|在建/竣工|徐官屯街道
U0|urban-management|城市管理|垃圾分类收运车更新|480|480|40|0|0|0|0|16/16/16|投产/投产|徐官屯街道
U1|urban-management|城市管理|新能源环卫车辆更新|900|900|30|1|40|12|480|30/18/20|在建/在建|黄庄街道
U2|urban-management|城市管理|生活垃圾转运站设备更新|1500|1100|0|4|60|12|540|15/6/7|在建/在建|梅厂镇
T0|transport|交通|公交动力电池更换|2160|2160|180|0|0|0|0|60/60/60|投产/投产|杨村街道
T1|transport|交通|城市公交车电动化替代|5000|4800|100|1|250|12|3000|50/25/28|在建/在建|杨村街道
T2|transport|交通|国三柴油货车更新|1600|1600|0|2|80|12|900|80/40/46|在建/在建|南蔡村镇
T3|transport|交通|北运河旅游船舶动力更新|300|300|0|0|0|0|100|2/0/0|谋划/谋划|杨村街道
T4|transport|交通|公交场站充电设施更新|1000|800|40|1|60|12|520|40/27/30|在建/在建|下朱庄街道
W0|water|水务|加压泵站设备更新|780|600|65|0|0|0|0|24/24/24|投产/投产|豆张庄镇
W1|water|水务|自来水厂工艺设备升级|2600|2000|60|1|110|12|1320|20/12/12|在建/在建|黄庄街道
W2|water|水务|污水处理厂曝气设备更新|1800|1300|0|6|90|12|630|16/8/8|在建/在建|汊沽港镇
W3|water|水务|供水管网物联感知设备|600|500|0|0|0|0|300|300/0/0|未开工/未开工|城关镇
Y0|health|医疗|手术室设备更新|1560|1400|130|0|0|0|0|30/30/30|投产/投产|运河西街道
Y1|health|医疗|医学影像设备更新|1500|1400|0|1|100|12|1200|4/2/2|在建/在建|运河西街道
Y2|health|医疗|病房改造提升|2000|600|50|1|80|12|960|100/60/70|在建/在建|运河西街道
Y3|health|医疗|医院信息化设备更新|800|800|20|1|40|12|480|200/120/150|在建/在建|杨村街道
Y4|health|医疗|放射治疗设备购置|1200|1150|0|0|0|0|400|1/0/0|储备/储备|杨村街道
Y5|health|医疗|基层数字化摄影设备更新|240|240|0|3|40|8|240|6/6/6|竣工/竣工|大良镇
E0|education|教育|理化生实验室改造|840|800|70|0|0|0|0|42/42/42|投产/投产|下朱庄街道
E1|education|教育|中学实验仪器更新|600|600|15|1|30|12|360|500/300/340|在建/在建|杨村街道
E2|education|教育|职业院校实训设备更新|1400|1300|0|2|70|12|800|60/30/36|在建/在建|武清商务区
E3|education|教育|智慧校园设备更新|500|450|10|1|20|12|240|100/70/80|在建/在建|东蒲洼街道
E4|education|教育|职业院校实训设备更新（重复立项）|300|300|0|0|0|0|100|10/0/0|谋划/|武清商务区
C0|culture-tourism|文旅|图书馆数字化设备更新|360|300|30|0|0|0|0|15/15/15|投产/投产|运河西街道
C1|culture-tourism|文旅|演艺设备更新提升|900|700|20|1|45|12|540|40/20/24|在建/在建|运河西街道
C2|culture-tourism|文旅|游乐设施安全更新|700|650|0|7|50|12|300|12/4/6|在建/在建|南蔡村镇
C3|culture-tourism|文旅|景区数字化设备更新|350|300|0|0|0|0|100|20/0/0|谋划/谋划|陈咀镇
R1|development-reform|回收循环|退役动力电池梯次利用|3000|2200|0|1|150|12|1800|30/12/14|在建/在建|京滨工业园
R2|development-reform|回收循环|报废汽车精细化拆解|1200|800|40|1|60|12|720|20/11/12|在建/在建|大碱厂镇
R3|development-reform|回收循环|废塑料再生造粒|2000|1500|0|0|0|0|500|18/0/0|储备/储备|石各庄镇
R4|development-reform|回收循环|汽车零部件再制造|900|700|0|0|0|0|100|16/0/0|/储备|崔黄口镇
"""


@dataclass(frozen=True, slots=True)
class Project:
    """A line of the table; see the module's text."""

    id: str
    bureau: str
    domain: str
    name: str
    total: int
    equipment: int
    old: int
    first: int
    monthly: int
    last: int
    plan: int
    units: tuple[int, int, int]
    states: tuple[str, str]
    town: str

    def invested(self, year: int, month: int) -> int:
        """Return what was invested in one month."""
        if year == 2025:
            return self.old
        return self.monthly if self.first and self.first <= month <= self.last else 0

    def year_to_date(self, year: int, month: int) -> int:
        """Return what was invested from January to *month*."""
        return sum(self.invested(year, m) for m in range(1, month + 1))

    def since_start(self, year: int, month: int) -> int:
        """Return what was invested since 2025, when the first projects began."""
        before = 12 * self.old if year > 2025 else 0
        return before + self.year_to_date(year, month)


def _parse(line: str) -> Project:
    id_, bureau, domain, name, *numbers, units, states, town = line.split("|")
    total, equipment, old, first, monthly, last, plan = (int(n) for n in numbers)
    planned, september, october = (int(n) for n in units.split("/"))
    at_september, _, at_october = states.partition("/")
    return Project(
        id_, bureau, domain, name, total, equipment, old, first, monthly, last, plan,
        (planned, september, october), (at_september, at_october), town,
    )  # fmt: skip


PROJECTS = tuple(_parse(line) for line in _TABLE.strip().splitlines())

SHARED = "H1"
"""Reported by the housing bureau and, with other amounts, by the urban-management bureau under the same 项目代码."""
SHARED_TOTAL, SHARED_EQUIPMENT, SHARED_MONTHLY = 1260, 1050, 105
NO_CODE_YET = "N2"
"""Has no 项目代码 in September and gets one in October."""
CORRECTED, CORRECTED_BY = "P3", 50
"""September's investment is corrected downwards by this much after the close."""
WITHDRAWN = "E4"
LEFT = "C3"
SILENT_IN_OCTOBER = "water"

_FUNDING = (
    ("超长期特别国债", 600, ("P1", "P4", "H1", "T1", "Y1")), ("中央预算内投资", 400, ("P3", "W1", "W2", "Y2")),
    ("市级", 100, ("N1", "E1", "E2", "T4")), ("区级", 50, ("E3", "C1", "U1", "H4")),
    ("银行贷款", 1000, ("P2", "P3", "P4", "P8", "R1")),
)  # fmt: skip
_NATURES = {"P2": "扩建", "P8": "扩建", "P9": "单纯购置", "N1": "单纯购置", "T1": "单纯购置", "Y1": "单纯购置",
            "Y5": "单纯购置", "R1": "新建", "R3": "新建", "R4": "新建"}  # fmt: skip
_OWNERS = {
    "industry": "制造", "agriculture": "农机合作社", "housing": "物业服务", "urban-management": "环卫服务", "transport": "公交运营",
    "water": "水务运营", "health": "区属医院", "education": "区属院校", "culture-tourism": "文旅运营", "development-reform": "再生资源",
}  # fmt: skip

_USCC_DIGITS = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_USCC_WEIGHTS = (1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28)


def uscc(number: int) -> str:
    """Return an invented 统一社会信用代码 with a right check character (GB 32100-2015)."""
    body = f"91120114MA9{number:06d}"
    total = sum(_USCC_DIGITS.index(c) * w for c, w in zip(body, _USCC_WEIGHTS, strict=True))
    return body + _USCC_DIGITS[(31 - total % 31) % 31]


def code_of(project: Project) -> str:
    """Return the invented 项目代码 (GB/T 40058-2021) of a project."""
    number = PROJECTS.index(project) + 1
    start = "2501" if project.old else f"26{max(project.first, 1):02d}"
    return f"{start}-120114-{10 + number:02d}-02-{100000 + number * 137:06d}"


def owner_of(project: Project) -> tuple[str, str]:
    """Return the invented owner: name and code."""
    number = PROJECTS.index(project) + 1
    return f"{_OWNERS[project.bureau]}样例{number:02d}公司", uscc(number)


def columns(total_unit: str, unit: str) -> tuple[Column, ...]:
    """Give the columns of the project list; an empty unit means that the title line names it."""
    big, small = (f"（{total_unit}）" if total_unit else ""), (f"（{unit}）" if unit else "")
    heads = [
        ("序号", "no", 0), ("项目代码", "project_code", 0), ("内部编号", "internal_no", 0), ("项目名称", "name", 0),
        ("领域", "domain", 0), ("建设性质", "construction_nature", 0), ("项目单位/名称", "owner_name", 0),
        ("项目单位/统一社会信用代码", "owner_uscc", 0), ("所在镇街园区", "town", 0), (f"总投资{big}", "total_investment", 1),
        (f"设备投资{small}", "equipment_investment", 1),
        *((f"分年计划投资{small}/{year}年", f"plan{year}", 1) for year in (2025, 2026, 2027)),
        *((f"资金来源{small}/{source}", source, 1) for source in (*(name for name, _, _ in _FUNDING), "企业自筹")),
        (f"到位资金{small}", "funds_arrived", 1), (f"支付资金{small}", "funds_paid", 1),
        ("更新台套/计划", "units_planned", 1), ("更新台套/完成", "units_done", 1),
        ("开工时间/计划", "starts_on_planned", 0), ("开工时间/实际", "starts_on_actual", 0),
        ("竣工时间/计划", "ends_on_planned", 0), ("竣工时间/实际", "ends_on_actual", 0), ("建设状态", "build_state", 0),
        ("资金状态", "fund_state", 0), ("管理状态", "admin_state", 0), ("存在问题", "problems", 0), ("撤销/是否撤销", "withdrawn", 0),
        ("撤销/原因", "reason", 0),
        ("更新日期", "updated_on", 0),
    ]  # fmt: skip
    return tuple(Column(head, key, bool(total)) for head, key, total in heads)


def progress_columns(unit: str, *, history: bool) -> tuple[Column, ...]:
    """Give the columns of the progress sheet; the history has a month column and no units."""
    small = f"（{unit}）" if unit else ""
    heads = [
        ("序号", "no", 0), *([("月份", "month", 0)] if history else []), ("项目代码", "project_code", 0),
        ("内部编号", "internal_no", 0), ("项目名称", "name", 0), (f"完成投资{small}/本月", "invested_this_month", 1),
        (f"完成投资{small}/自年初累计", "invested_year_to_date", 1), (f"完成投资{small}/自开工累计", "invested_since_start", 1),
        *([] if history else [("完成台套", "units_done", 1), ("建设状态", "build_state", 0)]),
        ("进展情况", "text", 0), *([] if history else [("核减原因", "reason", 0)]),
    ]  # fmt: skip
    return tuple(Column(head, key, bool(total)) for head, key, total in heads)


def statement(project: Project, month: int, *, by: str = "") -> Row:
    """Return what a project's bureau says of it at the end of September (9) or October (10) 2026, in 万元.

    ``updated_on`` is the end of October only where something changed since September.
    """
    bureau = by or project.bureau
    shared = bureau != project.bureau
    now, before = _bare_statement(project, month, shared=shared), _bare_statement(project, 9, shared=shared)
    changed = month == 10 and (now != before or not project.states[0])
    if month == 9 and project.id == NO_CODE_YET:
        now["project_code"] = ""
    changed = changed or (month == 10 and project.id in (NO_CODE_YET, LEFT))
    if month == 10 and project.id == LEFT:
        now["admin_state"] = "退出"
    return {**now, "updated_on": date(2026, 10, 31) if changed else date(2026, 9, 30)}


def _bare_statement(project: Project, month: int, *, shared: bool) -> Row:
    owner, owner_code = owner_of(project)
    since = since_start(project, month)
    completed = None
    if not project.first and project.old:
        completed = date(2025, 12, 20)
    elif project.first and project.last < 12 and month >= project.last:
        completed = date(2026, project.last, 25)
    state = project.states[0 if month == 9 else 1]
    total = SHARED_TOTAL if shared else project.total
    before = 12 * project.old
    row: Row = {
        "project_code": code_of(project), "internal_no": f"{'U' if shared else ''}{project.id}", "name": project.name,
        "domain": project.domain, "construction_nature": _NATURES.get(project.id, "改建和技术改造"), "owner_name": owner,
        "owner_uscc": owner_code, "town": project.town, "total_investment": total,
        "equipment_investment": SHARED_EQUIPMENT if shared else project.equipment,
        "plan2025": before, "plan2026": project.plan, "plan2027": total - before - project.plan,
        "funds_paid": since, "funds_arrived": max(since, min(since + 100, total)) if since else 0,
        "units_planned": project.units[0], "units_done": project.units[1 if month == 9 else 2],
        "starts_on_planned": date(2025, 1, 6) if project.old else date(2026, project.first or 11, 10),
        "starts_on_actual": None if not since else date(2025, 1, 8) if project.old else date(2026, project.first, 15),
        "ends_on_planned": date(2026, 12, 20) if project.first or project.old else date(2027, 11, 30),
        "ends_on_actual": completed, "build_state": state,
        "fund_state": "已支付" if since else "已申报", "admin_state": "正常", "problems": "", "withdrawn": "", "reason": "",
    }  # fmt: skip
    own = total
    for source, amount, ids in _FUNDING:
        row[source] = amount if project.id in ids else 0
        own -= row[source]
    row["企业自筹"] = own
    return row


def since_start(project: Project, month: int) -> int:
    """Return the investment since the start as the project list states it: October knows the correction of September."""
    fewer = CORRECTED_BY if project.id == CORRECTED and month == 10 else 0
    return project.since_start(2026, month) - fewer


def progress(project: Project, year: int, month: int, *, corrected: bool = False, monthly: int = 0) -> Row:
    """Return a month's progress in 万元; February stands for January and February; *monthly* replaces the table's."""
    months = (1, 2) if month == 2 else (month,)
    factor = (lambda amount: amount * monthly // project.monthly) if monthly else (lambda amount: amount)
    fewer = CORRECTED_BY if corrected else 0
    this_month_fewer = fewer if month == 9 else 0
    return {
        "project_code": "" if project.id == NO_CODE_YET and (year, month) < (2026, 10) else code_of(project),
        "internal_no": f"{'U' if monthly else ''}{project.id}", "name": project.name, "month": f"{year}-{month:02d}",
        "invested_this_month": factor(sum(project.invested(year, m) for m in months)) - this_month_fewer,
        "invested_year_to_date": factor(project.year_to_date(year, month)) - fewer,
        "invested_since_start": factor(project.since_start(year, month)) - fewer,
        "text": "1—2月合并报送" if month == 2 else "按计划推进", "reason": "",
    }  # fmt: skip


def progress_months(project: Project, *, until: tuple[int, int] = (2026, 8)) -> list[tuple[int, int]]:
    """Return the months before September 2026 in which a project reported progress."""
    months = [(year, m) for year in (2025, 2026) for m in range(2, 13) if (year, m) <= until]
    return [(year, m) for year, m in months if project.invested(year, m) or (m == 2 and project.invested(year, 1))]
