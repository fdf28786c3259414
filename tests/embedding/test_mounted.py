"""The product as a part of another Flask application, as docs/embedding.md has it."""

from __future__ import annotations

import io
import json
import logging
import os
import re
import subprocess
import sys
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from redis import Redis

from parts.postgres import create_database
from parts.settings import private_settings
from payments_app import Payments, create_app, not_ours
from payments_app.config import Config
from payments_app.core.jobs.command import Command
from payments_app.registration import register
from tests.embedding.hotel import BEFORE, BESIDE, ROOT, WITH_PAYMENTS, added, flask, lay, lay_all

_LINK = re.compile(r"""(?:href|src|action|formaction|data-\w+)="([^"#]*)""")


def hotel_settings(
    database_url: str, redis_clients: Mapping[str, Redis], sandbox_url: str
) -> dict[str, str]:
    jobs, cache = redis_clients
    return private_settings(
        database_url=database_url, redis_url=jobs, cache_redis_url=cache, sandbox_url=sandbox_url
    ) | {"HOTEL_SECRET_KEY": "the hotel's own"}


@pytest.fixture(scope="module")
def facts(
    postgres_url: str,
    migrated: str,
    redis_clients: dict[str, Redis],
    sandbox_url: str,
    tmp_path_factory: pytest.TempPathFactory,
) -> dict[str, Any]:
    """What is seen of a hotel with payments, in one process of its own."""
    for client in redis_clients.values():
        client.flushdb()
    at = lay_all(tmp_path_factory.mktemp("hotel"))
    (at / "plain_hotel.py").write_text(BEFORE)
    database = create_database(postgres_url, f"hotel_{os.getpid()}", migrated)
    settings = hotel_settings(database, redis_clients, sandbox_url)
    done = subprocess.run(
        [sys.executable, "-m", "tests.embedding.look_around"],
        cwd=at,
        env=os.environ | settings | {"PYTHONPATH": f"{at}:{ROOT}"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def links_of(page: str) -> set[str]:
    return {link for link in _LINK.findall(page) if link.startswith("/")}


def test_at_most_25_lines_are_added() -> None:
    assert len(added()) <= 25


@pytest.mark.parametrize("code", [BEFORE, WITH_PAYMENTS, *BESIDE.values()])
def test_the_code_of_the_page_is_written_as_ours_is(code: str) -> None:
    ruff = [sys.executable, "-m", "ruff", "format", "--check", "-"]
    assert subprocess.run(ruff, cwd=ROOT, input=code, text=True, check=False).returncode == 0


class TestTheHost:
    def test_has_one_extension_more_and_nothing_else(self, facts: dict[str, Any]) -> None:
        plain, mounted = facts["plain"], facts["with payments"]
        assert mounted.pop("extensions") == sorted([*plain.pop("extensions"), "payments"])
        assert mounted == plain

    def test_answers_without_our_headers(self, facts: dict[str, Any]) -> None:
        assert facts["host's page"]["status"] == 200
        assert facts["host's page"]["policy"] is None

    def test_has_its_own_error_pages(self, facts: dict[str, Any]) -> None:
        assert facts["host's unknown page"]["text"] == "The hotel has no such room."
        assert facts["host's unknown page"]["policy"] is None

    def test_checks_its_own_forms(self, facts: dict[str, Any]) -> None:
        assert facts["host's form without a token"]["status"] == 400
        assert "CSRF token is missing" in facts["host's form without a token"]["text"]

    def test_keeps_its_session_for_itself(self, facts: dict[str, Any]) -> None:
        assert list(facts["host's page"]["cookies"]) == ["session"]


class TestOurs:
    def test_answers_below_the_prefix_alone(self, facts: dict[str, Any]) -> None:
        assert facts["our shop"]["status"] == 200
        assert facts["our shop"]["policy"] is not None

    def test_has_error_pages_of_its_own(self, facts: dict[str, Any]) -> None:
        assert facts["our unknown page"]["status"] == 404
        assert "Check the address." in facts["our unknown page"]["text"]
        assert facts["our unknown payment"]["type"] == "application/json"

    def test_checks_its_own_forms(self, facts: dict[str, Any]) -> None:
        assert facts["our form without a token"]["status"] == 400
        assert "This form has expired" in facts["our form without a token"]["text"]

    def test_takes_stripe_s_events_which_no_csrf_check_of_the_host_stops(
        self, facts: dict[str, Any]
    ) -> None:
        assert facts["a webhook"]["status"] == 400
        assert "CSRF" not in facts["a webhook"]["text"]

    @pytest.mark.parametrize(
        "page", ["our shop", "checkout", "thanks", "our unknown page"], ids=str.split
    )
    def test_links_to_nothing_outside_the_prefix_but_the_way_back(
        self, facts: dict[str, Any], page: str
    ) -> None:
        links = links_of(facts[page]["text"])
        assert any(link.startswith("/pay/static/") for link in links)
        outside = {link for link in links if not link.startswith("/pay/")}
        assert {link.partition("bkg_")[0] for link in outside} <= {"/bookings/"}

    def test_tells_browsers_where_its_policy_s_reports_go(self, facts: dict[str, Any]) -> None:
        assert "report-uri /pay/policy-reports" in facts["checkout"]["policy"]

    def test_has_cookies_of_its_own_which_the_host_never_gets(self, facts: dict[str, Any]) -> None:
        assert facts["checkout of a stranger"]["cookies"] == {"payments_session": "Path=/pay"}

    def test_leads_from_a_form_s_address_back_to_its_page(self, facts: dict[str, Any]) -> None:
        assert facts["a form's address"]["location"] == "/pay/cart"
        assert facts["a form's address from a page"]["location"] == "/pay/account"

    def test_leads_staff_to_its_own_sign_in(self, facts: dict[str, Any]) -> None:
        assert facts["staff"]["location"] == "/pay/staff/login?next=/staff/payments"


class TestABooking:
    def test_is_shown_with_its_price_and_the_guest_s_address(self, facts: dict[str, Any]) -> None:
        assert facts["booked"]["location"].startswith("/pay/checkout/bkg_")
        page = facts["checkout"]["text"]
        assert "Booking - Attic" in page
        assert "$42.00" in page
        assert 'value="ada@example.com"' in page

    def test_is_kept_by_no_cache_where_it_shows_an_address(self, facts: dict[str, Any]) -> None:
        assert 'value="ada@example.com"' in facts["a product's checkout"]["text"]
        for page in ("checkout", "a product's checkout"):
            assert "no-store" in facts[page]["cached"]

    def test_of_somebody_else_shows_no_address(self, facts: dict[str, Any]) -> None:
        assert "ada@" not in facts["checkout of a stranger"]["text"]

    def test_is_paid_for(self, facts: dict[str, Any]) -> None:
        assert facts["paid"]["status"] == 202
        assert facts["paid"]["location"].startswith("/pay/transactions/txn_")
        assert facts["booking"] == "paid"

    def test_is_what_the_receipt_is_about_with_links_below_the_prefix(
        self, facts: dict[str, Any]
    ) -> None:
        (receipt,) = facts["mails"]
        assert "Booking - Attic" in receipt
        ours = set(re.findall(r"http://127\.0\.0\.1:8000[^\"<\s]*", receipt))
        assert ours
        assert all(link.startswith("http://127.0.0.1:8000/pay") for link in ours)


class TestAfterwards:
    def test_a_host_reads_the_payments_of_its_row_in_its_own_session(
        self, facts: dict[str, Any]
    ) -> None:
        assert facts["attempts as the host reads them"] == {
            "before": ["pending"],
            "after": ["complete"],
        }

    def test_a_booking_that_is_refunded_by_a_program_says_so_and_no_other_does(
        self, facts: dict[str, Any]
    ) -> None:
        assert facts["after a part"] == ["paid", "paid"]
        assert facts["after all"] == ["refunded", "paid"]
        assert facts["refunds"] == [4100, 100]

    def test_a_table_with_numbers_is_paid_for_by_its_bills(self, facts: dict[str, Any]) -> None:
        assert facts["a bill"]["status"] == 200
        assert "Stay 1" in facts["a bill"]["text"]
        assert "$42.00" in facts["a bill"]["text"]
        assert facts["stays"] == ["paid", "open"]


class TestOneTransaction:
    def test_of_the_host_s_session_takes_both_back(self, facts: dict[str, Any]) -> None:
        assert facts["stored after rollback"] == facts["stored before"]
        assert facts["wake-ups after rollback"] == 0

    def test_of_the_host_s_session_stores_both_and_then_wakes_the_workers(
        self, facts: dict[str, Any]
    ) -> None:
        assert facts["stored after commit"] == [n + 1 for n in facts["stored before"]]
        assert (facts["wake-ups before commit"], facts["wake-ups after commit"]) == (0, 1)

    def test_of_ours_stores_both_and_then_wakes_the_workers(self, facts: dict[str, Any]) -> None:
        assert facts["by atomic"]
        assert facts["wake-ups after atomic"] == 1
        assert facts["stored after atomic"] == [n + 2 for n in facts["stored before"]]


def test_the_migrations_of_each_leave_the_other_s_tables_alone(
    postgres_url: str, redis_clients: dict[str, Redis], sandbox_url: str, tmp_path: Path
) -> None:
    database = create_database(postgres_url, f"hotels_{os.getpid()}")
    settings = hotel_settings(database, redis_clients, sandbox_url)
    at = lay(tmp_path, payments=False)
    flask(at, settings, "db", "init")
    flask(at, settings, "db", "migrate")
    flask(at, settings, "db", "upgrade")
    lay(tmp_path)
    flask(at, settings, "payments", "db", "upgrade")
    assert "No changes" in flask(at, settings, "db", "migrate")
    assert "No new upgrade operations" in flask(at, settings, "payments", "db", "check")
    flask(at, settings, "payments", "db", "downgrade", "base")
    assert "No changes" in flask(at, settings, "db", "migrate")


def test_every_command_is_the_host_s_too(settings: dict[str, str], tmp_path: Path) -> None:
    said = flask(lay(tmp_path), settings | {"HOTEL_SECRET_KEY": "x"}, "payments", "--help")
    own = create_app(Config.from_env(settings)).cli.commands
    assert {"db", "worker", "staff", "stripe"} <= set(own)
    assert all(re.search(rf"^  {name} ", said, re.MULTILINE) for name in own)


def test_what_we_log_is_cut_before_the_host_s_handlers_get_it(settings: dict[str, str]) -> None:
    Payments(Flask("host"), config=Config.from_env(settings))
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    root, secret = logging.getLogger(), "pm_1AbCdEfGhIjKlMnOp 4242424242424242 whsec_theirs"
    root.addHandler(handler)
    try:
        for name in ("payments_app.core.jobs.runner", "stripe"):
            try:
                raise ValueError(secret)
            except ValueError:
                logging.getLogger(name).exception("%s failed", secret)
        logging.getLogger("host").error("of the host: %s", "whsec_ours")
    finally:
        root.removeHandler(handler)
    said = stream.getvalue()
    assert said.count("pm_[cut] [card number cut] whsec_[cut] failed\n") == 2
    assert said.count("ValueError: pm_[cut] [card number cut] whsec_[cut]\n") == 2
    assert "of the host: whsec_ours\n" in said
    assert [word for word in secret.split() if word in said] == []


class TestPlugins:
    def test_add_what_another_package_brings(self, settings: dict[str, str]) -> None:
        host = Flask("host")
        brought = {"hotel.clean": Command(lambda *_: None, "default")}
        Payments(
            host,
            plugins=[partial(register, commands=brought)],
            config=Config.from_env(settings),
        )
        assert "hotel.clean" in host.extensions["payments"].app.extensions["commands"]
        assert "hotel.clean" not in create_app(Config.from_env(settings)).extensions["commands"]

    def test_of_installed_packages_are_found_by_their_entry_points(
        self, settings: dict[str, str], tmp_path: Path
    ) -> None:
        (tmp_path / "minibar.py").write_text(
            "def register(app):\n    app.extensions['minibar'] = 'open'\n"
        )
        installed = tmp_path / "minibar-1.dist-info"
        installed.mkdir()
        (installed / "METADATA").write_text("Metadata-Version: 2.1\nName: minibar\nVersion: 1\n")
        points = "[payments_app.plugins]\nminibar = minibar:register\n"
        (installed / "entry_points.txt").write_text(points)
        done = subprocess.run(
            [sys.executable, "-c", "import wsgi; print(wsgi.app.extensions['minibar'])"],
            env=os.environ | settings | {"PYTHONPATH": f"{tmp_path}:{ROOT}"},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.stdout == "open\n", done.stderr


class TestRefusals:
    @pytest.mark.parametrize("prefix", ["pay", "/", "", "/Pay", "/pay/", "//pay"])
    def test_a_prefix_that_is_none(self, prefix: str) -> None:
        with pytest.raises(ValueError, match="is no prefix"):
            Payments(prefix=prefix)

    def test_a_prefix_that_begins_as_paths_of_ours(self, settings: dict[str, str]) -> None:
        with pytest.raises(ValueError, match="choose another prefix"):
            Payments(Flask("host"), prefix="/staff", config=Config.from_env(settings))

    def test_two_on_one_application(self, settings: dict[str, str]) -> None:
        host = Flask("host")
        Payments(host, config=Config.from_env(settings))
        with pytest.raises(RuntimeError, match="already"):
            Payments(host, config=Config.from_env(settings))


def test_only_tables_that_are_called_as_ours_are_ours() -> None:
    assert not not_ours("pay_transactions", "table", {})
    assert not_ours("payments", "table", {})
    assert not_ours("pay_anything", "column", {})
