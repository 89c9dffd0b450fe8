"""The folds, one a kind of entity, as a table: the whole way from claims to rows on one screen."""

from exchange_hub.views.folds import document, enterprise, fund, ledger, policy, project, scrappage, trade_in
from exchange_hub.views.folds.base import Apart, Fold, alone

FOLDS: dict[str, Fold] = {
    "project": Fold(
        project.identities, project.rows, ("equipment-projects", "recycling-projects", "project-progress"),
        apart={"project-progress": Apart("month", ("domain",))},
    ),
    "enterprise": Fold(enterprise.identities, enterprise.rows, ("enterprises",)),
    "policy": Fold(policy.identities, policy.rows, ("funding-policies",)),
    "document": Fold(
        document.identities, document.rows, ("documents",),
        apart={"documents": Apart("department", ("document_no", "title", "issuer", "level", "issued_on", "received_on", "due_on"))},
    ),
    "scrappage": Fold(scrappage.identities, scrappage.rows, ("scrappage",)),
    "fund": Fold(alone, fund.rows, ("funds",), own=True),
    "trade_in": Fold(alone, trade_in.rows, ("trade-in",), own=True),
    "material": Fold(alone, ledger.material_rows, ("materials",), own=True),
    "indicator": Fold(alone, ledger.indicator_rows, ("indicators",), own=True),
    "plan": Fold(alone, ledger.plan_rows, ("plans",), own=True),
    "problem": Fold(alone, ledger.problem_rows, ("problems",), own=True),
    "task": Fold(alone, ledger.task_rows, ("tasks",), own=True),
    "submission": Fold(alone, ledger.submission_rows, ("submissions",), own=True),
    # Decisions of the coordination office change how others are grouped; they are no list of their own.
    "coordination": Fold(alone, lambda _name, _claims, _rules: (), (), own=True),
}
