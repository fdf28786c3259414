"""While the database takes no word of it, a mail is sent once by a process that lives."""

from __future__ import annotations

import pytest
from sqlalchemy.exc import OperationalError

from payments_app.notices.mails import send_mail
from payments_app.notices.receipts import write_receipt
from tests.ledger.concurrency import claim
from tests.notices.sent_mails import SentMails, mails
from tests.payments.driver import PaymentDriver
from tests.queues.full_disk import full_disk


def test_with_a_full_disk_a_receipt_is_mailed_once(
    driver: PaymentDriver, sent_mails: SentMails
) -> None:
    transaction = driver.open()
    driver.work("charges")
    with driver.app.app_context():
        write_receipt(transaction, claim(transaction))
        (mail,) = mails()
        held = claim(mail.id)
        with full_disk():
            for _ in range(3):
                with pytest.raises(OperationalError):
                    send_mail(mail.id, held)
        send_mail(mail.id, held)
        assert [sent.state for sent in mails()] == ["sent"]
    assert len(sent_mails.all()) == 1
