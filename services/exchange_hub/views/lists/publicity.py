"""Publicity (宣传引导): a row per bureau, activity and month, with its channel and reach.

Source: the work plan, part five, three. Reach is in times (人次) of what each channel counts: read, played, came, handed out.
"""

from collections.abc import Iterator, Sequence

from exchange_hub.views.findings import Finding, same_identifier
from exchange_hub.views.lists.folding import Kind, facts_named, joined, number, of_family
from exchange_hub.views.lists.model import AnnexPlace, ListName, ListView, columns
from exchange_hub.views.rules import FoldRules
from exchange_hub.views.statement import Claim, Row

LIST = ListView(
    ListName("publicity"), "宣传引导情况", "publicity",
    columns("""
        activity 宣传活动 text 36
        month 月份 month filter
        channel 渠道 text filter
        reach 触达人次 count 人次
        link 链接 text code 40
        lead_bureau 填报单位 text filter bureau 18
    """),
    annex=AnnexPlace("宣传引导情况", 19, paper=False),
)  # fmt: skip
_TAKEN = facts_named("activity", "month", "channel", "reach", "link")
#: Channels whose work can be opened by its address.
_ONLINE = ("政府网站", "新媒体")


def _key(bureau: str, activity: str, month: str) -> str:
    return joined(bureau, number(activity), month)


def _identities(claim: Claim) -> list[str]:
    """An activity is of its bureau and month."""
    return sorted({_key(claim.key.bureau, fact.facts["activity"], fact.facts["month"]) for _, fact in of_family(claim, "reported")})


def _rows(_component: str, claims: Sequence[Claim], _rules: FoldRules) -> Iterator[Row]:
    """Give a row per activity and month; of a bureau's several entries the first speaks."""
    rows: dict[str, Row] = {}
    for claim in sorted(claims, key=lambda claim: claim.key):
        for _, fact in of_family(claim, "reported"):
            key = _key(claim.key.bureau, fact.facts["activity"], fact.facts["month"])
            rows.setdefault(key, Row(LIST.name, key, _TAKEN.of(fact.facts) | {"lead_bureau": claim.key.bureau}))
    yield from rows.values()


def _findings(_claims: Sequence[Claim], rows: Sequence[Row]) -> Iterator[Finding]:
    for row in rows:
        if row.values["channel"] in _ONLINE and row.values["link"] is None:
            detail = {"month": row.values["month"], "channel": row.values["channel"]}
            yield Finding("publicity-without-link", row.key, f"{row.values['month']}线上宣传没有填报链接，请核对并补充", detail)


KIND = Kind(
    "publicity", "宣传引导", _rows, (LIST,), _identities, findings=_findings, rules=("publicity-without-link",), decided=False,
    comparisons=(same_identifier("publicity-link-twice", "publicity", LIST.table, "link", "同一链接填报了{count}次宣传，请核对是否重复", exact=True),),
)  # fmt: skip
