"""Staff answer a dispute on its page: filled in, saved, reviewed, and submitted by who may."""

from __future__ import annotations

import datetime as dt
import html

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from payments_app.accounts.models import StaffSession
from payments_app.core.db.clock import database_now, utcnow
from payments_app.core.db.ids import new_id
from payments_app.core.db.session import atomic
from payments_app.core.jobs.outbox import Message
from payments_app.notices.models import Mail
from payments_app.payments.disputes.answer_models import DisputeAnswer, EvidenceFile
from payments_app.payments.disputes.models import Dispute
from tests.accounts.staff_driver import HTML, Browser, StaffDriver
from tests.bystanders import own
from tests.staff.stored_payments import StoredPayments
from tests.staff.test_disputes import _dispute

pytestmark = pytest.mark.portable
OPEN = {"payment_method_details": {"type": "card"}, "status": "needs_response"}
PDF = b"%PDF-1.4 proof"


@atomic
def _id_of(session: Session, stripe_id: str) -> str:
    return session.scalars(select(Dispute.id).where(Dispute.stripe_dispute_id == stripe_id)).one()


@atomic
def _answers(session: Session) -> list[DisputeAnswer]:
    found = select(DisputeAnswer).execution_options(populate_existing=True)
    return list(session.scalars(found))


@atomic
def _files(session: Session) -> list[str]:
    return list(session.scalars(select(EvidenceFile.filename)))


@atomic
def _submissions(session: Session) -> int:
    return len(session.scalars(select(Message).where(Message.command == "disputes.submit")).all())


@atomic
def _forget_password(session: Session) -> None:
    mine = update(StaffSession).where(own(StaffSession))
    session.execute(mine.values(confirmed_at=database_now(-601)))


@pytest.fixture
def refunder(staff_driver: StaffDriver) -> Browser:
    return staff_driver.signed_in("refunder")


@pytest.fixture
def dispute(staff_driver: StaffDriver, stored_payments: StoredPayments) -> str:
    """The id of a dispute that asks for an answer."""
    order = stored_payments.order()
    id_ = stored_payments.payment(
        order_id=order.id,
        card_fingerprint="one card",
        description=f"Order #{order.number}",
        stripe_data={
            "latest_charge": {
                "id": "ch_mine",
                "billing_details": {"name": "Ada Lovelace", "address": {"city": "London"}},
                "payment_method_details": {"card": {"checks": {"cvc_check": "pass"}}},
            }
        },
    )
    return staff_driver.do(_id_of, staff_driver.do(_dispute, id_, {"stripe_data": OPEN}))


def save(browser: Browser, dispute: str, revision: int = 0, **texts: str) -> TestResponse:
    path = f"/staff/disputes/{dispute}"
    return browser.post(f"{path}/draft", path, revision=str(revision), **texts)


def upload(
    browser: Browser, dispute: str, content: bytes, revision: int = 0, name: str = "proof.pdf"
) -> TestResponse:
    page = browser.get(f"/staff/disputes/{dispute}").text
    token = page.split('name="csrf_token" value="')[1].split('"')[0]
    form = {"csrf_token": token, "revision": str(revision), "field": "shipping_documentation"}
    parts = [f'name="{name}"\r\n\r\n{value}\r\n'.encode() for name, value in form.items()]
    parts += [f'name="file"; filename="{name}"\r\n\r\n'.encode() + content + b"\r\n"]
    begins = b"--parted\r\nContent-Disposition: form-data; "
    body = b"".join(begins + part for part in parts) + b"--parted--\r\n"
    return browser.client.post(
        f"/staff/disputes/{dispute}/files",
        data=body,
        headers={**HTML, "Content-Type": "multipart/form-data; boundary=parted"},
    )


def submit(browser: Browser, dispute: str, revision: int) -> TestResponse:
    path = f"/staff/disputes/{dispute}/submission"
    return browser.post(path, path, revision=str(revision))


def test_the_list_leads_to_each_dispute(viewer: Browser, dispute: str) -> None:
    assert f'href="/staff/disputes/{dispute}?back=' in viewer.get("/staff/disputes").text


def test_the_overview_leads_to_a_dispute_that_needs_an_answer(
    viewer: Browser, dispute: str
) -> None:
    assert f'href="/staff/disputes/{dispute}"' in viewer.get("/staff").text


