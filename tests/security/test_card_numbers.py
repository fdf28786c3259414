"""No free text of staff or of a merchant keeps a card's number, nor does a log."""

from __future__ import annotations

import re

import pytest
from flask import Flask
from flask.testing import FlaskClient, FlaskCliRunner
from sqlalchemy import select
from sqlalchemy.orm import Session

from demo.products import add_demo_products
from payments_app.core import history
from payments_app.core.card_numbers import CardNumberError, mask, refuse
from payments_app.core.db.session import atomic
from payments_app.core.logs import redact
from payments_app.merchants.models import Endpoint
from payments_app.ops import dead_letters
from tests.accounts.staff_driver import Browser, StaffDriver
from tests.browser.dashboard import Dashboard
from tests.bystanders import own
from tests.checkout.checkout_client import CheckoutClient
from tests.security.card_forms import kept, spoil_every_form
from tests.security.card_texts import CARDS, VISA, ordinary_texts
from tests.staff.stored_payments import StoredPayments

pytestmark = pytest.mark.portable


@pytest.fixture
def staff_driver(app: Flask) -> StaffDriver:
    return StaffDriver(app)


@pytest.fixture
def stored_payments(app: Flask) -> StoredPayments:
    return StoredPayments(app)


@pytest.fixture
def refunder(staff_driver: StaffDriver) -> Browser:
    return staff_driver.signed_in("refunder")


def test_a_note_and_a_refund_s_reason_are_refused_whatever_stands_between(
    staff_driver: StaffDriver, refunder: Browser, stored_payments: StoredPayments
) -> None:
    id_ = stored_payments.payment()
    refunds = f"/staff/payments/{id_}/refunds"
    for name, text in CARDS.items():
        said = f"They said {text}, thanks"
        answers = [
            refunder.post(f"/staff/payments/{id_}/notes", text=said),
            refunder.post(refunds, refunds, amount="5.00", reason=said),
        ]
        assert [answer.status_code for answer in answers] == [422, 422], name
        assert all("looks like a card number" in answer.text for answer in answers)
    assert VISA not in staff_driver.do(kept)


@pytest.mark.parametrize(
    ("field", "typed"),
    [
        ("email", f"{VISA}@example.com"),
        ("email", "4242.4242.4242.4242@example.com"),
        ("email", f"ada@{VISA}.example.com"),
        ("payment_method", f"card_{VISA}"),
        ("confirmation_token", f"ctoken_{VISA}"),
        ("saved_card", f"card_{VISA}"),
    ],
)
def test_no_field_of_a_buyer_keeps_one(
    app: Flask, client: FlaskClient, staff_driver: StaffDriver, field: str, typed: str
) -> None:
    staff_driver.do(add_demo_products)
    checkout = CheckoutClient(app, client)
    other = checkout.pay()
    card = {"payment_method": None} if field != "email" else {}
    answer = checkout.post(**(card | {field: typed}))
    assert answer.status_code == 422
    assert "card number" in answer.json["error"]["fields"][field]
    form = checkout.form() | {field: typed}
    page = checkout.send(form, "pm_card_visa" if field == "email" else None)
    assert (page.status_code, "card number" in page.text) == (422, True)
    assert VISA not in staff_driver.do(kept)
    assert (checkout.count(), checkout.status(other)["state"]) == (1, "complete")


@pytest.mark.parametrize(
    ("path", "page"),
    [
        ("/account/links", "/account"),
        ("/staff/login", "/staff/login"),
    ],
)
def test_who_asks_for_a_link_or_signs_in_types_none(
    staff_driver: StaffDriver, path: str, page: str
) -> None:
    answer = staff_driver.browser().post(path, page, email=f"{VISA}@example.com", password="x")
    assert (answer.status_code, "card number" in answer.text) == (422, True)
    assert VISA not in staff_driver.do(kept)


def test_an_ordinary_note_is_kept(
    staff_driver: StaffDriver, refunder: Browser, stored_payments: StoredPayments
) -> None:
    id_ = stored_payments.payment()
    texts = [text for text in ordinary_texts() if text][::7]
    for text in texts:
        assert refunder.post(f"/staff/payments/{id_}/notes", text=text).status_code == 303, text
    assert [entry.data["text"] for entry in staff_driver.entries("staff.note")] == texts


