"""Safeguards (要素保障): a row per safeguard and month, with the numbers that the safeguard is told in.

Source: the work plan, part three, two to five. Only sums of a month are told. What two bureaus say of one safeguard and month is one
row (FIGURES 6), taken whole from the bureau that comes first for the safeguard, for its numbers belong together.
"""

from collections.abc import Iterator, Sequence

from exchange_contracts import safeguards
from exchange_hub.views.findings import FOUND_MAX, Comparison, Finding, apart_from_history
from exchange_hub.views.lists.folding import Apart, Kind, Said, facts_named, joined, of_family, ranked, tellers, voices
from exchange_hub.views.lists.model import AnnexPlace, ListName, ListView, columns
from exchange_hub.views.rules import FoldRules
from exchange_hub.views.statement import Claim, Row

LIST = ListView(
    ListName("safeguards"), "要素保障情况", "safeguard",
    columns("""
        safeguard 保障措施 text filter
        month 月份 month filter
        firms 户数 count 户 unsummed
        items 数量 count
        unit 数量单位 text
        amount 金额 money 元
        signed 签约金额 money 元
        paid 投放金额 money 元
        subsidy 贴息金额 money 元
        area 用地面积 quantity 亩
        lead_bureau 填报单位 text filter bureau 18
    """),
    annex=AnnexPlace("要素保障情况", 16, paper=False), told_apart=("safeguard",),
)  # fmt: skip
_TAKEN = facts_named("safeguard", "month", *safeguards.FIELDS)


def _key(safeguard: str, month: str) -> str:
    return joined(safeguard, month)


def _identities(claim: Claim) -> list[str]:
    """A safeguard's numbers are of the safeguard and the month."""
    return sorted({_key(fact.facts["safeguard"], fact.facts["month"]) for _, fact in of_family(claim, "reported")})


def _told(claims: Sequence[Claim]) -> dict[str, list[Said]]:
    """Return row key → what is said of it."""
    found: dict[str, list[Said]] = {}
    for claim in claims:
        for _, fact in of_family(claim, "reported"):
            found.setdefault(_key(fact.facts["safeguard"], fact.facts["month"]), []).append((claim.key, fact.facts))
    return found


def _rows(_component: str, claims: Sequence[Claim], rules: FoldRules) -> Iterator[Row]:
    """Give a row per safeguard and month."""
    for key, said in _told(claims).items():
        lead, facts = ranked(said, rules, LIST.name, None, said[0][1]["safeguard"])[0]
        unit = safeguards.MEASURES[facts["safeguard"]].get("items")
        yield Row(LIST.name, key, _TAKEN.of(facts) | {"unit": unit, "lead_bureau": lead.bureau}, tellers(said))


def _findings(claims: Sequence[Claim], _rows: Sequence[Row]) -> Iterator[Finding]:
    for key, said in _told(claims).items():
        for name in safeguards.FIELDS if len(said) > 1 else ():
            told = {who: facts[name] for who, facts in voices(said) if facts.get(name) is not None}
            if len(set(told.values())) > 1:
                safeguard, title = said[0][1]["safeguard"], safeguards.TITLES[name]
                values = {who: str(value) if name == "area" else value for who, value in told.items()}
                words = f"{said[0][1]['month']}{safeguard}的{title}填报不一致，已按一家计，请核对"
                yield Finding("safeguard-differs", key, words, {"of": name, **values}, tellers(said))
                break


# The tax bureau knows every invoice of the month, a register of recovery only those of its operators.
_OVER_TAX = f"""
    SELECT g.month, array_agg(DISTINCT b.bureau ORDER BY b.bureau), jsonb_build_object(
        'month', g.month, 'by_tax', g.amount, 'by_register', m.amount, 'rows', jsonb_build_array(g.row_key)), 1
    FROM {{schema}}.safeguard g
    JOIN (SELECT month, granularity, sum(reverse_invoiced) AS amount FROM {{schema}}.material GROUP BY 1, 2) m
      ON m.month = g.month AND m.granularity = '明细' AND m.amount > g.amount
    CROSS JOIN LATERAL (SELECT unnest(g.bureaus) AS bureau UNION SELECT lead_bureau FROM {{schema}}.material t
      WHERE t.month = g.month AND t.reverse_invoiced > 0) b
    WHERE g.safeguard = '反向开票' GROUP BY g.month, g.amount, m.amount, g.row_key ORDER BY 1 LIMIT {FOUND_MAX}"""

KIND = Kind(
    "safeguard", "要素保障", _rows, (LIST,), _identities, apart={LIST.name: Apart(("safeguard", "month"), ranked_by="safeguard")},
    findings=_findings, rules=("safeguard-differs",), decided=False,
    comparisons=(
        Comparison("reverse-invoiced-over-tax", "safeguard", _OVER_TAX, "{month}回收利用台账的反向开票额大于税务填报的开票金额，请核对"),
        apart_from_history(
            "safeguard-magnitude", "safeguard", LIST.table, ("coalesce(amount, paid, signed)", "month", "safeguard"), "safeguard",
            "{month}{category}金额与各月相差一千倍以上，请核对计量单位（元、万元）", name="amount",
        ),
    ),
)  # fmt: skip
