"""The wheel that other applications install, in an environment that has nothing else."""

from __future__ import annotations

import os
import re
import secrets
import subprocess
import sys
import zipfile
from collections.abc import Mapping
from pathlib import Path

import pytest
import requests

from parts.http import answers
from parts.ports import LOOPBACK, free_port
from parts.postgres import create_database
from parts.process import Process, running, wait_until
from parts.wheel import build, build_assets, make_wheel
from parts.wheel import lay as lay_sources
from tests.embedding.hotel import flask, lay
from tests.embedding.recipe import Typist

pytestmark = [pytest.mark.slow, pytest.mark.timeout(400)]
FURNISH = """
import hotel

hotel.create_app().app_context().push()
hotel.db.session.add(hotel.Product(name="Attic", cents=4200))
hotel.db.session.commit()
"""


@pytest.fixture(scope="module")
def refusals(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, str]:
    """What the build says without assets, and with those of other sources."""
    sources = lay_sources(tmp_path_factory.mktemp("sources"))
    without = build(sources, sources / "dist")
    assert build_assets(sources).returncode == 0
    with (sources / "static/css/site.css").open("a") as css:
        css.write("\np { color: red }")
    old = build(sources, sources / "dist")
    assert without.returncode
    assert old.returncode
    return without.stdout + without.stderr, old.stdout + old.stderr


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """As `make wheel` builds it."""
    return make_wheel(tmp_path_factory.mktemp("dist"))


