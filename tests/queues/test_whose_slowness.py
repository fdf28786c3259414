"""What one waits for, be it Stripe or a merchant's press of a button, keeps no other waiting."""

from __future__ import annotations

from sqlalchemy.orm import Session

from payments_app.core.db.session import atomic
from payments_app.core.jobs import leases, outbox
from payments_app.core.jobs.command import Claim
from payments_app.merchants.make_link import MAKE_LINK
from payments_app.merchants.onboarding import request_link
from payments_app.queues import QUEUE_THREADS
from tests.merchants.connected_merchants import create_merchant
from tests.payments.driver import PaymentDriver


@atomic
def stage(session: Session, command: str, subject: str) -> None:
    outbox.stage(session, command, subject)


def give_back(claims: list[Claim]) -> list[str]:
    """What they are about."""
    for claim in claims:
        leases.put_off(claim, 0, "not now")
    return [claim.subject for claim in claims]


def test_refunds_that_hang_keep_no_paid_subscription_waiting(driver: PaymentDriver) -> None:
    """However many members of staff wait for theirs."""
    threads = QUEUE_THREADS["payment_critical"]
    for number in range(threads + 2):
        stage("refunds.send", f"refund-{number}")
    hanging = leases.claim("payment_critical", threads)
    stage("subscriptions.on_payment", "somebody's payment")
    begun = leases.claim("payment_standard", 1)
    assert len(give_back(hanging)) == threads - 1  # one is left to the ledger
    assert give_back(begun) == ["somebody's payment"]


def test_the_look_for_card_testing_waits_for_nobody_s_server(driver: PaymentDriver) -> None:
    stage("ops.card_testing", "now")
    assert give_back(leases.claim(outbox.SWEEPER, 1)) == ["now"]


def test_who_asks_for_a_link_again_and_again_holds_one_thread(driver: PaymentDriver) -> None:
    """Also where Stripe takes longer for it than until one may ask again."""
    mine, other = create_merchant(driver), create_merchant(driver, name="Axe and Sons")
    request_link(mine)
    (under_way,) = leases.claim("default", 5)
    for _ in range(3):
        request_link(mine)
    request_link(other)
    waiting = [m.subject for m in driver.messages(MAKE_LINK) if m.done_at is None]
    assert give_back([under_way]) == [mine]
    assert sorted(waiting) == sorted([mine, other])
