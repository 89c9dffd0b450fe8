"""Projects of the sample year: money follows a course with a slow start, a full middle and the seasons of building.

All money is in whole 万元. Bureaus tell January for itself, as scheduling does; it is the official series that has it with February. A project that is on the list stays there, finished ones with their base.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import content_equipment as equipment
from content_projects import uscc
from sheets import Content, Fact, Row, Sheet
from year_base import BEFORE, FIRST, LAST, day, end, index, month_at, stream

_SEASON = (0.5, 0.45, 0.95, 1.05, 1.1, 1.1, 0.9, 0.9, 1.1, 1.1, 1.15, 1.05)
#: Bureau → domain, how many projects, middle total in 万元, owner, part of the year's plan that is reached, names.
_BUREAUS: Mapping[str, tuple[str, int, int, str, float, str]] = {
    "industry": ("工业", 50, 4200, "制造", 0.97, "高端铸造生产线智能化改造、新能源电池壳体冲压设备更新、汽车零部件数字化车间改造、生物医药绿色化升级改造、空压站节能设备更新、自行车车架焊接线自动化改造、涂装线环保绩效提级改造、电子元器件生产设备更新、电镀园区治污设备更新、注塑成型设备节能更新、数控加工中心更新、热处理炉窑节能改造、包装生产线智能化改造、检测试验设备更新、锂电池涂布设备更新、食品加工生产线更新、医疗器械洁净车间改造、智能仓储分拣设备更新、高效电机替换、循环水泵组节能更新"),
    "agriculture": ("农业", 17, 620, "农机合作社", 0.94, "老旧拖拉机更新、联合收割机更新、设施农业环控装备更新、粮食烘干机组更新、植保无人机更新、畜禽粪污处理设备更新、果蔬冷链设备更新"),
    "housing": ("建筑", 19, 1700, "物业服务", 0.9, "老旧小区住宅电梯更新、供热计量与换热站改造、既有建筑节能改造、燃气老化管道更新、小区安防监控更新、大型施工设备更新、二次供水设备更新"),
    "urban-management": ("城市管理", 13, 950, "环卫服务", 1.02, "新能源环卫车辆更新、生活垃圾转运站设备更新、垃圾分类收运车更新、道路清扫设备更新、路灯节能更新"),
    "transport": ("交通", 15, 2100, "公交运营", 0.98, "城市公交车电动化替代、国三柴油货车更新、公交场站充电设施更新、公交动力电池更换、港站装卸设备更新、客运站智能化设备更新"),
    "water": ("水务", 13, 1500, "水务运营", 0.82, "自来水厂工艺设备升级、加压泵站设备更新、污水处理厂曝气设备更新、供水管网物联感知设备更新、雨水泵站机组更新"),
    "health": ("医疗", 17, 1250, "区属医院", 0.95, "医学影像设备更新、手术室设备更新、病房改造提升、医院信息化设备更新、放射治疗设备更新、基层数字化摄影设备更新、检验设备更新"),
    "education": ("教育", 14, 680, "区属院校", 1.03, "中学实验仪器更新、职业院校实训设备更新、智慧校园设备更新、理化生实验室改造、校园食堂设备更新"),
    "culture-tourism": ("文旅", 11, 560, "文旅运营", 0.91, "演艺设备更新提升、游乐设施安全更新、图书馆数字化设备更新、景区数字化设备更新"),
    "development-reform": ("回收循环", 12, 1800, "再生资源", 0.95, "退役动力电池梯次利用、报废汽车精细化拆解、废塑料再生造粒、汽车零部件再制造、废旧家电拆解线改造"),
}  # fmt: skip
_TOWNS = (
    "武清经济技术开发区", "京滨工业园", "京津科技谷", "杨村街道", "徐官屯街道", "下朱庄街道", "黄庄街道", "东蒲洼街道", "运河西街道", "梅厂镇", "大碱厂镇", "崔黄口镇",
    "大良镇", "下伍旗镇", "南蔡村镇", "大孟庄镇", "河西务镇", "城关镇", "大王古庄镇", "王庆坨镇", "汊沽港镇", "石各庄镇", "陈咀镇", "豆张庄镇",
)  # fmt: skip
_PUBLIC = ("health", "education", "culture-tourism", "water", "urban-management")
_NATURES = ("改建和技术改造", "改建和技术改造", "单纯购置", "扩建")
GONE = {"W": ("education", "2026-05"), "L": ("culture-tourism", "2026-06")}
"""A project that is withdrawn, and one that leaves the list: the last of the bureau that has not begun."""


@dataclass(frozen=True)
class Project:
    """A project; months are running numbers.

    Attributes:
        listed: when it comes on the list.
        start, length: its first month of investment and how many there are.
        final: what it costs in the end.
        reached: part of the year's plan that is reached.
        delay: months by which it ends later than planned.
    """

    id: str
    bureau: str
    domain: str
    name: str
    owner: str
    number: int
    total: int
    equipment: int
    final: int
    listed: int
    start: int
    length: int
    delay: int
    units: int
    reached: float
    paid: float
    sources: tuple[tuple[str, int], ...]
    town: str
    nature: str

    @property
    def last(self) -> int:
        """The month in which it is finished."""
        return self.start + self.length - 1

    @property
    def code(self) -> str:
        """The invented 项目代码 (GB/T 40058-2021)."""
        return f"{month_at(self.start - 3)[2:].replace('-', '')}-120114-{10 + self.number % 80:02d}-02-{100000 + self.number * 137:06d}"

    @cached_property
    def course(self) -> tuple[int, ...]:
        """What is invested by the end of each of its months."""
        weights = [_SEASON[(self.start + n) % 12] * math.sin(math.pi * (n + 0.5) / self.length) ** 0.7 for n in range(self.length)]
        sums = [sum(weights[: n + 1]) for n in range(self.length)]
        return tuple(round(self.final * done / sums[-1]) for done in sums)

    def since_start(self, at: int) -> int:
        """Return what is invested by the end of a month."""
        return 0 if at < self.start else self.course[min(at - self.start, self.length - 1)]

    def in_year(self, year: int, at: int) -> int:
        """Return what is invested in a year up to a month."""
        return self.since_start(min(at, year * 12 + 11)) - self.since_start(year * 12 - 1)

    def state(self, at: int) -> str:
        """Return the state of building at the end of a month."""
        if at < self.start:
            return "谋划" if self.start - at > 6 else "储备" if self.start - at > 3 else "未开工"
        return "在建" if at < self.last else "竣工" if at < self.last + 2 else "投产"

    def units_done(self, at: int) -> int:
        """Return how many units are renewed by the end of a month."""
        return self.units if at >= self.last else self.units * self.since_start(at) * 9 // (10 * self.final)


class Projects:
    """All projects of the year, and what each bureau said of them last."""

    def __init__(self, seed: int) -> None:
        """Draw the projects of a seed."""
        self.all = [project for bureau in _BUREAUS for project in _drawn(seed, bureau) if project.last >= index(BEFORE[0]) - 6]
        self.gone = {}
        for bureau, month in GONE.values():
            self.gone[[p for p in self.all if p.bureau == bureau and p.start > index(LAST)][-1].id] = month
        self._said: dict[str, Row] = {}

    def of(self, bureau: str, month: str) -> list[Project]:
        """Return the projects on a bureau's list at the end of a month; what was withdrawn stands there once more and then no longer."""
        return [p for p in self.all if p.bureau == bureau and p.listed <= index(month) and not (p.id in self.gone and p.bureau == "education" and month > self.gone[p.id])]

    def total(self, bureau: str, month: str) -> int:
        """Return 总投资 on a bureau's list."""
        return sum(project.total for project in self.of(bureau, month))

    def sheets(self, content: Content, bureau: str, month: str) -> list[Sheet]:
        """Return the list and the progress of a month."""
        at = index(month)
        rows = [self._listed(content, project, month) for project in self.of(bureau, month)]
        found = [equipment.list_sheet(bureau, month, rows)]
        told = [_progress(content, project, month, month) for project in self.of(bureau, month) if project.start <= at <= project.last]
        return [*found, equipment.progress_sheet(bureau, month, told)] if told else found

    def history(self, content: Content, bureau: str) -> Sheet:
        """Return the progress of the months before the first report."""
        rows = [
            _progress(content, project, month_at(at), FIRST)
            for project in self.of(bureau, FIRST)
            for at in range(index(BEFORE[0]) - 10, index(FIRST))
            if project.start <= at <= project.last
        ]
        return equipment.progress_sheet(bureau, "", rows)

    def _listed(self, content: Content, project: Project, month: str) -> Row:
        row = _statement(project, index(month))
        gone = self.gone.get(project.id, "9999") <= month
        if gone and project.bureau == "education":
            row |= {"withdrawn": "是", "reason": "与另一项目重复立项", "updated_on": end(month)}
            content.facts.append(Fact(month, project.bureau, "ProjectWithdrawn", project.code, {"reason": row["reason"]}))
            return row
        if gone:
            row |= {"admin_state": "退出", "build_state": "谋划"}
        before = self._said.get(project.id, {})
        row["updated_on"] = before.get("updated_on") if {**before, "updated_on": None} == {**row, "updated_on": None} else end(month)
        self._said[project.id] = dict(row)
        facts = {k: v for k, v in row.items() if k not in ("updated_on", "reason", "withdrawn")}
        facts["list"] = "回收循环" if project.bureau == "development-reform" else "设备更新"
        content.facts.append(Fact(month, project.bureau, "ProjectAdded", project.code, facts))
        return row


