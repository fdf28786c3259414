"""make_link: a link to Stripe's own form, made when a merchant asks for it.

Stripe lets it be used once, for some minutes: https://docs.stripe.com/api/account_links
"""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session

from payments_app.core import alerts, history, keyring
from payments_app.core.db.session import atomic
from payments_app.core.jobs.command import Claim, Later
from payments_app.gateway.account_state import is_of_v2
from payments_app.gateway.onboarding_links import create_link, link_end
from payments_app.gateway.results import Verdict
from payments_app.merchants.models import ConnectedAccount
from payments_app.merchants.onboarding_link import onboarding_url
from payments_app.merchants.refresh_account import stage_refresh

MAKE_LINK = "merchants.make_link"
LINK = "link to Stripe's form"  # what it is encrypted for: whoever opens it is signed in there
RETRY_SECONDS = 2.0
MOST_TRIES = 20


def make_link(merchant_id: str, claim: Claim) -> None:
    """Have a new link made and keep it. Raises Later while there is no account, or Stripe does
    not answer, MOST_TRIES times; after that a person is told, and who waited asks again."""
    stripe_account_id, by_v2 = _account_of(merchant_id)
    if stripe_account_id is None:
        if claim.tries < MOST_TRIES:
            raise Later(RETRY_SECONDS, "its account is not made yet")
        _tell(merchant_id, "its account at Stripe is not made yet")
        return
    url = f"{onboarding_url(merchant_id)}?back=1"
    answer = create_link(stripe_account_id, url, by_v2=by_v2)
    if answer.body is not None:
        _keep(merchant_id, answer.body)
    elif answer.verdict in (Verdict.LATER, Verdict.UNKNOWN) and claim.tries < MOST_TRIES:
        raise Later(max(RETRY_SECONDS, answer.retry_after or 0), f"link: {answer.error_code}")
    else:
        _refused(merchant_id, stripe_account_id, answer.as_history())
        _tell(merchant_id, str(answer.words))


@atomic
def _tell(session: Session, merchant_id: str, why: str) -> None:
    alerts.raise_alert(
        session,
        "no_link",
        f"no_link:{merchant_id}",
        f"{merchant_id} asked for its link to Stripe's form, and none could be made: {why}",
    )


@atomic
def _account_of(session: Session, merchant_id: str) -> tuple[str | None, bool]:
    """The account's id at Stripe, and whether it is of API v2."""
    account = session.get_one(ConnectedAccount, merchant_id, populate_existing=True)
    return account.stripe_account_id, is_of_v2(account.stripe_data)


@atomic
def _keep(session: Session, merchant_id: str, link: dict[str, Any]) -> None:
    account = session.get_one(ConnectedAccount, merchant_id, with_for_update=True)
    account.link_url = keyring.encrypt(LINK, link["url"])
    account.link_expires_at = link_end(link)
    history.record(session, "stripe", "merchant.link_made", subject=merchant_id)


@atomic
def _refused(session: Session, merchant_id: str, stripe_account_id: str, told: Any) -> None:
    """Most likely the account is not ours any more: it is read again."""
    history.record(session, "stripe", "merchant.link_refused", subject=merchant_id, **told)
    stage_refresh(session, stripe_account_id)
