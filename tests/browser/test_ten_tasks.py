"""Ten questions that support is asked, each answered as a new member of staff would: from the page
after sign-in, by what the pages offer, in at most eight clicks."""

from __future__ import annotations

import datetime as dt
import os
import re
import secrets
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from playwright.sync_api import Browser, Locator, Page, expect
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from parts.app import Web
from parts.ports import LOOPBACK, free_port
from parts.postgres import create_database
from parts.settings import private_settings
from payments_app.accounts.models import StaffSession
from payments_app.core.db.clock import database_now, utcnow
from payments_app.core.db.session import atomic
from payments_app.core.extensions import db
from payments_app.payments.disputes.answer_models import DisputeAnswer
from payments_app.payments.disputes.models import Dispute
from tests.accounts.staff_driver import PASSWORD
from tests.browser import planted as said
from tests.browser.planted import Planted, plant
from tests.staff.stored_payments import StoredPayments
from tests.staff.test_disputes import _dispute

pytestmark = pytest.mark.browser

MOST = 8  # clicks for a task
WIDE = {"width": 1280, "height": 900}


@pytest.fixture(scope="module")
def desk_web(
    postgres_url: str,
    redis_url: str,
    sandbox_url: str,
    worker_number: int,
    migrated: str,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Web]:
    """A site of its own: an incident is open in it. No worker ends it."""
    name = f"desk_{worker_number}_{secrets.token_hex(6)}"
    base, first, port = redis_url.rpartition("/")[0], 32 + 2 * worker_number, free_port()
    directory = tmp_path_factory.mktemp("desk")
    settings = private_settings(
        database_url=create_database(postgres_url, name, migrated),
        redis_url=f"{base}/{first}",
        cache_redis_url=f"{base}/{first + 1}",
        sandbox_url=sandbox_url,
    ) | {"DATA_DIR": str(directory), "PUBLIC_URL": f"http://{LOOPBACK}:{port}"}
    with Web(directory, settings, port) as web:
        yield web


@pytest.fixture(scope="module")
def desk_app(desk_web: Web) -> Iterator[Flask]:
    from payments_app import create_app
    from payments_app.config import Config
    from payments_app.core.extensions import db

    assert desk_web.env is not None
    app = create_app(Config.from_env(desk_web.env))
    yield app
    with app.app_context():
        db.engine.dispose()


@pytest.fixture(scope="module")
def planted(desk_app: Flask) -> Planted:
    return plant(desk_app)


class Member:
    """A new member of staff, whose clicks are counted once they are in. What is typed into one
    field counts one, with the key that sends it."""

    def __init__(self, page: Page) -> None:
        self.page, self.clicks = page, 0
        page.set_default_timeout(8_000)

    def sign_in(self) -> None:
        self.page.goto("/staff/login")
        self.page.get_by_label("E-mail").fill(said.NEW_MEMBER)
        self.page.get_by_label("Password").fill(PASSWORD)
        self.page.get_by_role("button", name="Sign in").click()
        expect(self.page.get_by_role("heading", level=1)).to_have_text("Today")

    def click(self, target: Locator) -> None:
        self.clicks += 1
        target.click()

    def link(self, name: str | re.Pattern[str], *, within: Locator | None = None) -> None:
        self.click((within or self.page).get_by_role("link", name=name).first)

    def menu(self, name: str) -> None:
        menu = self.page.get_by_role("navigation", name="Dashboard")
        self.click(menu.get_by_role("link", name=re.compile(rf"^{name}\b")))

    def button(self, name: str) -> None:
        self.click(self.page.get_by_role("button", name=name).first)

    def fill(self, label: str, text: str) -> None:
        self.clicks += 1
        self.page.get_by_label(label).fill(text)

    def choose(self, label: str, option: str) -> None:
        self.clicks += 1
        self.page.get_by_label(label).select_option(option)

    def look_for(self, text: str) -> None:
        self.clicks += 1
        box = self.page.get_by_role("searchbox", name="Search payments")
        box.fill(text)
        box.press("Enter")

    def open_row(self, reference: str) -> None:
        self.link(reference)

    @property
    def main(self) -> Locator:
        return self.page.get_by_role("main")

    def reads(self, *words: str) -> None:
        for each in words:
            expect(self.main).to_contain_text(each)