def _drawn(seed: int, bureau: str) -> list[Project]:
    domain, count, middle, owner, reached, names = _BUREAUS[bureau]
    chance, pool = stream(seed, "projects", bureau), names.split("、")
    found = []
    for n in range(count):
        total = max(120, round(middle * (0.72 + 0.6 * n / count) * math.exp(chance.gauss(0, 0.2)) / 20) * 20)
        length = chance.randint(7, 11) if total < middle else chance.randint(10, 17)
        # The last two of a bureau wait beyond the year; the others begin from the autumn of 2022 on, a little denser every month.
        start = index(LAST) + chance.randint(2, 9) if n >= count - 2 else index("2022-10") + round(47 * ((n + chance.random()) / (count - 2)) ** 0.88)
        number = list(_BUREAUS).index(bureau) * 60 + n + 1
        phase = n // len(pool)
        found.append(Project(
            f"{bureau[:2].upper()}{n + 1:03d}", bureau, domain, pool[n % len(pool)] + ("", "（二期）", "（三期）")[phase], f"{owner}样例{n + 1:02d}公司", number,
            total, round(total * chance.uniform(0.66, 0.93) / 10) * 10, round(total * chance.uniform(0.96, 1)), max(index(FIRST), start - chance.randint(2, 8)),
            start, length, chance.choice((0, 0, 0, 1, 2)), chance.randint(3, 90), reached * chance.uniform(0.95, 1.05), chance.uniform(0.8, 0.94),
            _sources(bureau, total, chance.random(), chance.random()), _TOWNS[(n * 7 + chance.randint(0, 3)) % len(_TOWNS)], chance.choice(_NATURES),
        ))  # fmt: skip
    return found