def test_the_list_says_how_far_each_answer_is(refunder: Browser, dispute: str) -> None:
    assert "No answer yet" in refunder.get("/staff/disputes").text
    save(refunder, dispute, uncategorized_text="They got it")
    assert "Draft" in refunder.get("/staff/disputes").text
    submit(refunder, dispute, 1)
    assert "Being submitted" in refunder.get("/staff/disputes").text


def test_the_page_says_what_the_bank_means_and_what_persuades_it(
    viewer: Browser, dispute: str
) -> None:
    page = viewer.get(f"/staff/disputes/{dispute}").text
    assert "not they who paid" in page
    assert "Earlier payments with this card" in page
    assert "in 3 days" in page


def test_the_evidence_is_filled_in_from_what_we_hold(
    refunder: Browser, stored_payments: StoredPayments, dispute: str
) -> None:
    before = utcnow() - dt.timedelta(days=30)
    stored_payments.payment(card_fingerprint="one card", created_at=before)
    stored_payments.payment(card_fingerprint="another card", created_at=before)
    page = refunder.get(f"/staff/disputes/{dispute}").text
    assert "ada@example.com paid $10.99" in page
    assert "1 \u00d7 Mug" in page
    assert "Ada Lovelace" in page
    assert "confirmed the security code" in page
    assert "The same card paid us 1 times before" in page
    assert "none was disputed" in page


@pytest.fixture
def settings(settings: dict[str, str], request: pytest.FixtureRequest) -> dict[str, str]:
    if "terms" not in request.node.name:
        return settings
    policies = {"SHOP_TERMS_URL": "https://shop.example/terms"}
    return settings | policies | {"SHOP_REFUND_POLICY_URL": "https://shop.example/refunds"}


@atomic
def _receipt(session: Session, dispute: str, to: str) -> None:
    """One that was sent, with a link that signs in, about the disputed payment."""
    mail = Mail(key=new_id("k"), kind="receipt", recipient=to, subject="Receipt", html="x")
    mail.transaction_id = session.get_one(Dispute, dispute).transaction_id
    mail.text = f"Thank you, {to}.\n\n1 Mug $10.99\nYour page: https://shop.example/link_secret"
    mail.state, mail.sent_at = "sent", utcnow()
    session.add(mail)


def test_the_evidence_has_the_words_of_the_receipt_and_the_shop_s_terms(
    refunder: Browser,
    staff_driver: StaffDriver,
    stored_payments: StoredPayments,
    dispute: str,
) -> None:
    other = stored_payments.payment(email="bob@example.com")
    theirs = staff_driver.do(_id_of, staff_driver.do(_dispute, other, {"stripe_data": OPEN}))
    staff_driver.do(_receipt, dispute, "ada@example.com")
    staff_driver.do(_receipt, theirs, "bob@example.com")
    page = refunder.get(f"/staff/disputes/{dispute}").text
    assert "The receipt that we mailed them says:" in page
    assert "Thank you, ada@example.com." in page
    assert "1 Mug $10.99" in page
    assert "bob@example.com" not in page
    assert "link_secret" not in page
    for link in ("https://shop.example/terms", "https://shop.example/refunds"):
        assert page.count(link) == 2  # in our words, and how they were shown the terms


def test_a_draft_is_saved_and_shown_again(refunder: Browser, dispute: str) -> None:
    assert save(refunder, dispute, uncategorized_text="They got it").status_code == 303
    page = refunder.get(f"/staff/disputes/{dispute}").text
    assert "They got it" in page
    assert "ada@example.com paid" not in page
    assert "Nothing has gone to the bank" in page


def test_what_is_too_long_is_said_beside_its_field_and_not_lost(
    refunder: Browser, dispute: str
) -> None:
    answer = save(refunder, dispute, uncategorized_text="x" * 20_001)
    assert answer.status_code == 422
    assert "20,000 characters" in answer.text
    assert "x" * 20_001 in answer.text


def test_all_that_a_bank_reads_fits_through_the_door(refunder: Browser, dispute: str) -> None:
    names = ("uncategorized_text", "product_description", "access_activity_log")
    texts = dict.fromkeys(
        (*names, "refund_policy_disclosure", "cancellation_rebuttal"), "漢" * 20_000
    )
    assert save(refunder, dispute, 0, **texts).status_code == 303


