"""plans: the subscription plans of the demo shop."""

from __future__ import annotations

from sqlalchemy.orm import Session

from payments_app.core.db.session import atomic, insert_once
from payments_app.subscriptions.models import Plan

DEMO_PLANS = (
    ("coffee-club", "Coffee club", "A bag of fresh beans at your door each month.", 1500, 0),
    ("coffee-club-plus", "Coffee club plus", "Two bags, and a new roaster each month.", 2600, 0),
    ("letter", "The weekly letter", "What we read and liked.", 500, 14),
)


@atomic
def add_demo_plans(session: Session) -> int:
    """Add the demo's plans that are not there yet; return how many were added."""
    return sum(
        insert_once(
            session,
            Plan,
            slug=slug,
            name=name,
            summary=summary,
            amount=amount,
            currency="usd",
            interval="month",
            trial_days=trial_days,
            active=True,
        )
        for slug, name, summary, amount, trial_days in DEMO_PLANS
    )
