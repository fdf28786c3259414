"""`/styleguide`: what a buyer's pages are made of, in each of its states, for who builds them."""

from __future__ import annotations

import datetime as dt

from flask import current_app, render_template
from werkzeug.exceptions import NotFound

from payments_app.checkout.blueprint import blueprint
from payments_app.checkout.failure import Failure
from payments_app.core.language import Words
from payments_app.core.money import Money
from payments_app.core.web.access import public
from payments_app.core.web.assets import static_url
from payments_app.gateway.decline_sentences import BUYER, NOT_CONFIRMED, try_again_words
from payments_app.payments.payable import Item
from payments_app.payments.phases import Phase
from payments_app.payments.refunds.money_back import MoneyBack, Movement

_PRICE = Money(1099, "usd")
_WAITING = (Phase.CREATED, Phase.REQUIRES_ACTION, Phase.AWAITING_BANK, Phase.UNKNOWN)


@blueprint.get("/styleguide")
@public
def styleguide() -> str:
    """All components and states; nothing but in development (FLASK_DEBUG)."""
    if not current_app.config["CONFIG"].debug:
        raise NotFound
    statuses = [_status(phase) for phase in (*_WAITING, Phase.COMPLETE)]
    return render_template(
        "styleguide.html",
        statuses=[(status, None) for status in statuses]
        + [(_status(Phase.FAILED), failure) for failure in _failures()],
        back=_back(),
        items=[
            Item("Notebook", 2, _PRICE, static_url("icon.svg")),
            Item("Bookmark", 1, Money(0, "usd")),
        ],
    )


def _status(phase: Phase) -> dict[str, object]:
    return {
        "phase": phase,
        "amount": _PRICE.amount,
        "keeps_card": False,
        "client_secret": None,  # nosec B105 - there is no payment
        "thankyou_url": "#thanks",
    }


def _failures() -> list[Failure]:
    """One for each sentence that a buyer may read."""
    return [
        Failure(
            Words("Payment failed"),
            sentence,
            "",
            "bank" if key == NOT_CONFIRMED else "failed",
            try_again_words(key),
            "#again",
        )
        for key, sentence in BUYER.items()
    ]


def _back() -> MoneyBack:
    """Of 21.98: a part refunded, a refund that did not arrive, a part that the bank gave back."""
    movements = [
        Movement(_PRICE, arrives=dt.date(2026, 12, 10), trace="12345"),
        Movement(_PRICE, failed=True),
        Movement(Money(500, "usd")),
    ]
    return MoneyBack(_PRICE * 2, _PRICE, Money(500, "usd"), movements)
