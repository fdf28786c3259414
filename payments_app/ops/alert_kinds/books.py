"""Alerts of our books beside Stripe's."""

from __future__ import annotations

from payments_app.ops.alert_kinds.kind import Kind

KINDS = {
    "not_compared": Kind(
        "a window of the books could not be compared with Stripe's for an hour",
        "Nothing is lost: the next days' comparisons hold it. `flask --app wsgi reconcile run`"
        " makes one now.",
        "reconciliation",
        "a day later: by then it was compared, or is told again",
    ),
    "reconciliation": Kind(
        'our books and Stripe\'s differ; "... findings are open" means more than five of one kind',
        "`flask --app wsgi reconcile list`; after a restore, `flask --app wsgi restore`.",
        "reconciliation",
        "when the finding is resolved",
    ),
    "restored": Kind(
        "the database was restored from a backup and does not know what Stripe knows; every form"
        " answers 503 `restoring`",
        "`flask --app wsgi restore`, see [deploy](deploy.md#backup-and-restore).",
        "reconciliation",
        "when the shop is open again",
    ),
}
