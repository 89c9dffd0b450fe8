"""Random rows of every list the report reads, small and full of corners: empty cells, exits, returns, two units."""

import random
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

from exchange_hub.views.lists import BY_NAME

Row = dict[str, Any]
Lists = dict[str, list[Row]]

MONTHS = tuple(f"{year}-{number:02d}" for year in (2025, 2026) for number in range(1, 13))
DOMAINS = ("工业", "农业", "建筑", "交通", "教育", "水务", "其他")
CHANNELS = ("超长期特别国债", "中央专项", "市级", "区级")
CATEGORIES = ("汽车报废更新", "家电", "家装厨卫")


def row(list_: str, key: str, by: str, /, **values: Any) -> Row:
    """Make a whole row of a list: what is not given is empty."""
    empty = {column.name: None for column in BY_NAME[list_].columns}
    unknown = values.keys() - empty.keys()
    if unknown:
        raise KeyError(f"list {list_} has no {unknown}")
    lead = values.get("lead_bureau") or by
    return {"row_key": key, "component": f"{lead}:{key}", "bureaus": [lead], **empty, **values}


def random_lists(seed: int, size: int = 40) -> Lists:
    """Make rows of all lists; the same seed makes the same rows."""
    dice = random.Random(seed)
    lists: Lists = {name: [] for name in BY_NAME}
    for fill in (_projects, _trade_in, _funds, _materials, _documents, _indicators, _others):
        fill(dice, size, lists)
    return lists


def _money(dice: random.Random, most: int = 10**9) -> int | None:
    return None if dice.random() < 0.15 else dice.randrange(most)


def _day(dice: random.Random) -> date:
    return date(2025, 1, 1) + timedelta(days=dice.randrange(730))


