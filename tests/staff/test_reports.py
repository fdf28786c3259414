"""Reports equal the rows that they count, whatever happened to them and wherever a day begins."""

from __future__ import annotations

import datetime as dt
import html
import random
import re
from concurrent.futures import ThreadPoolExecutor
from zoneinfo import ZoneInfo

import pytest
from flask import Flask
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from payments_app.core.db.clock import utcnow
from payments_app.core.db.session import atomic
from payments_app.core.extensions import db
from payments_app.payments.models import Transaction
from payments_app.payments.states import PUBLIC_STATE
from payments_app.staff.charts import bars, line
from payments_app.staff.reports import figures as figures_module
from payments_app.staff.reports.figures import DailyFigure, figures, keep_days
from payments_app.staff.reports.queries import groups
from payments_app.staff.reports.rollup_models import DailyPayments, PaymentDelta
from payments_app.staff.reports.rollups import aggregate_all, counts
from tests.accounts.staff_driver import Browser, StaffDriver
from tests.bystanders import own
from tests.payments.driver import PaymentDriver
from tests.refunds.refund_steps import give_back
from tests.staff.stored_payments import DECLINED, StoredPayments

pytestmark = [pytest.mark.portable, pytest.mark.dialect]

UTC = ZoneInfo("UTC")
NEPAL = ZoneInfo("Asia/Kathmandu")  # 5 h 45 min ahead
FIRST, LAST = dt.date(2026, 1, 1), dt.date(2026, 12, 31)


def counted(
    stored_payments: StoredPayments, zone: ZoneInfo = UTC
) -> dict[tuple[str, ...], tuple[int, int]]:
    with stored_payments.app.app_context():
        found = counts(db.session(), FIRST, LAST, zone)
    return {(str(c.day), c.currency, c.state, c.reason): (c.count, c.amount) for c in found}


def in_rows(
    stored_payments: StoredPayments, zone: ZoneInfo = UTC
) -> dict[tuple[str, ...], tuple[int, int]]:
    """The same, from the rows one by one."""
    sums: dict[tuple[str, ...], tuple[int, int]] = {}
    with stored_payments.app.app_context():
        for row in db.session().scalars(select(Transaction).where(own(Transaction))):
            error = row.error or {}
            reason = error.get("decline_code") or row.error_code or "unknown"
            day = str(row.created_at.astimezone(zone).date())
            key = (day, row.currency, row.state, reason if row.state == "failed" else "")
            count, amount = sums.get(key, (0, 0))
            sums[key] = (count + 1, amount + row.amount)
    return sums


def aggregate(stored_payments: StoredPayments, zone: ZoneInfo = UTC) -> int:
    with stored_payments.app.app_context():
        return aggregate_all(zone)


def rows_in(stored_payments: StoredPayments, model: type) -> int:
    with stored_payments.app.app_context():
        return len(db.session().scalars(select(model)).all())


def scatter(stored_payments: StoredPayments, seed: int, count: int = 30) -> list[str]:
    chance = random.Random(seed)
    start = dt.datetime(2026, 3, 28, tzinfo=dt.UTC)
    return [
        stored_payments.payment(
            phase := chance.choice(list(PUBLIC_STATE)),
            amount=chance.randrange(5000),
            currency=chance.choice(["usd", "jpy"]),
            created_at=start + dt.timedelta(minutes=chance.randrange(3 * 1440)),
            **({"error": DECLINED, "error_code": "card_declined"} if phase == "failed" else {}),
        )
        for _ in range(count)
    ]


@pytest.mark.parametrize("zone", [UTC, NEPAL, ZoneInfo("America/New_York")])
def test_counts_equal_the_rows(stored_payments: StoredPayments, zone: ZoneInfo) -> None:
    scatter(stored_payments, 1)
    assert counted(stored_payments, zone) == in_rows(stored_payments, zone)


def test_counts_equal_the_rows_half_aggregated(stored_payments: StoredPayments) -> None:
    ids = scatter(stored_payments, 2)
    aggregate(stored_payments)
    for id_ in ids[:10]:
        stored_payments.change(id_, state="complete", phase="complete", amount=7, error=None)
    scatter(stored_payments, 3)
    before = counted(stored_payments)
    assert before == in_rows(stored_payments)
    aggregate(stored_payments)
    assert counted(stored_payments) == before
    assert rows_in(stored_payments, PaymentDelta) == 0