def test_a_large_body_is_refused_everywhere_else(refunder: Browser, dispute: str) -> None:
    path = f"/staff/disputes/{dispute}/submission"
    answer = refunder.post(path, f"/staff/disputes/{dispute}", revision="0", much="x" * 300_000)
    assert answer.status_code == 413


def test_a_draft_that_another_changed_is_looked_at_again(
    refunder: Browser, staff_driver: StaffDriver, dispute: str
) -> None:
    save(refunder, dispute, uncategorized_text="Mine")
    other = save(staff_driver.signed_in("admin"), dispute, uncategorized_text="Theirs")
    assert other.status_code == 409
    assert "Theirs" in other.text
    (answer,) = staff_driver.do(_answers)
    assert answer.evidence == {"uncategorized_text": "Mine"}


def test_a_file_is_added_read_and_taken_out(refunder: Browser, dispute: str) -> None:
    assert upload(refunder, dispute, PDF).status_code == 303
    path = f"/staff/disputes/{dispute}"
    page = refunder.get(path).text
    address = page.split('href="/staff/dispute-files/')[1].split('"')[0]
    sent = refunder.get(f"/staff/dispute-files/{address}")
    assert (sent.data, sent.headers["Content-Type"]) == (PDF, "application/pdf")
    assert sent.headers["Content-Disposition"].startswith("attachment")
    refunder.post(f"/staff/dispute-files/{address}/removal", path, revision="1")
    assert "/staff/dispute-files/" not in refunder.get(path).text


@pytest.mark.parametrize(
    ("content", "status"), [(b"<script>", 422), (b"%PDF-" + b"x" * 4_600_000, 413)]
)
def test_a_file_that_no_bank_opens_is_not_taken(
    refunder: Browser, staff_driver: StaffDriver, dispute: str, content: bytes, status: int
) -> None:
    assert upload(refunder, dispute, content).status_code == status
    assert staff_driver.do(_answers) == []


def test_nothing_is_submitted_without_its_review(
    refunder: Browser, staff_driver: StaffDriver, dispute: str
) -> None:
    save(refunder, dispute, uncategorized_text="They got it")
    page = refunder.get(f"/staff/disputes/{dispute}/submission").text
    assert "They got it" in page
    assert "only once" in page
    assert staff_driver.do(_submissions) == 0
    assert submit(refunder, dispute, 1).status_code == 303
    assert staff_driver.do(_submissions) == 1
    (entry,) = staff_driver.entries("dispute.answer_confirmed")
    assert entry.actor.startswith("stf_")
    assert "Being submitted" in refunder.get(f"/staff/disputes/{dispute}").text


def test_a_form_that_is_sent_twice_submits_once(
    refunder: Browser, staff_driver: StaffDriver, dispute: str
) -> None:
    save(refunder, dispute, uncategorized_text="They got it")
    answers = [submit(refunder, dispute, 1).status_code for _ in range(2)]
    assert answers == [303, 409]
    assert staff_driver.do(_submissions) == 1


def test_a_review_that_is_out_of_date_submits_nothing(
    refunder: Browser, staff_driver: StaffDriver, dispute: str
) -> None:
    save(refunder, dispute, uncategorized_text="One")
    save(refunder, dispute, 1, uncategorized_text="Two")
    assert submit(refunder, dispute, 1).status_code == 409
    assert staff_driver.do(_submissions) == 0


def test_the_password_is_asked_for_before_it(
    refunder: Browser, staff_driver: StaffDriver, dispute: str
) -> None:
    save(refunder, dispute, uncategorized_text="They got it")
    staff_driver.do(_forget_password)
    review = refunder.get(f"/staff/disputes/{dispute}/submission")
    assert "/staff/confirm" in review.headers["Location"]
    sent = refunder.post(
        f"/staff/disputes/{dispute}/submission", f"/staff/disputes/{dispute}", revision="1"
    )
    assert "/staff/confirm" in sent.headers["Location"]
    assert staff_driver.do(_submissions) == 0


def test_support_prepares_and_a_refunder_submits(
    support: Browser, staff_driver: StaffDriver, dispute: str
) -> None:
    assert save(support, dispute, uncategorized_text="They got it").status_code == 303
    assert "Save, then review" not in support.get(f"/staff/disputes/{dispute}").text
    path = f"/staff/disputes/{dispute}"
    assert support.get(f"{path}/submission").status_code == 403
    assert support.post(f"{path}/submission", path, revision="1").status_code == 403
    assert staff_driver.do(_submissions) == 0