@pytest.fixture
def member(
    browser: Browser, desk_web: Web, planted: Planted, request: pytest.FixtureRequest
) -> Iterator[Member]:
    context = browser.new_context(base_url=desk_web.url, locale="en-US", viewport=WIDE)
    member = Member(context.new_page())
    member.sign_in()
    yield member
    if shots := os.environ.get("SHOTS"):
        _take(member.page, Path(shots), request.node.name)
        print(f"CLICKS {request.node.name}: {member.clicks}")
    context.close()
    assert member.clicks <= MOST


def _take(page: Page, directory: Path, name: str) -> None:
    for width, theme in ((1280, "light"), (1280, "dark"), (390, "light"), (390, "dark")):
        page.emulate_media(color_scheme=theme)
        page.set_viewport_size({"width": width, "height": 900})
        page.screenshot(path=directory / f"{name}-{width}-{theme}.png", full_page=True)


def test_she_says_that_she_was_charged_twice_for_the_mug(member: Member, planted: Planted) -> None:
    member.menu("Double payments")
    pair = member.page.get_by_role("row").filter(has_text=said.GRACE)
    expect(pair).to_have_count(1)
    expect(pair).to_contain_text("Enamel mug")
    expect(pair).to_contain_text(planted.reference("mug"))
    expect(member.main).not_to_contain_text(said.STRANGER)
    member.link("Refund the second", within=pair)
    member.reads("You refund $24.00 of $24.00", "Paid twice", planted.reference("mug"))
    member.button("Refund $24.00")
    member.reads(f"{said.NEW_MEMBER} asked to refund $24.00")
    assert planted.ids["mug again"] in member.page.url


def test_why_did_this_card_fail_and_may_she_try_it_again(member: Member, planted: Planted) -> None:
    member.look_for("9995")
    member.open_row(planted.reference("declined"))
    member.reads("insufficient funds", "May it be tried again? Any time.")


def test_refund_one_of_the_three_bags(member: Member, planted: Planted) -> None:
    member.look_for(said.IDA)
    member.open_row(planted.reference("bags"))
    member.link("Refund")
    member.choose("Canvas bag", "1")
    member.fill("Reason (only staff see it)", "One came torn")
    member.button("Review the refund")
    member.reads("You refund $49.50 of $148.50", "1 of 3 \u00d7 Canvas bag")
    member.button("Refund $49.50")
    member.reads(f"{said.NEW_MEMBER} asked to refund $49.50", "1 of 3 \u00d7 Canvas bag")
    expect(member.page.get_by_text("What happened")).to_be_in_viewport()


def test_did_the_receipt_go_out_and_to_which_address(member: Member, planted: Planted) -> None:
    member.look_for("tom@")
    member.open_row(planted.reference("receipt"))
    member.reads("Receipt mailed", f"to {said.TOM}")


def test_which_payments_did_tuesdays_outage_touch_and_are_they_all_right(
    member: Member, planted: Planted
) -> None:
    member.menu("Alerts")
    member.link("Past incidents")
    outage = member.page.get_by_role("row").filter(has_text=re.compile(f"Tue.*{said.OUTAGE}", re.S))
    member.link("Payments that it touched", within=outage)
    member.reads("2 were paid, 1 failed, none is pending", "Nothing is left to do")
    for name in ("first of outage", "second of outage", "failed in outage"):
        member.reads(planted.reference(name))
    expect(member.main).not_to_contain_text(planted.reference("beside the outage"))


def test_what_must_be_answered_this_week_at_the_bank(member: Member, planted: Planted) -> None:
    member.menu("Disputes")
    waiting = member.page.get_by_role("region", name="Disputes that need a response")
    rows = waiting.get_by_role("row")
    expect(rows.nth(1)).to_contain_text(planted.reference("disputed"))
    expect(rows.nth(1)).to_contain_text("in 2 days")
    expect(rows.nth(2)).to_contain_text("in 18 days")
    expect(member.main).to_contain_text("1 within 7 days")


def test_why_is_tuesdays_payout_not_tuesdays_sales(member: Member, planted: Planted) -> None:
    member.menu("Payouts")
    member.link("po_tuesday", within=member.page.get_by_role("row").filter(has_text="Tue"))
    member.reads(
        "$86.90",
        "$100.00 of payments",
        "$3.10 of fees",
        "$10.00 of refunds",
        "is not the sales of a day",
        "in a later payout",
        planted.reference("friday"),
    )


