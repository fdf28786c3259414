"""What happened to a payment of an unknown kind after it ended is told where the kind is known."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from payments_app.core.extensions import db
from payments_app.payments.refunds.request import request_refund
from tests.payments.driver import Till
from tests.queues.job_driver import Bench
from tests.queues.test_unknown import Plugin

pytestmark = pytest.mark.portable


@pytest.fixture
def till(bench: Bench) -> Till:
    return Till(bench.app)


@pytest.fixture
def plugin(settings: dict[str, str]) -> Iterator[Plugin]:
    """It follows payments and refunds, and has not run yet."""
    plugin = Plugin(settings, "payment.completed", "refund.succeeded")
    plugin.know_kind("booking")
    yield plugin
    with plugin.app.app_context():
        db.session.remove()
        db.engine.dispose()


def test_a_refund_before_the_kind_was_known_anywhere_is_told_there_too(
    till: Till, bench: Bench, plugin: Plugin
) -> None:
    paid = till.open()
    till.pay_for_instead(paid, "booking", "bkg_1")
    till.work()
    refund = request_refund(paid, 100, reason="as agreed", actor="ada")
    till.work()
    assert till.read(paid).state == "complete"
    plugin.start("payment_standard")
    plugin.start()
    assert plugin.runs == [paid, refund]
    assert len(bench.messages("notices.announce_refund", refund)) == 1