@pytest.mark.parametrize("role", ["viewer", "exporter"])
def test_who_only_looks_reads_and_changes_nothing(
    staff_driver: StaffDriver, dispute: str, role: str
) -> None:
    browser = staff_driver.signed_in(role)
    page = browser.get(f"/staff/disputes/{dispute}")
    assert page.status_code == 200
    assert "<textarea" not in page.text
    assert save(browser, dispute, uncategorized_text="x").status_code == 403
    assert upload(browser, dispute, PDF).status_code in (400, 403)
    assert staff_driver.do(_answers) == []


def test_a_dispute_that_was_decided_takes_no_answer(
    refunder: Browser, staff_driver: StaffDriver, stored_payments: StoredPayments
) -> None:
    stripe_id = staff_driver.do(_dispute, stored_payments.payment(), {"state": "lost"})
    id_ = staff_driver.do(_id_of, stripe_id)
    page = refunder.get(f"/staff/disputes/{id_}").text
    assert "No answer is asked for." in page
    assert "<textarea" not in page
    assert save(refunder, id_, uncategorized_text="x").status_code == 409


def test_a_dispute_of_nobody_is_not_found(refunder: Browser) -> None:
    for path in ("disputes/dsp_none", "disputes/dsp_none/submission", "dispute-files/dsf_none"):
        assert refunder.get(f"/staff/{path}").status_code == 404


@pytest.mark.parametrize("name", ["4242 4242 4242 4242.pdf", "card_4242-4242-4242-4242.pdf"])
def test_a_file_that_is_called_as_a_card_s_number_is_refused(
    refunder: Browser, staff_driver: StaffDriver, dispute: str, name: str
) -> None:
    refused = upload(refunder, dispute, PDF, name=name)
    assert refused.status_code == 422
    assert "looks like a card number" in refused.text
    assert upload(refunder, dispute, PDF, name="letter 4242.pdf").status_code == 303
    kept = staff_driver.do(_files)
    assert kept == ["letter 4242.pdf"]


@atomic
def _acceptances(session: Session) -> int:
    return len(session.scalars(select(Message).where(Message.command == "disputes.accept")).all())


def test_a_dispute_is_accepted_after_its_review_and_once(
    refunder: Browser, staff_driver: StaffDriver, dispute: str
) -> None:
    path = f"/staff/disputes/{dispute}"
    assert f'href="{path}/acceptance"' in refunder.get(path).text
    review = html.unescape(refunder.get(f"{path}/acceptance").text)
    assert "Give $10.99 up?" in review
    assert "This can't be undone." in review
    assert staff_driver.do(_acceptances) == 0
    sent = [refunder.post(f"{path}/acceptance", path, revision="0").status_code for _ in range(2)]
    assert (sent, staff_driver.do(_acceptances)) == ([303, 409], 1)
    (entry,) = staff_driver.entries("dispute.acceptance_confirmed")
    assert entry.actor.startswith("stf_")
    page = refunder.get(path).text
    assert "Being accepted." in page
    assert f"{path}/acceptance" not in page
    assert "Being accepted" in refunder.get("/staff/disputes").text
    assert refunder.get(f"{path}/acceptance").status_code == 409


def test_only_who_may_answer_the_bank_may_accept(
    support: Browser, staff_driver: StaffDriver, dispute: str
) -> None:
    path = f"/staff/disputes/{dispute}"
    assert "acceptance" not in support.get(path).text
    assert support.get(f"{path}/acceptance").status_code == 403
    assert support.post(f"{path}/acceptance", path, revision="0").status_code == 403
    assert staff_driver.do(_acceptances) == 0


def test_the_password_is_asked_for_before_a_dispute_is_accepted(
    refunder: Browser, staff_driver: StaffDriver, dispute: str
) -> None:
    path = f"/staff/disputes/{dispute}"
    staff_driver.do(_forget_password)
    assert "/staff/confirm" in refunder.get(f"{path}/acceptance").headers["Location"]
    sent = refunder.post(f"{path}/acceptance", path, revision="0")
    assert "/staff/confirm" in sent.headers["Location"]
    assert staff_driver.do(_acceptances) == 0
