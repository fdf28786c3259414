"""The dashboard's navigation: pages in groups, with how much waits on each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from flask import current_app, request, url_for
from sqlalchemy import func, select

from payments_app.accounts.gate import may_open
from payments_app.attention.doubles import open_doubles
from payments_app.core.alerts import Alert
from payments_app.core.extensions import db
from payments_app.core.jobs.outbox import Message
from payments_app.payments.disputes.models import NEEDS_ANSWER, Dispute
from payments_app.payments.models import Transaction
from payments_app.reconcile.models import Finding
from payments_app.staff import cache
from payments_app.staff.blueprint import blueprint

# Every package's pages; one that is not there, or not for this member, is left out.
_GROUPS: tuple[tuple[str, tuple[tuple[str, str], ...]], ...] = (
    ("", (("Overview", "staff.home"),)),
    (
        "Payments",
        (
            ("Payments", "staff.payment_list"),
            ("Disputes", "staff.disputes"),
            ("Double payments", "staff.double_payments"),
            ("Payment links", "staff.payment_links"),
        ),
    ),
    (
        "Money",
        (
            ("Payouts", "staff.payouts"),
            ("Settlements", "settlement.index"),
            ("Ledger", "ledger.index"),
            ("Reports", "staff.reports"),
            ("Reconciliation", "staff.findings"),
        ),
    ),
    (
        "Operations",
        (
            ("Alerts", "ops.alerts"),
            ("Queues", "ops.queues"),
            ("Stripe", "ops.stripe"),
        ),
    ),
    (
        "Admin",
        (
            ("Merchants", "staff.merchant_list"),
            ("Audit", "staff.audit"),
            ("Staff", "staff.members"),
            ("API keys", "staff.api_key_list"),
        ),
    ),
)
_COUNTED_EVERY = 15  # seconds
_DUE = frozenset({"staff.payment_list", "staff.disputes"})


@dataclass(frozen=True)
class NavigationItem:
    """A link of the dashboard's navigation. `here` is "page" on its own page, "true" on a
    page below it, else empty. `count` is what waits there; it is `due` where
    somebody has a deadline."""

    label: str
    url: str
    here: str
    count: int
    due: bool


@dataclass(frozen=True)
class NavigationGroup:
    """Links that belong together; the first group has no title."""

    title: str
    items: Sequence[NavigationItem]


@blueprint.app_template_global()
def staff_navigation() -> list[NavigationGroup]:
    """Links to the pages that this member may open, by what each route itself declares."""
    waiting = cache.remembered("navigation:counts", _COUNTED_EVERY, _count)
    groups = [
        NavigationGroup(
            title,
            [
                _item(label, endpoint, waiting.get(endpoint, 0))
                for label, endpoint in pages
                if endpoint in current_app.view_functions and may_open(endpoint)
            ],
        )
        for title, pages in _GROUPS
    ]
    return [group for group in groups if group.items]


def _count() -> dict[str, int]:
    """How much waits, by the page where it is dealt with: one statement, by partial indexes, and
    the double payments."""
    counted = {
        "staff.payment_list": select(func.count()).where(Transaction.need.is_not(None)),
        "staff.disputes": select(func.count()).where(Dispute.state.in_(NEEDS_ANSWER)),
        "ops.alerts": select(func.count()).where(Alert.acknowledged_at.is_(None)),
        "ops.queues": select(func.count()).where(
            Message.dead_at.is_not(None), Message.discarded_at.is_(None)
        ),
        "staff.findings": select(func.count()).where(Finding.resolved_at.is_(None)),
    }
    row = db.session.execute(select(*(one.scalar_subquery() for one in counted.values()))).one()
    doubles = {"staff.double_payments": len(open_doubles(db.session()))}
    return doubles | dict(zip(counted, map(int, row), strict=True))


def _item(label: str, endpoint: str, count: int) -> NavigationItem:
    url = url_for(endpoint)
    return NavigationItem(label, url, _here(url), count, endpoint in _DUE)


def _here(url: str) -> str:
    if request.path == url:
        return "page"
    below = request.path.startswith(f"{url}/") and url != url_for("staff.home")
    return "true" if below else ""
