"""saved_cards: what a subscriber reads of a card that was removed, or expires."""

from __future__ import annotations

from sqlalchemy.orm import Session

from payments_app.core.db.clock import utcnow
from payments_app.core.db.session import atomic
from payments_app.core.jobs.command import Claim
from payments_app.core.language import Words
from payments_app.core.money import Money
from payments_app.core.web import links
from payments_app.customers.models import Customer, SavedCard
from payments_app.notices import mails
from payments_app.notices.subscriptions import write_of_subscription
from payments_app.subscriptions.amounts import amount_due
from payments_app.subscriptions.models import Subscription
from payments_app.subscriptions.preview import removal
from payments_app.subscriptions.renew import expires_first


@atomic
def write_card_removed(session: Session, card_id: str, _claim: Claim) -> None:
    """Runs after a saved card was removed: what that means for what was charged to it."""
    card = session.get_one(SavedCard, card_id, populate_existing=True)
    customer = session.get_one(Customer, card.customer_id)
    mails.write(
        session,
        "card_removed",
        card.id,
        customer.email,
        Words("%(card)s was removed", card=card.words),
        reader=customer.reader,
        card=card,
        rows=removal(session, card, utcnow()),
        page=links.absolute("/account/subscriptions"),
    )


@atomic
def write_card_expires(session: Session, subscription_id: str, _claim: Claim) -> None:
    """The command that comes before a bill on which the card is not valid any more."""
    theirs = session.get_one(Subscription, subscription_id, populate_existing=True)
    card = theirs.usable_card
    if card is None or not expires_first(theirs):
        return
    subject = Words("Your card for %(plan)s expires before its next payment", plan=theirs.plan.name)
    about = f"{theirs.id}_{card.exp_year}_{card.exp_month}"
    due = Money(amount_due(theirs.plan, theirs.balance)[0], theirs.plan.currency)
    write_of_subscription(
        session, "card_expires", about, theirs, subject, card=theirs.own_card, due=due
    )