@pytest.fixture(scope="module")
def python(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Of an environment that has the wheel, and what it asks for, alone."""
    at = tmp_path_factory.mktemp("environment")
    subprocess.run([sys.executable, "-m", "venv", at], check=True)
    pip = "bin/python -m pip install -q".split()
    package = f"{wheel}[postgres,serve]"
    done = subprocess.run(
        [at / pip[0], *pip[1:], package], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return at / "bin/python"


class Installed(Process):
    """A process of the environment's own programs, outside the repository."""

    def __init__(
        self, at: Path, python: Path, settings: Mapping[str, str], *words: str, ready: str = ""
    ) -> None:
        self.ready = ready
        command = [str(python.with_name(words[0])), *words[1:]]
        log = at / f"{'-'.join(words[:3]).replace(':', '')}-{words[-1]}.log"
        super().__init__(" ".join(words), command, log, env=os.environ | settings, cwd=at)

    def is_ready(self) -> bool:
        return not self.ready or answers(self.ready)


@pytest.fixture
def own_settings(settings: dict[str, str], postgres_url: str, tmp_path: Path) -> dict[str, str]:
    """On an empty database."""
    return settings | {
        "DATABASE_URL": create_database(postgres_url, f"wheel_{tmp_path.name[-20:]}".lower()),
        "PUBLIC_URL": f"http://{LOOPBACK}:{free_port()}",
        "HOTEL_SECRET_KEY": "the hotel's own",
    }


def bind(settings: Mapping[str, str]) -> str:
    return settings["PUBLIC_URL"].removeprefix("http://")


def pay(site: str, item: str) -> str:
    """Pay for something, and give the status's address."""
    wish = {"item": item, "email": "ada@example.com", "payment_method": "pm_card_visa"}
    key = {"Idempotency-Key": secrets.token_hex(8)}
    asked = requests.post(f"{site}/transactions", json=wish, headers=key, timeout=10)
    assert asked.status_code == 202, asked.text
    return str(asked.headers["Location"])


def test_there_is_no_wheel_without_assets(refusals: tuple[str, str]) -> None:
    assert "the assets are not built" in refusals[0]


def test_there_is_no_wheel_with_the_assets_of_other_sources(refusals: tuple[str, str]) -> None:
    assert "the built assets are out of date" in refusals[1]


def test_the_wheel_has_nothing_of_the_demo(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    assert "payments_app/_data/templates/layout.html" in names
    assert "payments_app/_data/migrations/env.py" in names
    assert not [name for name in names if "demo" in name or "__pycache__" in name]


def test_the_wheel_asks_for_ranges_of_what_a_host_may_have_too(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as packed:
        (name,) = [one for one in packed.namelist() if one.endswith(".dist-info/METADATA")]
        needs = re.findall(r"^Requires-Dist: (.+)$", packed.read(name).decode(), re.MULTILINE)
    assert len(needs) > 20
    pinned = [need for need in needs if "==" in need.partition(";")[0]]
    assert pinned == []


def test_an_installed_wheel_takes_a_payment(
    python: Path, own_settings: dict[str, str], tmp_path: Path
) -> None:
    site, app = own_settings["PUBLIC_URL"], ("--app", "payments_app")
    for words in (["db", "upgrade"], ["products", "create", "kettle", "Kettle", "24.00", "usd"]):
        flask(tmp_path, own_settings, *words, app="payments_app", python=python)
    web = ("gunicorn", "payments_app:create_app()", "--bind", bind(own_settings))
    with running(
        Installed(tmp_path, python, own_settings, *web, ready=f"{site}/healthz"),
        Installed(tmp_path, python, own_settings, "flask", *app, "worker", "charges"),
    ):
        page = requests.get(f"{site}/", timeout=10).text
        (css, *_) = re.findall(r'href="(/static/assets/css/site\.[0-9a-f]{16}\.css)"', page)
        assert "immutable" in requests.get(site + css, timeout=10).headers["Cache-Control"]
        status = pay(site, "kettle")

        def is_complete() -> bool:
            asked = requests.get(site + status, headers={"Accept": "application/json"}, timeout=10)
            return bool(asked.json()["state"] == "complete")

        assert wait_until(is_complete, 30)


def test_a_booking_of_a_hotel_is_paid_by_real_workers(
    python: Path, own_settings: dict[str, str], tmp_path: Path
) -> None:
    at, site = lay(tmp_path, payments=False), own_settings["PUBLIC_URL"]
    for words in (["db", "init"], ["db", "migrate"], ["db", "upgrade"]):
        flask(at, own_settings, *words, python=python)
    lay(at)
    flask(at, own_settings, "payments", "db", "upgrade", python=python)
    room = "import hotel; app = hotel.create_app(); app.app_context().push()\n"
    room += (
        "hotel.db.session.add(hotel.Product(name='Attic', cents=4200)); hotel.db.session.commit()"
    )
    subprocess.run([python, "-c", room], cwd=at, env=os.environ | own_settings, check=True)
    web = ("gunicorn", "hotel:create_app()", "--bind", bind(own_settings))
    work = ("flask", "--app", "hotel", "payments", "worker")
    with running(
        Installed(at, python, own_settings, *web, ready=f"{site}/pay/healthz"),
        *(
            Installed(at, python, own_settings, *work, name)
            for name in ("charges", "payment_standard", "sweeper")
        ),
    ):
        guest = requests.Session()
        form = {"email": "ada@example.com", "csrf_token": guest.get(f"{site}/token").text}
        assert guest.post(f"{site}/users", data=form, timeout=10).text == "Welcome!"
        form = {"room": "Attic", "csrf_token": guest.get(f"{site}/token").text}
        checkout = guest.post(f"{site}/bookings", data=form, timeout=10)
        assert "Booking - Attic" in checkout.text
        booking = checkout.url.rpartition("/")[2]
        pay(f"{site}/pay", booking)
        assert wait_until(
            lambda: guest.get(f"{site}/bookings/{booking}", timeout=10).text == "paid", 30
        )


def test_whoever_types_what_the_page_says_has_a_paid_booking(python: Path, tmp_path: Path) -> None:
    typist = Typist(tmp_path, python)
    typist.types("settings")
    typist.types("tables")
    with typist.has_running():
        assert wait_until(lambda: answers(f"{typist.site}/pay/healthz"), 60)
        welcome, checkout = typist.types("book").split()
        assert (welcome, checkout.startswith(f"{typist.site}/pay/checkout/bkg_")) == (
            "Welcome!",
            True,
        )
        booking = checkout.rpartition("/")[2]
        pay(f"{typist.site}/pay", booking)
        status = f"{typist.site}/bookings/{booking}"
        assert wait_until(lambda: requests.get(status, timeout=10).text == "paid", 60)
        assert "WRONG" not in typist.types("doctor")
