"""The figures of a report by plain loops over plain rows: shares no code with the product."""

from collections.abc import Callable, Iterable
from datetime import date
from decimal import Decimal
from typing import Any

from tests.closing.plain_matches import matches
from tests.closing.plain_supervision import supervision
from tests.closing.plain_tasks import tasks
from tests.closing.rows import Lists, Row

Expected = dict[str, Decimal | None]
FUND_CELL = ("step", "channel", "budget_year", "month of on_date")


class Plain:
    """The report of one month, worked out the slow way."""

    def __init__(self, lists: Lists, month: str, as_of: date, due_on: date, payment_days: int) -> None:
        self.lists, self.month, self.as_of, self.due_on, self.days = lists, month, as_of, due_on, payment_days
        self.year = month[:4]
        self.before = f"{int(self.year) - 1}{month[4:]}"
        self.found: Expected = {}

    def figures(self) -> Expected:
        """Work out everything."""
        for part in (self._projects, self._trade_in, self._recovery, self._funds, self._counts, self._goals, self._stocks):
            part()
        return self.found

    def _in_year(self, month: str | None, last: str) -> bool:
        return month is not None and f"{last[:4]}-01" <= month <= last

    def _projects(self) -> None:
        exited = {
            r["row_key"]
            for name in ("equipment-projects", "recycling-projects")
            for r in self.lists[name]
            if r["admin_state"] == "退出"
        }
        progress = [r for r in self.lists["project-progress"] if r["project_key"] not in exited]
        equipment = [r for r in self.lists["equipment-projects"] if r["admin_state"] != "退出"]
        for code in ("工业", "农业", "建筑", "交通", "教育", "文旅", "医疗", "水务", "其他", "合计"):
            mine = [r for r in equipment if code in ("合计", r["domain"])]
            own = [r for r in progress if r["list"] == "设备更新" and code in ("合计", r["domain"])]
            if code in ("水务", "其他") and not mine and not own:
                continue  # the plan sets no goal for these: they are printed where somebody has a project
            start = f"equipment.{code}"
            self._put(f"{start}.projects", len(mine))
            self._put(f"{start}.under_construction", sum(r["build_state"] == "在建" for r in mine))
            self._put(f"{start}.completed", sum(r["build_state"] in ("竣工", "投产") for r in mine))
            if code == "合计":
                started = sum(r["build_state"] in ("在建", "竣工", "投产") for r in mine)
                self._put(f"{start}.started", started)
                self._put(f"{start}.start_rate", percent(Decimal(started), Decimal(len(mine))))
            for name in ("total_investment", "equipment_investment", "funds_arrived", "funds_paid"):
                self._put(f"{start}.{name}", known(mine, lambda r, name=name: r[name], fen=True))
            for name, chosen in (
                ("units_done", [r for r in mine if r["renewal"] in (None, "更新")]), ("units_added", [r for r in mine if r["renewal"] == "加装"]),
                ("units_enlarged", [r for r in mine if r["renewal"] == "扩能"]),
            ):  # fmt: skip
                self._put(f"{start}.{name}", known(chosen, lambda r: r["units_done"]))
            plan = known(mine, lambda r: (r["planned_by_year"] or {}).get(self.year), fen=True) if mine else None
            self._put(f"{start}.plan_year", plan)
            ytd = self._invested(start, own)
            self._put(f"{start}.plan_rate", percent(ytd, plan) if plan else None)
        start, own = "recycling_projects.合计", [r for r in progress if r["list"] == "回收循环"]
        mine = [r for r in self.lists["recycling-projects"] if r["admin_state"] != "退出"]
        self._put(f"{start}.projects", len(mine))
        self._put(f"{start}.total_investment", known(mine, lambda r: r["total_investment"], fen=True))
        self._invested(start, own)

    def _invested(self, start: str, own: list[Row]) -> Decimal | None:
        this = [r for r in own if r["month"] == self.month]
        ytd, last = self._ytd(own, self.month), self._ytd(own, self.before)
        self._put(f"{start}.month", known(this, lambda r: r["invested_this_month"], fen=True))
        self._put(f"{start}.ytd", ytd)
        last_rows = [r for r in own if self._in_year(r["month"], self.before)]
        self._put(f"{start}.ytd_last_year", last if last_rows else None)
        # Fewer months than last year's are not compared.
        is_whole = bool(this)
        self._put(f"{start}.yoy", growth(ytd, last if last_rows and is_whole else None))
        return ytd

    def _ytd(self, own: list[Row], last: str) -> Decimal | None:
        latest: dict[str, Row] = {}
        for r in own:
            if self._in_year(r["month"], last) and r["month"] > latest.get(r["project_key"], {"month": ""})["month"]:
                latest[r["project_key"]] = r
        return known(list(latest.values()), lambda r: r["invested_year_to_date"], fen=True)

    def _trade_in(self) -> None:
        rows = counting(self.lists["trade-in"], ("step", "category", "month"), ("kind",))
        funds = counting([r for r in self.lists["funds"] if r["on_date"] and r["on_date"] <= self.as_of], FUND_CELL, ("category",))
        for code in ("汽车报废更新", "家电", "家装厨卫", "合计"):
            mine = [r for r in rows if code in ("合计", r["category"])]
            bought = [r for r in mine if r["step"] == "完成"]
            year = [r for r in bought if self._in_year(r["month"], self.month)]
            this = [r for r in bought if r["month"] == self.month]
            last = [r for r in bought if self._in_year(r["month"], self.before)]
            back = [r for r in mine if r["step"] == "退货" and self._in_year(r["month"], self.month)]
            start = f"tradein.{code}"
            for name, chosen, column, fen in (
                ("applied", year, "count", False), ("subsidy", year, "subsidy", True), ("sales", year, "sale_amount", True),
                ("month_applied", this, "count", False), ("month_subsidy", this, "subsidy", True),
                ("month_sales", this, "sale_amount", True), ("returned", back, "returned_count", False),
                ("subsidy_returned", back, "subsidy_returned", True), ("sales_last_year", last, "sale_amount", True),
            ):  # fmt: skip
                nothing = chosen is last and not last
                self._put(f"{start}.{name}", None if nothing else known(chosen, lambda r, c=column: r[c], fen=fen))
            money = [r for r in funds if r["category"] is not None and code in ("合计", r["category"])]
            for name, chosen in (
                ("approved", [r for r in money if r["step"] == "审核" and self._in_year(month_of(r["on_date"]), self.month)]),
                ("paid_count", [r for r in money if self._in_year(month_of(r["settled_on"]), self.month)]),
                ("unapproved", [r for r in money if r["unapproved"] and self._in_year(month_of(r["on_date"]), self.month)]),
                ("partly_paid", [r for r in money if self._is_open(r) and r["first_paid_on"] and r["first_paid_on"] <= self.as_of]),
            ):
                self._put(f"{start}.{name}", sum(r["count"] for r in chosen))
            self._put(f"{start}.yoy", growth(self.found[f"{start}.sales"], self.found[f"{start}.sales_last_year"]))

    def _is_open(self, r: Row) -> bool:
        """Tell whether an approval of a single application is not paid in full."""
        is_single = r["step"] == "审核" and r["granularity"] == "明细" and r["amount"] > 0
        return is_single and r["on_date"] is not None and (r["settled_on"] is None or r["settled_on"] > self.as_of)

    def _funds(self) -> None:
        channels = (
            "超长期特别国债", "中央预算内投资", "中央专项", "专项债", "市级", "区级", "银行贷款", "企业自筹", None,
        )  # fmt: skip
        sums: dict[str, Decimal] = {}
        overdue, earlier = 0, Decimal("0.00")
        for code in channels:
            for year in (int(self.year), int(self.year) - 1, int(self.year) - 2):
                values = self._line(code, year)
                late = sum(
                    self._is_open(r) and (r["channel"], r["budget_year"]) == (code, year) and (self.as_of - r["on_date"]).days > self.days
                    for r in self.lists["funds"]
                )
                start = f"funds.{code or '未注明渠道'}" + ("" if year == int(self.year) else f".{year}")
                if year == int(self.year):
                    sums = {name: sums.get(name, Decimal("0.00")) + value for name, value in values.items()}
                    overdue += late
                elif not self._occurs(code, year):
                    continue
                else:
                    earlier += self._this_year(start, code, year)
                self._balance(start, values)
                self._put(f"{start}.overdue", late)
        self._balance("funds.合计", sums)
        self._put("funds.合计.overdue", overdue)
        self._put("funds.合计.earlier_paid", earlier)

    def _occurs(self, code: str | None, year: int) -> bool:
        dated = [r for r in self.lists["funds"] if r["channel"] == code and r["on_date"] is not None and r["on_date"] <= self.as_of]
        return any(r["budget_year"] == year or (r["step"] == "下达" and r["carried_from"] == year) for r in dated)

    def _this_year(self, start: str, code: str | None, year: int) -> Decimal:
        """What was paid this year from an earlier year's budget."""
        dated = [r for r in self.lists["funds"] if r["on_date"] is not None and r["on_date"] <= self.as_of]
        mine = [r for r in counting(dated, FUND_CELL, ("category",)) if (r["channel"], r["budget_year"]) == (code, year)]
        now = [r for r in mine if self._in_year(month_of(r["on_date"]), self.month)]
        paid, back = (total((r for r in now if r["step"] == step), lambda r: r["counted"], fen=True) for step in ("支付", "冲回"))
        for name, value in (("year_gross", paid), ("year_reversed", back), ("paid_this_year", paid - back)):
            self._put(f"{start}.{name}", value)
        return paid - back

    def _line(self, code: str | None, year: int) -> dict[str, Decimal]:
        dated = [r for r in self.lists["funds"] if r["on_date"] is not None and r["on_date"] <= self.as_of]
        mine = [r for r in counting(dated, FUND_CELL, ("category",)) if (r["channel"], r["budget_year"]) == (code, year)]
        down = [r for r in mine if r["step"] == "下达"]
        own = code == "区级"
        # The district's money is allocated once: where it stands without a bureau, what bureaus got is handed on.
        whole = any(
            r["step"] == "下达" and r["channel"] == "区级" and r["to_bureau"] is None and r["budget_year"] == year for r in dated
        )  # fmt: skip
        source = [r for r in down if (not (whole and r["to_bureau"]) if own else r["level"] != "区级")]
        handed = [r for r in down if r["level"] == "区级" and (r["to_bureau"] or not own)]
        from_above = [r for r in self.lists["funds"] if r["step"] == "下达" and r["channel"] == code and (own or r["level"] != "区级")]
        back = [r for r in from_above if r["budget_year"] == year and r["recovered_on"] and r["recovered_on"] <= self.as_of]
        out = [r for r in from_above if r["carried_from"] == year and r["on_date"] is not None and r["on_date"] <= self.as_of]
        steps = {name: [r for r in mine if r["step"] == step] for name, step in (("approved", "审核"), ("paid_gross", "支付"), ("reversed", "冲回"))}
        parts = {
            "allocated": (source, "counted"), "subdivided": (handed, "counted"), "carried_over": (source, "carried_over"),
            "recovered": (back, "recovered"), "carried_out": (out, "carried_over"),
            **{name: (chosen, "counted") for name, chosen in steps.items()},
        }  # fmt: skip
        return {name: total(chosen, lambda r, c=c: r[c], fen=True) for name, (chosen, c) in parts.items()}

    def _balance(self, start: str, values: dict[str, Decimal]) -> None:
        for name, value in values.items():
            self._put(f"{start}.{name}", value)
        paid = values["paid_gross"] - values["reversed"]
        at_hand = values["allocated"] + values["carried_over"] - values["recovered"]
        self._put(f"{start}.paid", paid)
        self._put(f"{start}.pay_rate", percent(paid, at_hand) if at_hand else None)
        self._put(f"{start}.balance", at_hand - values["carried_out"] - paid)

    def _recovery(self) -> None:
        everything = self.lists["materials"]
        rows = counting(everything, ("material", "unit", "month"))
        labels: list[tuple[str, Callable[[Row], bool]]] = [
            ("废钢铁", lambda r: r["material"] == "废钢铁"),
            ("废塑料", lambda r: r["material"] == "废塑料"),
            ("报废机动车-吨", lambda r: r["material"] == "报废机动车" and r["unit"] == "吨"),
            ("报废机动车", lambda r: r["material"] == "报废机动车" and r["unit"] == "辆"),
            ("合计-吨", lambda r: r["unit"] == "吨"),
            ("合计-辆", lambda r: r["unit"] == "辆"),
        ]
        for label, is_mine in labels:
            mine = [r for r in rows if is_mine(r)]
            year = [r for r in mine if self._in_year(r["month"], self.month)]
            this = [r for r in mine if r["month"] == self.month]
            last = [r for r in mine if self._in_year(r["month"], self.before)]
            start = f"recovery.{label}"
            self._put(f"{start}.operators", len({r["operator_uscc"] for r in everything if is_mine(r) and self._in_year(r["month"], self.month)} - {None}))
            for name, chosen, column in (
                ("recovered", year, "recovered"), ("used", year, "used"),
            ):  # fmt: skip
                self._put(f"{start}.{name}", known(chosen, lambda r, c=column: r[c]))
            self._put(f"{start}.month_recovered", total(this, lambda r: r["recovered"]))
            self._put(f"{start}.recovered_last_year", total(last, lambda r: r["recovered"]) if last else None)
            self._put(f"{start}.reverse_invoiced", known(year, lambda r: r["reverse_invoiced"], fen=True))
            self._put(f"{start}.outlets", outlets(this))
            now, before = self.found[f"{start}.recovered"], self.found[f"{start}.recovered_last_year"]
            self._put(f"{start}.yoy", growth(now, before))

    def _counts(self) -> None:
        states = dict.fromkeys(("total", "issued", "covered", "exempt", "due", "overdue"), 0)
        for r in self.lists["documents"]:
            if r["received_on"] is None or r["received_on"] > self.as_of:
                continue
            states["total"] += 1
            if r["measure_on"] is not None and r["measure_on"] <= self.as_of:
                name = "covered" if r["form"] == "已有措施覆盖" else "issued"
                states["exempt" if r["exempt_reason"] is not None else name] += 1
            else:
                states["overdue" if (r["extended_until"] or r["due_on"]) < self.as_of else "due"] += 1
        for name, count in states.items():
            self._put(f"documents.合计.{name}", count)
        came = [r for r in self.lists["submissions"] if r["month"] == self.month]
        for name, is_it in (
            ("confirmed", lambda r: r["state"] == "已确认"), ("nil", lambda r: r["state"] == "零报告"),
            ("late", lambda r: r["confirmed_on"] > self.due_on),
        ):  # fmt: skip
            self._put(f"submissions.合计.{name}", sum(map(is_it, came)))
        is_open: Callable[[Row, str, str], bool] = lambda r, since, until: (  # noqa: E731
            r[since] <= self.as_of and (r[until] is None or r[until] > self.as_of)
        )
        problems = self.lists["problems"]
        self._put("problems.合计.open", sum(is_open(r, "raised_on", "resolved_on") for r in problems))
        self._put("problems.合计.overdue", sum(is_open(r, "raised_on", "resolved_on") and (r["due_on"] or self.as_of) < self.as_of for r in problems))
        counted = tasks(self.lists, self.month) | matches(self.lists, self.month) | supervision(self.lists, self.month, self.as_of)
        for id_, count in counted.items():
            self._put(id_, count)
        fulfilled = {r["expected"] for r in self.lists["plans"] if r["issued_on"] <= self.as_of} - {None}
        self._put("plans.合计.issued", len(fulfilled))
        in_force = [
            r for r in self.lists["funding-policies"]
            if (r["expired_on"] is None or r["expired_on"] > self.as_of) and (r["valid_to"] is None or r["valid_to"] >= self.as_of)
            and (r["valid_from"] is None or r["valid_from"] <= self.as_of)
        ]  # fmt: skip
        self._put("policies.合计.in_force", len(in_force))
        for level in ("国家", "市级", "区级"):
            of_level = [r for r in in_force if r["level"] == level]
            self._put(f"policies.{level}.in_force", len(of_level))
            self._put(f"policies.{level}.obtained", known(of_level, lambda r: r["obtained"], fen=True))
            self._put(f"policies.{level}.expiring", sum(r["valid_to"] is not None and (r["valid_to"] - self.as_of).days <= 60 for r in of_level))
        self._put("policies.合计.obtained", known(in_force, lambda r: r["obtained"], fen=True))
        self._put("lists.执行中资金政策.entries", len(in_force))
        self._put("lists.执行中资金政策.expiring", sum(r["valid_to"] is not None and (r["valid_to"] - self.as_of).days <= 60 for r in in_force))
        self._put("lists.先进设备企业.entries", len(self.lists["enterprises"]))
        for row, name in (("设备更新项目", "equipment-projects"), ("回收循环利用项目", "recycling-projects")):
            self._put(f"lists.{row}.entries", sum(r["admin_state"] != "退出" for r in self.lists[name]))
        for code in ("工业", "水务", "其他", "合计"):
            found = sum(code in ("合计", r["domain"]) for r in self.lists["enterprises"])
            if code in ("水务", "其他") and not found:
                continue
            self._put(f"enterprises.{code}.listed", found)
        for code in ("营运货车", "电梯", "合计"):
            dated = [r | {"in": month_of(r["counted_on"])} for r in self.lists["scrappage"]]
            rows = [r for r in counting(dated, ("category", "in")) if self._in_year(r["in"], self.month)]
            self._put(f"scrappage.{code}.delivered", sum(r["count"] for r in rows if code in ("合计", r["category"])))

    def _goals(self) -> None:
        domains = ("工业", "农业", "建筑", "交通", "教育", "文旅", "医疗")
        names = {
            "baseline": ("基数", "2023"), "year_target": ("目标", self.year), "ytd": ("报送", self.month),
            "ytd_last_year": ("报送", self.before), "last_total": ("报送", f"{self.before[:4]}-12"),
        }  # fmt: skip
        for name, (kind, period) in names.items():
            values = []
            for domain in domains:
                mine = [
                    r for r in self.lists["indicators"]
                    if (r["domain"], r["kind"], r["period"]) == (domain, kind, period)
                ]  # fmt: skip
                values.append(Decimal(mine[0]["value"]) if mine else None)
                self._put(f"goals.设备投资额.{domain}.{name}", values[-1])
            numbers = [value for value in values if value is not None]
            self._put(f"goals.设备投资额.合计.{name}", sum(numbers) if len(numbers) == len(domains) else None)
        for code in (*domains, "合计"):
            start = f"goals.设备投资额.{code}"
            now, last, target = (self.found[f"{start}.{name}"] for name in ("ytd", "ytd_last_year", "year_target"))
            base = self.found[f"{start}.baseline"]
            self._put(f"{start}.target", None if base is None else base * Decimal("1.25"))
            self._put(f"{start}.yoy", growth(now, last))
            self._put(f"{start}.rate", percent(now, target) if now is not None and target else None)
            whole = self.found[f"{start}.last_total"]
            annual = None if None in (now, last, whole) else now + whole - last  # type: ignore[operator]  # asked for before
            self._put(f"{start}.annual", annual)
            self._put(f"{start}.growth", growth(annual, base))
            self._put(f"{start}.of_base", percent(now, base) if now is not None and base else None)
            # 2026 is three of the four years from 2023 to 2027.
            self._put(f"{start}.path", None if base is None else base + base * Decimal("0.25") * 3 / 4)
            self._put(f"{start}.remaining", None if now is None or target is None else target - now)
            self._put(f"{start}.per_month", self._a_month(self.found[f"{start}.remaining"]))
        self._goals_known(domains)

    def _a_month(self, remaining: Decimal | None) -> Decimal | None:
        months = 12 - int(self.month[5:])
        return None if remaining is None or not months else max(remaining, Decimal(0)) / months

    def _goals_known(self, domains: tuple[str, ...]) -> None:
        """What the known domains come to; two numbers are compared over the domains that have both."""
        values = {d: {name: self.found[f"goals.设备投资额.{d}.{name}"] for name in ("baseline", "target", "year_target", "ytd", "path", "ytd_last_year", "annual")} for d in domains}
        start = "goals.设备投资额.合计.known"
        for name in ("baseline", "target", "year_target", "ytd", "path"):
            told = [v[name] for v in values.values() if v[name] is not None]
            self._put(f"{start}_{name}", sum(told) if told else None)

        def both(first: str, second: str) -> tuple[Decimal, Decimal] | None:
            pairs = [(v[first], v[second]) for v in values.values() if v[first] is not None and v[second] is not None]
            return (sum(a for a, _ in pairs), sum(b for _, b in pairs)) if pairs else None  # type: ignore[return-value]  # of decimals

        for name, first, second, change in (("yoy", "ytd", "ytd_last_year", True), ("growth", "annual", "baseline", True), ("rate", "ytd", "year_target", False), ("of_base", "ytd", "baseline", False)):
            pair = both(first, second)
            self._put(f"{start}_{name}", None if pair is None or pair[1] <= 0 else percent(pair[0] - pair[1] if change else pair[0], pair[1]))
        pair = both("year_target", "ytd")
        self._put(f"{start}_remaining", None if pair is None else pair[0] - pair[1])
        self._put(f"{start}_per_month", self._a_month(self.found[f"{start}_remaining"]))

    def _stocks(self) -> None:
        rows = self.lists["energy-stocks"]
        for code in ("电动机", "泵", "合计"):
            mine = [r for r in rows if code in ("合计", r["equipment"])]
            if code != "合计" and not mine:
                continue
            sums = {name: known(mine, lambda r, name=name: r[name]) if mine else None for name in ("stock", "advanced", "saving", "entry", "below")}
            good = None if sums["advanced"] is None or sums["saving"] is None else sums["advanced"] + sums["saving"]
            for name, value in (*sums.items(), ("good", good), ("share", percent(good, sums["stock"]))):
                self._put(f"stocks.{code}.{name}", value)

    def _put(self, id_: str, value: Decimal | int | None) -> None:
        self.found[id_] = None if value is None else Decimal(value)


