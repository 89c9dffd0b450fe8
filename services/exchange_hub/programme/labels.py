"""What figures are called in Chinese, by their ids."""

from collections.abc import Mapping
from dataclasses import dataclass

TABLES: Mapping[str, str] = {
    "goals": "总体目标",
    "equipment": "设备更新",
    "recycling_projects": "回收循环利用项目",
    "investment": "设备更新月度投资",
    "tradein": "以旧换新",
    "recovery": "回收利用",
    "funds": "资金",
    "documents": "政策文件",
    "plans": "应出台方案",
    "tasks": "任务推进",
    "submissions": "报送情况",
    "problems": "协调事项",
    "policies": "资金政策",
    "support": "对上争取",
    "safeguards": "要素保障",
    "stocks": "用能设备能效",
    "publicity": "宣传引导",
    "elimination": "淘汰目录设备",
    "matches": "供需对接",
    "lists": "三个清单和图谱",
    "enterprises": "先进设备企业",
    "scrappage": "报废淘汰",
}

MEASURES: Mapping[str, str] = {
    "baseline": "基数", "target": "目标", "year_target": "今年目标", "rate": "完成年度计划", "gap": "距年度目标", "way": "自基数至年度目标的进度",
    "last_total": "上年全年", "of_base": "相当于基数", "annual": "近12个月", "growth": "近12个月较基数增长", "remaining": "距今年目标", "per_month": "余下每月需完成", "path": "直线路径今年值",
    "to_target": "距目标", "known_baseline": "已知领域基数", "known_target": "已知领域目标", "known_year_target": "已知领域今年目标", "known_ytd": "已知领域本年累计",
    "known_path": "已知领域直线路径今年值", "known_yoy": "已知领域同比", "known_rate": "已知领域完成年度计划", "known_of_base": "已知领域相当于基数",
    "known_growth": "已知领域近12个月较基数增长", "known_remaining": "已知领域距今年目标", "known_per_month": "已知领域余下每月需完成",
    "projects": "项目数", "started": "已开工", "start_rate": "开工率", "under_construction": "在建", "completed": "竣工", "total_investment": "总投资",
    "equipment_investment": "设备投资", "month": "本月完成投资", "ytd": "本年累计", "ytd_last_year": "上年同期",
    "plan_year": "年度计划", "plan_rate": "完成年度计划", "units_done": "自开工更新台套", "units_added": "自开工加装台套", "units_enlarged": "自开工扩能台套", "funds_arrived": "资金到位",
    "funds_paid": "资金支付", "yoy": "同比", "starting": "下月计划开工", "ending": "下月计划竣工",
    "applied": "申请件数", "approved": "审核通过", "paid_count": "拨付件数", "partly_paid": "部分拨付件数", "unapproved": "审核未报件数", "subsidy": "补贴金额", "sales": "带动销售额",
    "month_applied": "本月申请件数", "month_subsidy": "本月补贴金额", "month_sales": "本月销售额", "returned": "退回件数",
    "subsidy_returned": "退回补贴", "sales_last_year": "上年同期销售额",
    "operators": "经营主体", "recovered": "回收量", "used": "处置量", "month_recovered": "本月回收量",
    "recovered_last_year": "上年同期回收量", "outlets": "网点数", "reverse_invoiced": "反向开票额",
    "allocated": "下达", "subdivided": "分解", "paid_gross": "支付（未减冲回）", "reversed": "冲回", "paid": "支付净额", "year_gross": "本年支付（未减冲回）", "year_reversed": "本年冲回", "paid_this_year": "本年支付净额",
    "earlier_paid": "以前年度预算本年支付净额",
    "carried_over": "结转来", "carried_out": "结转下年", "available": "可用资金", "pay_rate": "支付率", "balance": "结余",
    "total": "应落实", "issued": "已出台", "covered": "已有措施覆盖", "exempt": "免于出台", "due": "未到期", "overdue": "超期",
    "expected": "应报", "confirmed": "已确认", "nil": "零报告", "late": "迟报", "unconfirmed": "未确认", "silent": "未报送",
    "open": "未办结", "in_force": "执行中", "obtained": "已争取资金", "listed": "企业数", "delivered": "报废台数",
    "activities": "宣传活动", "month_activities": "本月宣传活动", "reach": "触达人次", "month_reach": "本月触达人次", "ordered": "责令淘汰",
    "told": "有进展", "done": "已完成", "behind": "滞后", "tasks.expected": "计划任务", "tasks.silent": "有任务未报送的单位",
    # A measure that means something else in one table stands with its table.
    "funds.recovered": "收回",
    "entries": "在册", "new": "较上期新增", "left": "较上期退出", "expiring": "60日内到期",
    "month_firms": "本月户数", "month_items": "本月数量", "month_amount": "本月金额", "month_signed": "本月签约金额", "month_paid": "本月投放金额", "month_area": "本月用地面积",
    "items": "数量", "amount": "金额", "signed": "签约金额", "area": "用地面积", "safeguards.month_subsidy": "本月贴息金额", "safeguards.paid": "投放金额", "safeguards.subsidy": "贴息金额",
    "stock": "在用台数", "advanced": "先进水平台数", "saving": "节能水平台数", "entry": "准入水平台数", "below": "未达准入台数", "good": "节能水平及以上台数", "share": "节能水平及以上占比",
    "matched": "成交项数", "month_matched": "本月成交项数", "local": "清单内生产企业成交项数", "local_amount": "清单内生产企业成交金额", "local_share": "清单内生产企业成交占比",
    "sought": "申报项数", "asked": "申请金额", "granted": "下达金额", "refused": "退回项数",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Labels:
    """The words that make the names of figures; a closed month keeps those of its time.

    Attributes:
        tables: word of each table, the first part of an id.
        measures: word of each measure, the last part of an id; ``table.measure`` where it means something else in one table.
    """

    tables: Mapping[str, str]
    measures: Mapping[str, str]

    def label(self, id_: str) -> str:
        """Return a figure's name for people: ``设备更新·工业·本年累计``."""
        table, _, rest = id_.partition(".")
        row, _, measure = rest.rpartition(".")
        word = self.measures.get(f"{table}.{measure}") or self.measures.get(measure, measure)
        return "·".join([self.tables.get(table, table), *row.split("."), word])


LABELS = Labels(TABLES, MEASURES)


def label(id_: str) -> str:
    """Return a figure's name for people in today's words."""
    return LABELS.label(id_)


def kind_of(id_: str) -> str:
    """Return table and measure of a figure, without the row: ``equipment.ytd`` of ``equipment.工业.ytd``."""
    return f"{id_.partition('.')[0]}.{id_.rpartition('.')[2]}"


def spoken(id_: str) -> str:
    """Return a figure's name within a sentence about a month that has passed: ``设备更新当月完成投资``, ``家电以旧换新补贴金额``."""
    table, _, rest = id_.partition(".")
    row, _, measure = rest.rpartition(".")
    word = label(f"{table}..{measure}").rpartition("·")[2].replace("本月", "当月")
    whose = "" if row in ("", "合计") else f"{row.replace('.', '')}"
    return f"{whose}{TABLES.get(table, table)}{word}"