def _sources(bureau: str, total: int, one: float, other: float) -> tuple[tuple[str, int], ...]:
    """Return where the money comes from; public bureaus' own part is the district's, the others' is the owner's."""
    public = bureau in _PUBLIC
    parts = {"超长期特别国债": round(total * (0.45 if public else 0.13)) if one < 0.45 else 0, "中央预算内投资": round(total * 0.2) if 0.45 <= one < 0.55 else 0,
             "市级": round(total * 0.06) if 0.5 <= one < 0.8 else 0, "区级": 0, "银行贷款": round(total * (0.15 + 0.2 * other)) if not public and other > 0.4 else 0}  # fmt: skip
    own = total - sum(parts.values())
    if public:
        parts["区级"] = own * 7 // 10
        own -= parts["区级"]
    return (*parts.items(), ("企业自筹", own))


def _plans(project: Project) -> tuple[int, int, int]:
    """Return what was planned for 2025, 2026 and later."""
    before = project.since_start(2024 * 12 + 11)
    first = min(round(project.in_year(2025, 2025 * 12 + 11) / project.reached), project.total - before)
    second = min(round(project.in_year(2026, 2026 * 12 + 11) / project.reached), project.total - before - first)
    return first, second, project.total - before - first - second


def _statement(project: Project, at: int) -> Row:
    since = project.since_start(at)
    paid = int(since * project.paid)
    planned_end = project.last - project.delay
    plans = _plans(project)
    return {
        "project_code": project.code, "internal_no": project.id, "name": project.name, "domain": project.domain, "construction_nature": project.nature,
        "owner_name": project.owner, "owner_uscc": uscc(1000 + project.number), "town": project.town, "total_investment": project.total,
        "equipment_investment": project.equipment, "plan2025": plans[0], "plan2026": plans[1], "plan2027": plans[2],
        **dict(project.sources), "funds_arrived": min(project.total, paid + project.total // 8) if since else 0, "funds_paid": paid,
        "units_planned": project.units, "units_done": project.units_done(at),
        "starts_on_planned": day(month_at(project.start), 8), "starts_on_actual": day(month_at(project.start), 12) if since else None,
        "ends_on_planned": day(month_at(planned_end), 20), "ends_on_actual": day(month_at(project.last), 25) if at >= project.last else None,
        "build_state": project.state(at), "fund_state": _fund_state(project, at), "admin_state": "正常", "problems": "", "withdrawn": "", "reason": "",
    }  # fmt: skip


def _fund_state(project: Project, at: int) -> str:
    if not any(amount for source, amount in project.sources if source in ("超长期特别国债", "中央预算内投资", "市级")):
        return "未申报"
    months = at - project.start
    return "已申报" if months < -1 else "市级推荐" if months < 1 else "国家入围" if months < 3 else "已下达" if months < 5 else "已支付"


def _progress(content: Content, project: Project, month: str, step: str) -> Row:
    at, year = index(month), int(month[:4])
    row: Row = {
        "project_code": project.code, "internal_no": project.id, "name": project.name, "month": month, "invested_this_month": project.since_start(at) - project.since_start(at - 1),
        "invested_year_to_date": project.in_year(year, at), "invested_since_start": project.since_start(at), "text": _words(project, at), "reason": "",
    }  # fmt: skip
    if step == month:
        row |= {"units_done": project.units_done(at), "build_state": project.state(at)}
    facts = {k: v for k, v in row.items() if k not in ("name", "project_code", "internal_no")}
    content.facts.append(Fact(step, project.bureau, "ProjectProgressReported", project.code, facts, sub=month))
    return row


def _words(project: Project, at: int) -> str:
    done = project.since_start(at) * 100 // project.final
    return "设备采购合同已签订" if done < 20 else "主要设备陆续到货" if done < 60 else "设备安装调试" if done < 95 else "设备已投用，办理结算"


