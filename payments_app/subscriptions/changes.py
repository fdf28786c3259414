"""changes: what a subscriber's page offers: each with what it comes to, and what makes it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from werkzeug.exceptions import NotFound

from payments_app.core.db.clock import utcnow
from payments_app.core.extensions import db
from payments_app.core.language import Words, message
from payments_app.subscriptions import change, preview
from payments_app.subscriptions.effect_words import Line
from payments_app.subscriptions.find import plan_on_offer
from payments_app.subscriptions.models import Plan, Subscription

Asked = Mapping[str, str]


@dataclass(frozen=True)
class Change:
    """One change: how its page is headed, its button, what it comes to (`read`), and what makes it,
    given the seal of the lines that were read (`make`)."""

    title: str
    button: str
    read: Callable[[Subscription, Asked], list[Line]]
    make: Callable[[str, Asked, str], object]


def _at_once(asked: Asked) -> bool:
    return asked.get("when") == "now"


def _plan(asked: Asked) -> Plan:
    """Raises NotFound."""
    plan = plan_on_offer(db.session(), asked.get("plan", "")[:60])
    if plan is None:
        raise NotFound
    return plan


def _card(asked: Asked) -> str:
    return asked.get("card", "")[:40]


CHANGES = {
    "plan": Change(
        message("Change from %(plan)s"),
        Words("Change the plan"),
        lambda one, asked: preview.plan_change(db.session(), one, _plan(asked), utcnow()).lines,
        lambda id_, asked, seal: change.change_plan(id_, _plan(asked).id, utcnow(), seal=seal),
    ),
    "cancellation": Change(
        message("Cancel %(plan)s"),
        Words("Cancel the subscription"),
        lambda one, asked: preview.cancellation(
            db.session(), one, utcnow(), at_once=_at_once(asked)
        )[0],
        lambda id_, asked, seal: change.cancel(id_, utcnow(), at_once=_at_once(asked), seal=seal),
    ),
    "pause": Change(
        message("Pause %(plan)s"),
        Words("Pause"),
        lambda one, _: preview.pause(one),
        lambda id_, _, seal: change.pause(id_, utcnow(), seal=seal),
    ),
    "resumption": Change(
        message("Go on with %(plan)s"),
        Words("Go on"),
        lambda one, _: preview.resumption(one, utcnow()),
        lambda id_, _, seal: change.resume(id_, utcnow(), seal=seal),
    ),
    "card": Change(
        message("Another card for %(plan)s"),
        Words("Use this card"),
        lambda one, asked: preview.other_card(db.session(), one, _card(asked), utcnow())[0],
        lambda id_, asked, seal: change.use_card(id_, _card(asked), utcnow(), seal=seal),
    ),
}
