"""What is said of one application for a subsidy: its approvals, payments and reversals, and when it was paid in full."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

from exchange_hub.views.lists.folding import Said, current, is_summary, number, of_family, own_key
from exchange_hub.views.statement import Claim

ERROR: Final = "差错"
Voucher = tuple[str, str]
First = Callable[[Sequence[Said]], Mapping[str, Any]]


@dataclass(slots=True)
class Application:
    """What is said of one application.

    Attributes:
        approved: policy no. → statements.
        paid: (paying bureau, voucher no.) → statements.
        reversed: (bureau, its own voucher no.) → statements.
    """

    approved: dict[str, list[Said]] = field(default_factory=dict)
    paid: dict[Voucher, list[Said]] = field(default_factory=dict)
    reversed: dict[Voucher, list[Said]] = field(default_factory=dict)


class Settled(NamedTuple):
    """How far an application is paid.

    Attributes:
        paid: policy no. → days of the first payment and of the payment in full, ``None`` where there is none.
        undone: payment → how much of it was an error, and so never was.
        unapproved: the first payment of an application that nobody approved.
    """

    paid: Mapping[str, tuple[int | None, int | None]]
    undone: Mapping[Voucher, int]
    unapproved: Voucher | None


def identities(claim: Claim) -> list[str]:
    """All that is said of one application meets in its number; summaries are of none."""
    approved = current(claim, "approved")
    said = [fact.facts for family in ("paid", "reversed") for _, fact in of_family(claim, family)]
    if approved is not None:
        said.append(approved)
    return sorted({facts["application_no"] for facts in said if not is_summary(facts)} - {""})


def registers(claim: Claim, family: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield (sub-key, facts) of what a claim says of a step, whether that has one register or one a voucher."""
    lone = claim.registers.get(family)
    if lone is not None and not lone.withdrawn:
        yield "", lone.facts
    yield from ((sub_key, fact.facts) for sub_key, fact in of_family(claim, family))


def applications(claims: Sequence[Claim]) -> dict[str, Application]:
    """Return application no. → what is said of it; allocations and summaries are of none."""
    found: dict[str, Application] = {}
    for claim in claims:
        approved = current(claim, "approved")
        if approved is not None and not is_summary(approved):
            of = found.setdefault(_number(claim, approved), Application())
            of.approved.setdefault(number(approved.get("policy_no")), []).append((claim.key, approved))
        for family in ("paid", "reversed"):
            for _, fact in of_family(claim, family):
                facts = fact.facts
                if not is_summary(facts):
                    of = found.setdefault(_number(claim, facts), Application())
                    vouchers = of.paid if family == "paid" else of.reversed
                    vouchers.setdefault((claim.key.bureau, number(facts["voucher_no"])), []).append((claim.key, facts))
    return found


def _number(claim: Claim, facts: Mapping[str, Any]) -> str:
    """Return what names the application; one without a number is its entry's own."""
    return number(facts["application_no"]) or own_key(claim.key)


def settled(application: Application, first: First) -> Settled:
    """Work out when an application was paid, first and in full; *first* chooses the statement that takes precedence."""
    approved = {policy: first(said) for policy, said in application.approved.items()}
    payments = {voucher: first(said) for voucher, said in application.paid.items()}
    undone = _undone(payments, {voucher: first(said) for voucher, said in application.reversed.items()})
    by_day = sorted(payments, key=lambda voucher: (_on(payments[voucher]), voucher))
    paid: dict[str, tuple[int | None, int | None]] = {}
    for policy, approval in approved.items():
        begun, full, total = None, None, 0
        for voucher in by_day:
            payment = payments[voucher]
            amount = payment["amount"] - undone.get(voucher, 0)
            if amount and (len(approved) == 1 or number(payment.get("policy_no")) == policy):
                on = max(_on(payment), _on(approval))
                begun, total = on if begun is None else begun, total + amount
                full = on if full is None and total >= approval["amount"] > 0 else full
        paid[policy] = (begun, full)
    alone = [voucher for voucher in by_day if payments[voucher]["amount"] != undone.get(voucher, 0)]
    return Settled(paid, undone, alone[0] if alone and not approved else None)


def _undone(payments: Mapping[Voucher, Mapping[str, Any]], reversals: Mapping[Voucher, Mapping[str, Any]]) -> dict[Voucher, int]:
    """Take each reversal of an error from the payment that it names, else from the last one of its amount, else from the last."""
    undone: dict[Voucher, int] = {}
    for (bureau, own), facts in sorted(reversals.items(), key=lambda entry: entry[0]):
        if facts.get("reason_kind") != ERROR or not payments:
            continue
        named = number(facts.get("reverses_voucher_no")) or own
        target = max(payments, key=lambda voucher: (
            voucher[1] == named, voucher[0] == bureau, payments[voucher]["amount"] == facts["amount"], _on(payments[voucher]), voucher,
        ))  # fmt: skip
        undone[target] = undone.get(target, 0) + facts["amount"]
    return undone


def _on(facts: Mapping[str, Any]) -> int:
    return int(facts["occurred_on"] if facts.get("on") is None else facts["on"])
