"""Card testing: somebody tries stolen cards on our form. The share of declines gives them away.

Source: https://docs.stripe.com/disputes/prevention/card-testing
"""

from __future__ import annotations

from sqlalchemy import and_, case, func, or_, select
from sqlalchemy.orm import Session

from payments_app.core import alerts
from payments_app.core.db.clock import database_now
from payments_app.core.db.session import atomic
from payments_app.payments.models import Transaction
from payments_app.payments.phases import Phase

WINDOW_SECONDS = 15 * 60
FEWEST = 20  # payments that ended: with fewer a share says nothing
MOST_DECLINED = 0.30


@atomic
def look_for_card_testing(session: Session) -> None:
    """Raise a critical alert while more than MOST_DECLINED of the latest payments that reached a
    bank are declines. What failed before that (our own mistakes too) says nothing of thieves."""
    is_declined = and_(
        Transaction.phase == Phase.FAILED,
        Transaction.error["type"].as_string() == "card_error",
    )
    ended, refused = session.execute(
        select(func.count(), func.sum(case((is_declined, 1), else_=0))).where(
            Transaction.ended_at > database_now(-WINDOW_SECONDS),
            or_(Transaction.phase == Phase.COMPLETE, is_declined),
            Transaction.off_session.is_(False),
            or_(Transaction.amount > 0, Transaction.save_card),  # a card can be tried by keeping it
        )
    ).one()
    if ended >= FEWEST and refused > MOST_DECLINED * ended:
        alerts.raise_alert(
            session,
            "card_testing",
            "card_testing",
            f"{refused} of the last {ended} payments were declined: somebody may be testing stolen"
            " cards. Set CHECKOUT_CHALLENGE=always, lower CHECKOUT_RATE_LIMIT, and look at Stripe's"
            " Radar.",
            severity="critical",
        )
