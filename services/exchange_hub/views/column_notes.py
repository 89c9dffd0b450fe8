"""What columns mean that no contract explains: those that a fold works out, for the dictionary of fields.

They stand apart from the lists' rooms, since a better word for a column is no reason to fill its list anew.
"""

from collections.abc import Mapping
from typing import Final

#: ``list.column`` or the name of a column wherever it occurs → what it means.
NOTES: Final[Mapping[str, str]] = {
    "lead_bureau": "取其数的单位：几个单位报同一事项时，按区里定的先后次序取",
    "bureau": "报送单位代码",
    "granularity": "明细为逐笔，汇总为合计行；同一内容有明细的不再计汇总",
    "latest_month": "已报进度的最近月份",
    "project-progress.project_key": "所属项目的行主键，与项目清单一致",
    "claim_no": "镇街园区申报时所用的编号，没有的由名称和镇街园区区分",
    "claimed_on": "镇街园区申报的业务日期",
    "claim_state": "主管部门是否已在自己的清单中列入：待主管部门确认，或已确认",
    "owner_bureau": "应确认该项申报的单位代码",
    "confirmed_as": "确认后对应的主管部门清单行主键；未确认时为空",
    "differs": "申报内容与主管部门所报不一致的字段",
    "funding-policies.expired_before": "恢复执行前上一次废止的日期；未曾恢复的为空",
    "funds.step": "资金走到的环节：下达、审核、支付、冲回等，一行一个环节",
    "scrappage.step": "已报的环节中最后的一个",
    "support-sought.step": "已报的环节中最后的一个",
    "trade-in.step": "完成为购买，退货为退回",
    "funds.counted": "计入报表的金额：扣除作差错冲回的部分；付错的不计",
    "funds.on_date": "下达、审核通过、支付或冲回的日期",
    "funds.first_paid_on": "该申请首次支付的日期；未支付为空",
    "funds.settled_on": "该申请按审核金额付清的日期；未付清为空",
    "funds.unapproved": "支付所依据的申请没有审核记录",
    "funds.reason": "冲回、收回的原因",
    "scrappage.applied_on": "提出申请的日期",
    "delivered_on": "交售回收的日期",
    "dismantled_on": "拆解销毁的日期",
    "deregistered_on": "注销登记的日期",
    "counted_on": "按区里定的计列环节完成的日期，报表按此计月份；未完成为空",
    "completed_on": "购买完成的日期；汇总行为该月最后一日",
    "trade-in.returned_on": "退货的日期；未退货为空",
    "returned_count": "已退回的件数",
    "indicators.kind": "基数、目标或实绩",
    "part": "牵头或配合",
    "documents.due_on": "应出台措施的最后一日：收文次日起按工作日计算，延期的按延期；不计时限的为空",
    "extended_until": "经同意延长后的时限",
    "extended_by": "同意延期的岗位或单位",
    "measure_on": "措施出台的日期；未出台为空",
    "exempt_reason": "免于出台的理由",
    "exempted_by": "同意免于出台的岗位或单位",
    "expected": "所落实的应出台方案；不在应出台之列的为空",
    "problems.state": "未办结或已办结；再次提出的重新为未办结",
    "raised_on": "提出的日期",
    "resolved_on": "办结的日期；未办结为空",
    "resolved_before": "再次提出前上一次办结的日期",
    "tasks.title": "工作方案中该任务的名称",
    "named": "该单位是否在工作方案该任务的分工之列",
    "support-sought.applied_on": "提出申报的日期",
    "accepted_on": "受理的日期",
    "recommended_on": "推荐的日期",
    "amount_recommended": "推荐的金额",
    "reviewed_on": "评审的日期",
    "amount_reviewed": "评审认可的金额",
    "shortlisted_on": "入围的日期",
    "granted_on": "下达的日期",
    "amount_granted": "下达的金额",
    "grant_no": "下达文件的文号",
    "support-sought.returned_on": "退回的日期",
    "return_reason": "退回的理由",
    "safeguards.unit": "数量的计量单位：份、台套、项等，随保障措施而定",
    "project-procedures.on_date": "手续办结的日期；未办结为空",
    "elimination.ordered_on": "责令淘汰的日期",
    "matches.on_date": "签订合同的日期",
    "submissions.state": "已确认、零报告，或已填报未审签",
    "confirmed_on": "确认或零报告的日期",
}


def note(list_: str, column: str) -> str:
    """Return what a column of a list means, empty where a contract says it."""
    return NOTES.get(f"{list_}.{column}", NOTES.get(column, ""))