def test_send_him_a_link_for_the_40_dollars_that_he_owes(member: Member) -> None:
    member.menu("Payment links")
    member.link("Ask for a payment")
    member.fill("Amount", "40")
    member.fill("What for", "The lamp that was missing")
    member.fill("Customer's e-mail", said.PAUL)
    member.button("Create the link")
    member.reads("$40.00", f"To {said.PAUL}: on its way")


def test_who_refunded_order_x_and_why(member: Member) -> None:
    member.look_for(f"Order #{said.REFUNDED_ORDER}")
    member.link(re.compile("^[0-9A-Z]{4}-[0-9A-Z]{4}$"), within=member.main)
    member.reads(said.COLLEAGUE, said.WHY_REFUNDED, "$48.00")


def test_is_anything_wrong_right_now(member: Member) -> None:
    banner = member.page.locator("#incident")
    for each in ("Stripe does not answer", "1 payment waits", "Nobody is charged twice"):
        expect(banner).to_contain_text(each)


def test_the_incident_is_as_wide_on_a_narrow_page(member: Member) -> None:
    banner = member.page.locator("#incident .problem")
    wide = banner.bounding_box()
    member.page.goto("/staff/password")
    assert banner.bounding_box() == wide


@atomic
def _last_confirmed(session: Session, seconds: float) -> None:
    """Each member typed their password so long ago."""
    session.execute(update(StaffSession).values(confirmed_at=database_now(-seconds)))


def test_a_dispute_is_given_up_after_a_review_and_the_password(
    member: Member, desk_app: Flask
) -> None:
    """Until the last click nothing is, and the other disputes stay as they are."""
    later = {"due_by": utcnow() + dt.timedelta(days=40)}
    paid = StoredPayments(desk_app).payment(email="gives.up@buyers.example.com")
    with desk_app.app_context():
        stripe_id = _dispute(paid, later)
        mine = select(Dispute.id).where(Dispute.stripe_dispute_id == stripe_id)
        id_ = db.session.scalars(mine).one()
        _last_confirmed(3600)
    member.page.goto(f"/staff/disputes/{id_}")
    member.link("Accept the dispute")
    member.fill("Password of", PASSWORD)
    member.button("Continue")
    member.reads("Give $10.99 up?", "gives.up@buyers.example.com", "This can't be undone.")
    with desk_app.app_context():
        answers = select(DisputeAnswer).where(DisputeAnswer.dispute_id == id_)
        assert db.session.scalars(answers).all() == []
    if shots := os.environ.get("SHOTS"):
        _take(member.page, Path(shots), "accept-a-dispute")
    member.button("Accept the dispute for good")
    member.reads("Being accepted.", f"Confirmed by {said.NEW_MEMBER}")
    expect(member.main.get_by_role("link", name="Accept the dispute")).to_have_count(0)
    with desk_app.app_context():
        asked = db.session.scalars(answers).one()
        assert asked.accepted_at is not None
        db.session.remove()


MEASURED = """() => {
  document.querySelector("#incident").replaceChildren();
  return [...document.querySelectorAll("tr:has(a.go)")].map((row) => {
    const box = row.getBoundingClientRect();
    return [box.top, box.height];
  });
}"""


def test_fourteen_payments_are_above_the_fold_and_a_phone_begins_with_one(member: Member) -> None:
    """Without an incident's banner: what is wrong comes first."""
    page = member.page
    page.goto("/staff/payments")
    rows = page.evaluate(MEASURED)
    assert {round(height) for _, height in rows} == {40}
    assert len([top for top, height in rows if top + height <= WIDE["height"]]) >= 14
    page.set_viewport_size({"width": 390, "height": 844})
    (top, _), *_ = page.evaluate(MEASURED)
    assert top < 320


def test_the_tab_key_stays_in_a_dialog(member: Member) -> None:
    page = member.page
    page.keyboard.press("?")
    expect(page.locator("dialog:modal")).to_be_visible()
    inside = "document.querySelector('dialog').contains(document.activeElement)"
    reached = []
    for _ in range(6):
        page.keyboard.press("Tab")
        reached.append(page.evaluate(f"document.activeElement === document.body || {inside}"))
    assert (all(reached), page.evaluate(inside) or reached[0]) == (True, True)
    page.keyboard.press("Escape")
    expect(page.locator("dialog")).to_have_count(0)
