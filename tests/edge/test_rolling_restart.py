"""A new release takes over under load: every request is answered, none twice."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest

from bench.rolling_restart import Paced, restart, through
from parts.app import REPOSITORY
from parts.nginx import Nginx
from parts.postgres import libpq
from parts.process import wait_until
from parts.release import Served, make_release
from tests.edge.visitor import PAGE, Visitor

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

RESTART = REPOSITORY / "deploy" / "rolling-restart"
VISITORS = 3
BEFORE, AFTERWARDS = 20, 40
_PAUSE = 0.02  # seconds between two rounds: what is faster only takes the processor from the rest


@pytest.fixture
def current(edge_settings: dict[str, str], tmp_path: Path) -> Path:
    """The link to the release in use, as a deployment switches it."""
    link = tmp_path / "current"
    link.symlink_to(make_release(tmp_path / "one", edge_settings))
    return link


@pytest.fixture
def served(current: Path, edge_settings: dict[str, str], tmp_path: Path) -> Iterator[Served]:
    with Served(current, edge_settings, tmp_path / "web.log") as web:
        yield web
        for path in [*tmp_path.glob("web.pid"), *tmp_path.glob("web.pid.2")]:
            os.kill(int(path.read_text()), signal.SIGTERM)
            assert wait_until(lambda path=path: not path.exists(), within=40)


@pytest.fixture
def nginx(current: Path, served: Served, tmp_path: Path) -> Iterator[Nginx]:
    """All visitors of this test come from one address, so its limits are wider."""
    wide = {"rate=50r/s": "rate=5000r/s", "rate=10r/s": "rate=5000r/s"}
    with Nginx(tmp_path / "nginx", current, served.port, rewrites=wide) as server:
        yield server


class Load:
    """Visitors who ask until they are told that the restart is over, and a while after."""

    def __init__(self, visitor: Visitor) -> None:
        self.visitor = visitor
        self.answers: Counter[str] = Counter()
        self._lock = threading.Lock()
        self._left = threading.Semaphore(0)
        self._over = threading.Event()
        self._threads = [threading.Thread(target=self._visit, args=(n,)) for n in range(VISITORS)]

    def __enter__(self) -> Load:
        for thread in self._threads:
            thread.start()
        wait_until(lambda: self.answers.total() > BEFORE, within=60)
        return self

    def __exit__(self, *_: object) -> None:
        goal = self.answers.total() + AFTERWARDS
        wait_until(lambda: self.answers.total() > goal, within=60)
        self._over.set()
        for thread in self._threads:
            thread.join()

    def _visit(self, number: int) -> None:
        round_ = 0
        while not self._over.wait(_PAUSE):
            round_ += 1
            for outcome in (self._read(), self._order(f"load-{number}-{round_}")):
                with self._lock:
                    self.answers[outcome] += 1

    def _read(self) -> str:
        return self._outcome("read", lambda: self.visitor.ask("/api/v1/products").status)

    def _order(self, key: str) -> str:
        body = {"item": "sticker", "email": f"{key}@example.com"}
        headers = {"Content-Type": "application/json", "Idempotency-Key": key}

        def order() -> int:
            text = json.dumps(body).encode()
            return self.visitor.ask("/transactions", headers, "POST", text).status

        return self._outcome("order", order)

    def _outcome(self, what: str, ask: Callable[[], int]) -> str:
        try:
            return f"{what} {ask()}"
        except OSError as error:
            return f"{what} {error!r}"


def _restart(served: Served) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [RESTART, served.pidfile, "60"], capture_output=True, text=True, check=False
    )


def _switch(link: Path, release: Path) -> None:
    draft = link.with_suffix(".new")
    draft.symlink_to(release)
    draft.replace(link)


@pytest.mark.usefixtures("shop")
def test_no_request_is_refused_while_a_new_release_takes_over(
    current: Path, served: Served, visitor: Visitor, edge_settings: dict[str, str], tmp_path: Path
) -> None:
    before = visitor.hashed()
    extra = {"css/site.css": "/* the next release */"}
    following = make_release(tmp_path / "two", edge_settings, extra)
    with Load(visitor) as load:
        _switch(current, following)
        done = _restart(served)
    assert done.returncode == 0, done.stderr
    assert set(load.answers) == {"read 200", "order 202"}, load.answers
    assert visitor.hashed() != before
    assert _orders(edge_settings) == load.answers["order 202"]


@pytest.mark.usefixtures("shop")
def test_at_fifty_requests_a_second_nobody_notices_a_restart(served: Served, nginx: Nginx) -> None:
    paced, over = Paced(through(nginx)), threading.Event()
    load = threading.Thread(target=paced.run, args=(50, lambda _: over.is_set()))
    load.start()
    wait_until(lambda: paced.answers.total() > BEFORE, within=60)
    try:
        restart(served.pidfile)
    finally:
        over.set()
        load.join()
    assert paced.errors == {}
    assert paced.answers.total() > 2 * BEFORE


def _orders(settings: dict[str, str]) -> int:
    with psycopg.connect(libpq(settings["DATABASE_URL"])) as connection:
        (count,) = connection.execute(
            "SELECT count(*) FROM pay_transactions WHERE email LIKE 'load-%'"
        ).fetchone()
        return count


@pytest.mark.usefixtures("nginx")
def test_a_release_that_does_not_start_leaves_the_old_one_serving(
    current: Path, served: Served, visitor: Visitor, tmp_path: Path
) -> None:
    broken = tmp_path / "broken"
    broken.mkdir()
    (broken / "gunicorn.conf.py").symlink_to(REPOSITORY / "gunicorn.conf.py")
    (broken / "wsgi.py").write_text("raise RuntimeError('this release is broken')")
    (broken / "static").symlink_to((current / "static").resolve())
    _switch(current, broken)
    done = subprocess.run([RESTART, served.pidfile, "8"], capture_output=True, text=True)
    assert done.returncode == 1
    assert "the old one still serves" in done.stderr
    assert visitor.ask("/", PAGE).status == 200
