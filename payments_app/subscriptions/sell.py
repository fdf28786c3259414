"""sell: a plan as the checkout offers it, at what its first period costs."""

from __future__ import annotations

import datetime as dt

from sqlalchemy.orm import Session

from payments_app.core.db.clock import utcnow
from payments_app.core.language import Words
from payments_app.core.money import Money
from payments_app.payments.sellable import Offer, Sellable
from payments_app.subscriptions.calendar import local_day
from payments_app.subscriptions.find import plan_on_offer, plans_on_offer
from payments_app.subscriptions.subscribe import subscribe


def offer(session: Session, slug: str) -> Offer | None:
    """What the plan of this slug offers: a free trial, where it has one."""
    plan = plan_on_offer(session, slug)
    if plan is None:
        return None
    trial = plan.trial_days > 0
    first_bill = local_day(utcnow()) + dt.timedelta(days=plan.trial_days)
    return Offer(
        item=plan.slug,
        name=plan.name,
        summary=Words(
            "%(summary)s %(price)s.",
            summary=plan.summary,
            price=plan.price_words(first_bill if trial else None),
        ),
        price=Money(0, plan.currency) if trial else plan.price,
        begin=lambda session, _quantity, customer: subscribe(session, plan, customer, utcnow()),
        card_terms=plan.card_terms,
        heading=plan.heading,
    )


PLANS = Sellable(offer, "subscriptions/_for_sale.html", plans_on_offer)