def known(rows: list[Row], of: Callable[[Row], Any], *, fen: bool = False) -> Decimal | None:
    """Add up what is known; rows without any value say nothing, no rows say zero."""
    values = [of(r) for r in rows if of(r) is not None]
    return None if rows and not values else _scaled(sum(values), fen=fen)


def total(rows: Iterable[Row], of: Callable[[Row], Any], *, fen: bool = False) -> Decimal:
    """Add up; empty counts as nothing."""
    return _scaled(sum(of(r) or 0 for r in rows), fen=fen)


def _scaled(value: int, *, fen: bool) -> Decimal:
    return Decimal(value) / 100 if fen else Decimal(value)


def percent(part: Decimal | None, whole: Decimal | None) -> Decimal | None:
    """Return a share in %, as it is."""
    return None if part is None or not whole else part * 100 / whole


def growth(now: Decimal | None, before: Decimal | None) -> Decimal | None:
    """Return a growth in %; from nothing there is none."""
    return None if now is None or before is None or before <= 0 else percent(now - before, before)


def outlets(rows: list[Row]) -> Decimal | None:
    """Count an operator's outlets once, whatever it recovers, and those of no operator row by row."""
    told = [(r["operator_uscc"], r["outlets"]) for r in rows if r["outlets"] is not None]
    by_operator = {who: max(n for other, n in told if other == who) for who, _ in told if who is not None}
    found = Decimal(sum(by_operator.values()) + sum(n for who, n in told if who is None))
    return found if told or not rows else None


def month_of(day: date | None) -> str | None:
    """Return the month of a date."""
    return None if day is None else f"{day.year:04d}-{day.month:02d}"


def counting(rows: list[Row], cell: tuple[str, ...], parts: tuple[str, ...] = ()) -> list[Row]:
    """Leave out summary rows of which their bureau tells something finer; what a summary leaves empty of *parts* is all of them."""

    def place(r: Row) -> tuple[object, ...]:
        return (r["lead_bureau"], *(month_of(r["on_date"]) if name == "month of on_date" else r[name] for name in cell))

    def is_finer(other: Row, r: Row) -> bool:
        if place(other) != place(r) or any(r[name] is not None and r[name] != other[name] for name in parts):
            return False
        return other["granularity"] == "明细" or any(r[name] is None and other[name] is not None for name in parts)

    return [r for r in rows if r["granularity"] == "明细" or not any(is_finer(other, r) for other in rows)]