def _projects(dice: random.Random, size: int, lists: Lists) -> None:
    for list_, kind in (("equipment-projects", "设备更新"), ("recycling-projects", "回收循环")):
        for n in range(size if kind == "设备更新" else size // 3):
            key, domain = f"{kind}{n}", dice.choice((*DOMAINS, None))
            lists[list_].append(row(
                list_, key, "industry", name=key, domain=domain, total_investment=_money(dice),
                equipment_investment=_money(dice), funds_arrived=_money(dice), funds_paid=_money(dice),
                planned_by_year=dice.choice((None, {}, {"2026": dice.randrange(10**9)}, {"2025": 5, "2026": 7})),
                units_done=dice.choice((None, 0, 3)), renewal=(None, "更新", "加装", "扩能")[n % 4], build_state=dice.choice(("未开工", "在建", "竣工", "投产", None)),
                admin_state=dice.choice(("正常", "正常", "暂停", "退出", None)),
                starts_on_planned=_day(dice), starts_on_actual=dice.choice((None, _day(dice))),
                ends_on_planned=_day(dice),
            ))  # fmt: skip
            for month in dice.sample(MONTHS, dice.randrange(6)):
                lists["project-progress"].append(row(
                    "project-progress", f"{key}@{month}", "industry", project_key=key, list=kind, domain=domain,
                    month=month, invested_this_month=_money(dice), invested_year_to_date=_money(dice),
                ))  # fmt: skip


def _trade_in(dice: random.Random, size: int, lists: Lists) -> None:
    for n in range(size * 2):
        back = dice.random() < 0.3
        values: Row = {"returned_on": _day(dice), "returned_count": dice.randrange(1, 3), "subsidy_returned": _money(dice)}
        bought: Row = {"count": dice.randrange(1, 5), "sale_amount": _money(dice), "subsidy": _money(dice)}
        lists["trade-in"].append(row(
            "trade-in", f"t{n}", "commerce", step="退货" if back else "完成", category=dice.choice((*CATEGORIES, None)),
            kind=dice.choice((None, "空调", "冰箱")), month=dice.choice(MONTHS[6:]),
            granularity="汇总" if dice.random() < 0.4 else "明细", lead_bureau=dice.choice(("commerce", "transport")),
            **(values if back else bought),
        ))  # fmt: skip


def _funds(dice: random.Random, size: int, lists: Lists) -> None:
    for n in range(size * 3):
        step = dice.choice(("下达", "审核", "支付", "冲回"))
        amount, carried, recovered = _money(dice) or 0, _money(dice), _money(dice)
        summary = dice.random() < 0.3
        down: Row = {
            "level": dice.choice(("国家", "市级", "区级", None)), "to_bureau": dice.choice((None, "industry")), "carried_over": carried,
            "carried_from": dice.choice((2024, 2025, 2026)) if carried else None, "recovered": recovered,
            "recovered_on": _day(dice) if recovered else None, "allocation_no": f"津财〔2026〕{dice.randrange(9)}",
        }  # fmt: skip
        paid: Row = {"first_paid_on": dice.choice((None, _day(dice))), "settled_on": dice.choice((None, _day(dice)))}
        lists["funds"].append(row(
            "funds", f"f{n}", "finance", step=step, channel=dice.choice((*CHANNELS, None)), amount=amount,
            counted=dice.choice((amount, amount, 0)), count=dice.randrange(1, 30) if summary else 1,
            budget_year=dice.choice((2025, 2026, 2026)), category=dice.choice((*CATEGORIES, None)),
            on_date=dice.choice((None, _day(dice), _day(dice))), lead_bureau=dice.choice(("finance", "commerce")),
            granularity="汇总" if summary else "明细", unapproved=True if step == "支付" and dice.random() < 0.2 else None,
            **(down if step == "下达" else paid if step == "审核" else {}),
        ))  # fmt: skip


def _materials(dice: random.Random, size: int, lists: Lists) -> None:
    kinds = (("废钢铁", "吨"), ("废塑料", "吨"), ("报废机动车", "辆"), ("报废机动车", "吨"))
    for n in range(size):
        material, unit = dice.choice(kinds)
        lists["materials"].append(row(
            "materials", f"m{n}", "commerce", month=dice.choice(MONTHS), material=material, unit=unit,
            operator_uscc=dice.choice((None, "U1", "U2", "U3")), recovered=dice.randrange(10**6),
            used=dice.choice((None, dice.randrange(10**6))), outlets=dice.choice((None, 4)),
            reverse_invoiced=_money(dice), granularity=dice.choice(("明细", "明细", "汇总")),
            lead_bureau=dice.choice(("commerce", "development-reform")),
        ))  # fmt: skip


def _documents(dice: random.Random, size: int, lists: Lists) -> None:
    for n in range(size):
        received = dice.choice((None, _day(dice)))
        lists["documents"].append(row(
            "documents", f"d{n}", "development-reform", document_no=f"津发改〔2026〕{n}", title=f"通知{n}",
            received_on=received, due_on=received and received + timedelta(days=14), department="industry",
            extended_until=received and dice.choice((None, received + timedelta(days=60))),
            form=dice.choice((None, "方案", "已有措施覆盖")), measure_on=dice.choice((None, _day(dice))),
            exempt_reason=dice.choice((None, None, "上级已有规定")),
        ))  # fmt: skip
        expected = dice.choice((None, "甲方案", "乙方案", "丙方案"))
        lists["plans"].append(row("plans", f"p{n}", "industry", plan_kind="行业", expected=expected, issued_on=_day(dice)))


def _indicators(dice: random.Random, size: int, lists: Lists) -> None:
    for domain in ("工业", "农业", "建筑", "交通", "教育", "文旅", "医疗"):
        for kind, period in (("基数", "2023"), ("目标", "2026"), ("报送", "2026-10"), ("报送", "2025-10"), ("报送", "2025-12")):
            if dice.random() < 0.9:
                lists["indicators"].append(row(
                    "indicators", f"{domain}{kind}{period}", "statistics", indicator="设备投资额", domain=domain,
                    kind=kind, series="统计", period=period, value=dice.randrange(size * 1000), unit="万元",
                ))  # fmt: skip


def _others(dice: random.Random, size: int, lists: Lists) -> None:
    makers: tuple[tuple[str, Callable[[int], Row]], ...] = (
        ("problems", lambda n: row(
            "problems", f"q{n}", "industry", problem_no=str(n), text="用能指标不足", asks_of=["development-reform"],
            raised_on=_day(dice), resolved_on=dice.choice((None, _day(dice))), due_on=dice.choice((None, _day(dice))),
        )),
        ("energy-stocks", lambda n: row(
            "energy-stocks", f"g{n}", "industry", equipment=dice.choice(("电动机", "泵")), domain=dice.choice(DOMAINS), month="2026-09",
            **{name: dice.randrange(50) for name in ("stock", "advanced", "saving", "entry", "below")},
        )),
        ("enterprises", lambda n: row("enterprises", f"e{n}", "industry", domain=dice.choice((*DOMAINS, None)), uscc=dice.choice(("U1", "U2")), role=dice.choice(("生产企业", "供应商", "供应商", "供应商")))),
        ("funding-policies", lambda n: row(
            "funding-policies", f"y{n}", "finance", level=("市级", "国家", "区级")[n % 3], obtained=None if n % 4 == 3 else 1_000_000 * n, valid_from=dice.choice((None, _day(dice))), valid_to=dice.choice((None, _day(dice))),
            expired_on=dice.choice((None, _day(dice))),
        )),
        ("scrappage", lambda n: row(
            "scrappage", f"s{n}", "commerce", category=dice.choice(("营运货车", "电梯")),
            counted_on=dice.choice((None, _day(dice))), count=dice.randrange(1, 30), lead_bureau="commerce",
            granularity=dice.choice(("明细", "汇总")),
        )),
    )  # fmt: skip
    for bureau, task in (("industry", "1"), ("tax", "保障3"), ("tax", "1"), ("housing", "7"), ("commerce", "7"), ("water", "9")):
        for month in ("2026-09", "2026-10"):
            if dice.random() < 0.8:
                state = dice.choice(("推进中", "已完成", "已完成", "滞后", None))
                lists["tasks"].append(row("tasks", f"{bureau}{task}{month}", bureau, task_no=task, month=month, state=state, text="推进", lead_bureau=bureau))
    lists["submissions"].append(row(
        "submissions", "police tasks", "police", bureau="police", list="tasks", month="2026-10", state="零报告", confirmed_on=date(2026, 11, 3),
    ))  # fmt: skip
    for n in range(size // 4):
        month = dice.choice(MONTHS)
        lists["publicity"].append(row("publicity", f"x{n}", "publicity", activity=str(n), month=month, channel="新媒体", reach=dice.choice((None, 0, 900))))
        ordered = dice.choice((None, _day(dice)))
        lists["elimination"].append(row(
            "elimination", f"y{n}", "industry", item="电动机", enterprise_name="某厂", equipment=str(n), ordered_on=ordered,
            count=None if ordered is None else dice.randrange(1, 5), until=None if ordered is None else _day(dice), done_on=dice.choice((None, _day(dice))),
        ))  # fmt: skip
    for n in range(size // 4):
        lists["matches"].append(row(
            "matches", f"j{n}", "industry", match_no=str(n), project_no="P", line_no=str(n), enterprise_uscc=dice.choice(("U1", "U2", "U3")),
            enterprise_name="某厂", amount=_money(dice) or 0, on_date=_day(dice),
        ))  # fmt: skip
    for list_, make in makers:
        lists[list_] = [make(n) for n in range(size // 2)]
    for bureau, list_ in (
        ("industry", "equipment-projects"),
        ("water", "equipment-projects"),
        ("commerce", "trade-in"),
    ):
        lists["submissions"].append(row(
            "submissions", f"{bureau}{list_}", bureau, bureau=bureau, list=list_, month="2026-10",
            state=dice.choice(("已确认", "零报告")), confirmed_on=date(2026, 11, dice.randrange(3, 15)),
        ))  # fmt: skip
