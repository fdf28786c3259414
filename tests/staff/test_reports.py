"""Reports equal the rows that they count, whatever happened to them and wherever a day begins."""

from __future__ import annotations

import datetime as dt
import random
from concurrent.futures import ThreadPoolExecutor
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from payments_app.core.db.clock import utcnow
from payments_app.core.db.session import atomic
from payments_app.core.extensions import db
from payments_app.payments.models import Transaction
from payments_app.payments.states import PUBLIC_STATE
from payments_app.staff.reports.charts import bars, line
from payments_app.staff.reports.rollups import DailyPayments, PaymentDelta, counts, fold_all
from tests.accounts.staff_driver import Browser, Desk
from tests.staff.stored_payments import DECLINED, Files

pytestmark = pytest.mark.portable

UTC = ZoneInfo("UTC")
NEPAL = ZoneInfo("Asia/Kathmandu")  # 5 h 45 min ahead
FIRST, LAST = dt.date(2026, 1, 1), dt.date(2026, 12, 31)


def counted(files: Files, zone: ZoneInfo = UTC) -> dict[tuple[str, ...], tuple[int, int]]:
    with files.app.app_context():
        found = counts(db.session(), FIRST, LAST, zone)
    return {(str(c.day), c.currency, c.state, c.reason): (c.count, c.amount) for c in found}


def in_rows(files: Files, zone: ZoneInfo = UTC) -> dict[tuple[str, ...], tuple[int, int]]:
    """The same, from the rows one by one."""
    sums: dict[tuple[str, ...], tuple[int, int]] = {}
    with files.app.app_context():
        for row in db.session().scalars(select(Transaction)):
            error = row.error or {}
            reason = error.get("decline_code") or row.error_code or "unknown"
            day = str(row.created_at.astimezone(zone).date())
            key = (day, row.currency, row.state, reason if row.state == "failed" else "")
            count, amount = sums.get(key, (0, 0))
            sums[key] = (count + 1, amount + row.amount)
    return sums


def fold(files: Files, zone: ZoneInfo = UTC) -> int:
    with files.app.app_context():
        return fold_all(zone)


def rows_in(files: Files, model: type) -> int:
    with files.app.app_context():
        return len(db.session().scalars(select(model)).all())


def scatter(files: Files, seed: int, count: int = 30) -> list[str]:
    chance = random.Random(seed)
    start = dt.datetime(2026, 3, 28, tzinfo=dt.UTC)
    return [
        files.payment(
            phase := chance.choice(list(PUBLIC_STATE)),
            amount=chance.randrange(5000),
            currency=chance.choice(["usd", "jpy"]),
            created_at=start + dt.timedelta(minutes=chance.randrange(3 * 1440)),
            **({"error": DECLINED, "error_code": "card_declined"} if phase == "failed" else {}),
        )
        for _ in range(count)
    ]


@pytest.mark.parametrize("zone", [UTC, NEPAL, ZoneInfo("America/New_York")])
def test_counts_equal_the_rows(files: Files, zone: ZoneInfo) -> None:
    scatter(files, 1)
    assert counted(files, zone) == in_rows(files, zone)


def test_counts_equal_the_rows_half_folded(files: Files) -> None:
    ids = scatter(files, 2)
    fold(files)
    for id_ in ids[:10]:
        files.change(id_, state="complete", phase="complete", amount=7, error=None)
    scatter(files, 3)
    before = counted(files)
    assert before == in_rows(files)
    fold(files)
    assert counted(files) == before
    assert rows_in(files, PaymentDelta) == 0


def test_a_deleted_payment_is_not_counted(files: Files) -> None:
    @atomic
    def add_and_remove(session: Session) -> None:
        row = Transaction(amount=5, currency="usd", email="a@example.com", description="x")
        session.add(row)
        session.flush()
        session.execute(delete(Transaction).where(Transaction.id == row.id))

    with files.app.app_context():
        add_and_remove()
    assert rows_in(files, PaymentDelta) == 2
    assert counted(files) == {}


def test_a_change_that_counts_nothing_leaves_no_delta(files: Files) -> None:
    id_ = files.payment()
    fold(files)
    files.change(id_, receipt_url="https://example.com")
    assert rows_in(files, PaymentDelta) == 0


def test_a_change_undone_leaves_nothing(files: Files) -> None:
    @atomic
    def fail(session: Session) -> None:
        session.add(Transaction(amount=5, currency="usd", email="a@example.com", description="x"))
        session.flush()
        raise RuntimeError("undone")

    with files.app.app_context(), pytest.raises(RuntimeError):
        fail()
    assert rows_in(files, PaymentDelta) == 0


def test_folding_in_parallel_counts_once(files: Files) -> None:
    scatter(files, 5, 40)
    expected = in_rows(files)
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: fold(files), range(4)))
    assert counted(files) == expected


def test_another_zone_counts_every_day_anew(files: Files) -> None:
    scatter(files, 6)
    fold(files, UTC)
    fold(files, NEPAL)
    assert counted(files, NEPAL) == in_rows(files, NEPAL)
    assert rows_in(files, DailyPayments) == len(in_rows(files, NEPAL))


def test_a_very_long_code_fails_no_payment(files: Files) -> None:
    files.decline(error=DECLINED | {"decline_code": "x" * 300})
    assert rows_in(files, PaymentDelta) == 1


def test_the_page_shows_volume_rate_and_reasons_with_their_table(
    viewer: Browser, files: Files
) -> None:
    files.payment(amount=1099)
    files.payment(amount=2000)
    files.decline()
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


def test_the_sales_summary_is_for_staff(desk: Desk, files: Files) -> None:
    files.payment(amount=1099)
    assert desk.browser().client.get("/api/v1/reports/sales_summary").status_code == 401
    answer = desk.signed_in().client.get("/api/v1/reports/sales_summary")
    assert answer.headers["Cache-Control"] == "private, no-store, no-cache, must-revalidate"
    sales = answer.get_json()["today"]["usd"]
    assert sales == {"payments": 1, "failed": 0, "amount": 1099, "formatted": "$10.99"}


def test_the_sales_summary_is_kept_for_a_while(viewer: Browser, files: Files) -> None:
    address = "/api/v1/reports/sales_summary"
    first = viewer.client.get(address).get_json()
    files.payment(created_at=utcnow())
    assert viewer.client.get(address).get_json() == first


def test_a_day_without_payments_is_a_gap_in_the_line_and_no_zero() -> None:
    days = [dt.date(2026, 1, n) for n in range(1, 6)]
    drawn = line(days, [100.0, 50.0, None, 0.0, None])
    assert len(drawn.pieces) == 1
    assert (448.0, 180.0) in drawn.dots


def test_bars_of_nothing_are_flat() -> None:
    drawn = bars([dt.date(2026, 1, 1)], [0], ["$0.00"])
    assert [bar.height for bar in drawn.bars] == [0]
