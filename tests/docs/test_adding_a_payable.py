"""The page on adding a payable shows code that works as it stands there."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

from payments_app.core.alerts import RAISED
from payments_app.ledger.post_fee import POSTED
from payments_app.payments import states
from payments_app.payments.connect.records import RECORDED
from payments_app.payments.disputes.refresh import CHANGED
from payments_app.payments.payable import Payable
from payments_app.payments.refunds.models import MACHINE
from payments_app.subscribers import EVENTS

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "adding-a-payable.md"
# In a process of its own: a payable that is defined once is known for good.
TRY = """
from sqlalchemy import select

from payments_app import create_app
from payments_app.core.extensions import db
from payments_app.core.jobs.runner import run_due_messages

app = create_app()
from donations.models import Donation
from donations.registration import register_donations

register_donations(app)
with app.app_context():
    Donation.__table__.create(db.engine)
    try:
        page = app.test_client().get("/checkout/plant-trees")
        wish = {"item": "plant-trees", "email": "ada@example.com"}
        card, key = {"payment_method": "pm_card_visa"}, {"Idempotency-Key": "trees-1"}
        sent = app.test_client().post("/transactions", json=wish | card, headers=key)
        run_due_messages("charges")
        run_due_messages("payment_standard")
        db.session.expire_all()
        (found,) = db.session.scalars(select(Donation))
        (paid,) = found.transactions
        print(page.status_code, sent.status_code, found.given, paid.phase, paid.description)
    finally:
        db.session.remove()
        Donation.__table__.drop(db.engine)
"""


def test_the_payable_of_the_page_is_paid_for(settings: dict[str, str], tmp_path: Path) -> None:
    blocks = re.findall(r"```python\n# (\S+)\n(.*?)```", PAGE.read_text(), re.DOTALL)
    (tmp_path / "donations").mkdir()
    for name, code in blocks:
        (tmp_path / name).write_text(code)
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", TRY],
        env=os.environ | settings | {"PYTHONPATH": f"{ROOT}:{tmp_path}"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout.strip() == "200 202 True complete Donation - Trees", done.stderr


def test_the_code_of_the_page_is_written_as_ours_is() -> None:
    for _, code in re.findall(r"```python\n# (\S+)\n(.*?)```", PAGE.read_text(), re.DOTALL):
        formatted = subprocess.run(
            [sys.executable, "-m", "ruff", "format", "--check", "-"],
            cwd=ROOT,
            input=code,
            capture_output=True,
            text=True,
            check=False,
        )
        assert formatted.returncode == 0, code


def rows(of: str) -> set[str]:
    """The names in the first column of a table of the page."""
    (table,) = re.findall(rf"^\| {of} \|.*\n\|[-|]+\n((?:\|.*\n)+)", PAGE.read_text(), re.MULTILINE)
    cells = [line.split("|")[1] for line in table.splitlines()]
    return {name for cell in cells for name in re.findall(r"`(?:payable\.)?([\w.]+)[^`]*`", cell)}


def test_the_page_names_all_that_a_payable_may_say() -> None:
    public = {name for name in dir(Payable) if not name.startswith("_")}
    assert rows("what") == public


def test_the_page_names_every_event() -> None:
    refunds = {f"refund.{state}" for moves in MACHINE.moves.values() for state in moves}
    others = {CHANGED, RECORDED, POSTED, RAISED}
    assert rows("event") == set(states.EVENT.values()) | refunds | others
    assert set(EVENTS) <= rows("event")