def test_a_deleted_payment_is_not_counted(stored_payments: StoredPayments) -> None:
    @atomic
    def add_and_remove(session: Session) -> None:
        row = Transaction(amount=5, currency="usd", email="a@example.com", description="x")
        session.add(row)
        session.flush()
        session.execute(delete(Transaction).where(Transaction.id == row.id))

    with stored_payments.app.app_context():
        add_and_remove()
    assert rows_in(stored_payments, PaymentDelta) == 2
    assert counted(stored_payments) == {}


def test_a_change_that_counts_nothing_leaves_no_delta(stored_payments: StoredPayments) -> None:
    id_ = stored_payments.payment()
    aggregate(stored_payments)
    stored_payments.change(id_, receipt_url="https://example.com")
    assert rows_in(stored_payments, PaymentDelta) == 0


def test_a_change_undone_leaves_nothing(stored_payments: StoredPayments) -> None:
    @atomic
    def fail(session: Session) -> None:
        session.add(Transaction(amount=5, currency="usd", email="a@example.com", description="x"))
        session.flush()
        raise RuntimeError("undone")

    with stored_payments.app.app_context(), pytest.raises(RuntimeError):
        fail()
    assert rows_in(stored_payments, PaymentDelta) == 0


def test_aggregating_in_parallel_counts_once(stored_payments: StoredPayments) -> None:
    scatter(stored_payments, 5, 40)
    expected = in_rows(stored_payments)
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: aggregate(stored_payments), range(4)))
    assert counted(stored_payments) == expected


@pytest.mark.alone
def test_another_zone_counts_every_day_anew(stored_payments: StoredPayments) -> None:
    scatter(stored_payments, 6)
    aggregate(stored_payments, UTC)
    aggregate(stored_payments, NEPAL)
    assert counted(stored_payments, NEPAL) == in_rows(stored_payments, NEPAL)
    assert rows_in(stored_payments, DailyPayments) == len(in_rows(stored_payments, NEPAL))


def test_a_very_long_code_fails_no_payment(stored_payments: StoredPayments) -> None:
    stored_payments.decline(error=DECLINED | {"decline_code": "x" * 300})
    assert rows_in(stored_payments, PaymentDelta) == 1


def test_the_page_shows_volume_rate_and_reasons_with_their_table(
    viewer: Browser, stored_payments: StoredPayments
) -> None:
    stored_payments.payment(amount=1099)
    stored_payments.payment(amount=2000)
    stored_payments.decline()
    page = viewer.get("/staff/reports").text
    assert "$30.99" in page
    assert "66.7 %" in page
    assert "Insufficient funds" in page
    assert page.count("<svg") == 2
    assert "By day" in page


def test_an_empty_shop_has_an_empty_report(viewer: Browser) -> None:
    assert "No payment began in the last 7 days." in viewer.get("/staff/reports?days=7").text


@pytest.mark.parametrize("query", ["days=999999", "days=x", "currency=dollars", "days=%27"])
def test_an_odd_range_is_refused(viewer: Browser, query: str) -> None:
    assert viewer.get(f"/staff/reports?{query}").status_code == 422


def test_the_sales_summary_is_for_staff(
    staff_driver: StaffDriver, stored_payments: StoredPayments
) -> None:
    stored_payments.payment(amount=1099)
    assert staff_driver.browser().client.get("/api/v1/reports/sales_summary").status_code == 401
    answer = staff_driver.signed_in().client.get("/api/v1/reports/sales_summary")
    assert answer.headers["Cache-Control"] == "private, no-store, no-cache, must-revalidate"
    sales = answer.get_json()["today"]["usd"]
    assert sales == {"payments": 1, "failed": 0, "amount": 1099, "formatted": "$10.99"}


def test_the_sales_summary_is_kept_for_a_while(
    viewer: Browser, stored_payments: StoredPayments
) -> None:
    address = "/api/v1/reports/sales_summary"
    first = viewer.client.get(address).get_json()
    stored_payments.payment(created_at=utcnow())
    assert viewer.client.get(address).get_json() == first


def test_a_day_without_payments_is_a_gap_in_the_line_and_no_zero() -> None:
    days = [dt.date(2026, 1, n) for n in range(1, 6)]
    drawn = line(days, [100.0, 50.0, None, 0.0, None])
    assert len(drawn.pieces) == 1
    assert (448.0, 180.0) in drawn.dots


def test_a_line_says_its_last_value() -> None:
    days = [dt.date(2026, 1, n) for n in (1, 2, 3)]
    assert line(days, [100.0, 97.25, None]).words == "97.2 %"
    assert line(days, [None, None, None]).words == ""