@pytest.mark.expects_failure("reports.aggregate")
def test_no_form_of_staff_keeps_one(
    app: Flask, staff_driver: StaffDriver, caplog: pytest.LogCaptureFixture
) -> None:
    """Also one that somebody adds tomorrow: every field of every form, in every POST."""
    values = Dashboard(app).values
    values["endpoint_id"] = staff_driver.do(_an_endpoint)
    values["staff_id"] = staff_driver.member("colleague@example.com")
    browser = staff_driver.signed_in("admin")
    assert spoil_every_form(app, "staff", browser, "/staff/password", values) > 20
    assert VISA not in staff_driver.do(kept)
    assert VISA not in re.sub(r"\D+", "", redact(caplog.text))


@atomic
def _an_endpoint(session: Session) -> str:
    return session.scalars(select(Endpoint.id).where(own(Endpoint))).first() or ""


@atomic
def _note(session: Session, text: str, kind: str = "staff") -> None:
    history.record(session, kind, "tomorrow.form", actor=text, told={"why": [text], "n": 5})


@pytest.mark.parametrize("kind", ["staff", "system"])
def test_what_a_form_let_through_is_masked_where_history_is_written(
    staff_driver: StaffDriver, kind: str
) -> None:
    for text in CARDS.values():
        staff_driver.do(_note, f"They said {text}, thanks", kind)
    entries = staff_driver.entries("tomorrow.form")
    assert len(entries) == len(CARDS)
    for entry in entries:
        refuse(entry.actor, entry.data["told"]["why"][0])
        assert "thanks" in entry.data["told"]["why"][0]
        assert entry.data["told"]["n"] == 5


def test_history_keeps_an_ordinary_text_as_it_is(staff_driver: StaffDriver) -> None:
    for text in ordinary_texts():
        staff_driver.do(_note, text)
    assert [entry.actor for entry in staff_driver.entries("tomorrow.form")] == ordinary_texts()


def test_a_denied_address_with_a_card_number_is_masked(staff_driver: StaffDriver) -> None:
    staff_driver.signed_in("viewer").get(f"/staff/reconciliation/{VISA}/fixes")
    (denial,) = staff_driver.entries("staff.denied")
    assert VISA not in str(denial.data)


def test_a_log_shows_none(stored_payments: StoredPayments) -> None:
    for name, text in CARDS.items():
        line = redact(f"They said {text}, thanks")
        assert "[card number cut]" in line, name
        assert line.endswith(", thanks")
    for text in ordinary_texts():
        assert redact(f"note: {text}") == f"note: {text}"


def test_a_search_for_a_whole_card_number_is_neither_made_nor_repeated(
    staff_driver: StaffDriver, refunder: Browser
) -> None:
    answer = refunder.get("/staff/payments", query_string={"q": "4242 4242 4242 4242"})
    assert answer.status_code == 422
    assert "last four digits" in answer.text
    assert "4242 4242" not in answer.text
    answer = staff_driver.signed_in("exporter").get("/staff/payments.csv?reason=4242424242424242")
    assert answer.status_code == 422
    assert staff_driver.entries("staff.exported") == []


def test_the_command_line_takes_none(staff_driver: StaffDriver, cli: FlaskCliRunner) -> None:
    for arguments in (
        ["queues", "discard", "1", "--reason", CARDS["slashes"]],
        ["queues", "retry", "1", "--reason", "mended", "--by", VISA],
        ["alerts", "acknowledge", "1", "--by", CARDS["underscores"]],
        ["merchants", "add-endpoint", f"https://192.0.43.8/{VISA}"],
        ["staff", "create", f"{VISA}@example.com", "--password-stdin"],
    ):
        done = cli.invoke(args=arguments, input="correct horse battery")
        assert done.exit_code != 0
        assert "card number" in done.output, arguments
    assert VISA not in staff_driver.do(kept)


def test_a_function_refuses_before_it_looks_for_anything(app_context: None) -> None:
    for decide in (dead_letters.retry, dead_letters.discard):
        with pytest.raises(CardNumberError):
            decide(1, CARDS["line breaks"], "ada")


def test_one_that_nobody_expected_is_a_sentence_and_no_fault(app: Flask) -> None:
    from payments_app.core.web.access import public

    @public
    def tomorrow() -> str:
        refuse(VISA)
        return ""

    app.add_url_rule("/tomorrow", "tomorrow", tomorrow)
    answer = app.test_client().get("/tomorrow")
    assert answer.status_code == 422
    assert answer.json["error"]["code"] == "card_number"


def test_a_mask_is_no_card_number_again() -> None:
    assert mask(mask(VISA)) == mask(VISA)