def test_the_overview_draws_today_beside_the_week_before(
    viewer: Browser, stored_payments: StoredPayments
) -> None:
    stored_payments.payment(amount=1099)
    stored_payments.payment(amount=2000, created_at=utcnow() - dt.timedelta(days=7))
    page = viewer.get("/staff").text
    assert "$10.99 paid today so far; a week ago $20.00 by this hour, $20.00 in all" in page


def test_bars_of_nothing_are_flat() -> None:
    drawn = bars([dt.date(2026, 1, 1)], [0], ["$0.00"])
    assert [bar.height for bar in drawn.bars] == [0]


def test_a_reason_leads_to_as_many_payments_as_it_counts(
    viewer: Browser, stored_payments: StoredPayments
) -> None:
    stored_payments.decline()
    stored_payments.decline(created_at=utcnow() - dt.timedelta(days=20))
    page = viewer.get("/staff/reports?days=7").text
    (link,) = re.findall(r'href="(/staff/payments\?[^"]*reason=[^"]*)"', page)
    assert viewer.get(html.unescape(link)).text.count('data-label="Reason"') == 1
    page = viewer.get("/staff/reports?days=30").text
    (link,) = re.findall(r'href="(/staff/payments\?[^"]*reason=[^"]*)"', page)
    assert viewer.get(html.unescape(link)).text.count('data-label="Reason"') == 2


def test_no_list_of_reasons_is_cut_silently(
    viewer: Browser, stored_payments: StoredPayments
) -> None:
    for number in range(14):
        stored_payments.decline(error=DECLINED | {"decline_code": f"code_{number}"})
    assert "2 other reasons" in viewer.get("/staff/reports").text


def test_a_reason_of_nobody_s_is_no_link(viewer: Browser, stored_payments: StoredPayments) -> None:
    stored_payments.payment("canceled")
    assert "reason=unknown" not in viewer.get("/staff/reports").text


def test_an_order_that_was_paid_at_its_second_attempt_counts_as_paid(
    app: Flask, viewer: Browser
) -> None:
    with app.app_context():
        driver = PaymentDriver(app)
        order = driver.create_order()
        driver.pay("pm_card_visa_chargeDeclined", order)
        driver.pay(order=order)
        driver.pay("pm_card_visa_chargeDeclined")
    page = " ".join(viewer.get("/staff/reports").text.split())
    assert "50.0 %" in page
    assert "1 of 2;" in page
    assert "33.3 %" in page


def test_net_is_gross_without_refunds_disputes_and_fees(app: Flask, viewer: Browser) -> None:
    with app.app_context():
        driver = PaymentDriver(app)
        give_back(driver, driver.pay(), 300)
    page = viewer.get("/staff/reports").text
    for words in ("$10.99", "\u2212$3.00", "\u2212$0.62", "$7.37"):
        assert words in page


def test_the_period_before_stands_beside(viewer: Browser, stored_payments: StoredPayments) -> None:
    stored_payments.payment(amount=1099)
    stored_payments.payment(amount=4321, created_at=utcnow() - dt.timedelta(days=10))
    assert "$43.21 in the 7 days before" in " ".join(
        viewer.get("/staff/reports?days=7").text.split()
    )


@pytest.mark.parametrize(("days", "most"), [(7, 7), (30, 30), (90, 13), (365, 13)])
def test_no_chart_has_more_points_than_an_eye_tells_apart(days: int, most: int) -> None:
    last = dt.date(2026, 11, 26)
    grouped = groups(last - dt.timedelta(days=days - 1), last)
    assert (len(grouped) <= most, sum(len(of) for _, of in grouped)) == (True, days)
    assert [day for _, of in grouped for day in of] == [
        last - dt.timedelta(days=n) for n in reversed(range(days))
    ]


def test_a_day_that_is_kept_says_what_it_says_worked_out(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    with app.app_context():
        driver = PaymentDriver(app)
        give_back(driver, driver.pay(), 300)
        driver.pay("pm_card_visa_chargeDeclined")
        today = utcnow().date()
        before = figures(db.session(), today, today, UTC, "usd")
        db.session.rollback()
        monkeypatch.setattr(figures_module, "_OPEN_DAYS", 0)
        keep_days(UTC)
        kept = figures(db.session(), today, today, UTC, "usd")
        assert kept == before
        assert kept["stripe_balance"] == 737
        rows = select(DailyFigure).where(DailyFigure.day == today)
        assert len(db.session.scalars(rows).all()) == len(kept) + 1
