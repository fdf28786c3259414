"""Whether a release takes over unnoticed: `python -m bench.rolling_restart [--seconds 30]`

Visitors come through the real nginx at a pace that does not slow down when we do (an open loop);
they read the products, open the shop and place orders in turn. Meanwhile `deploy/rolling-restart`
replaces the web server again and again. A request that is refused, late by 20 s or answered with
another status than it should is an error. Ends with 1 where there was one.
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import signal
import ssl
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from parts.app import REPOSITORY
from parts.nginx import NAME, Nginx
from parts.postgres import Postgres, create_database
from parts.process import wait_until
from parts.redis import Redis
from parts.release import Served, make_release
from parts.sandbox import Sandbox
from parts.schema import migrate
from parts.settings import private_settings

RESTART = REPOSITORY / "deploy" / "rolling-restart"
AT_ONCE = 100  # visitors; more would only wait in this program
WIDE = {"rate=50r/s": "rate=5000r/s", "rate=10r/s": "rate=5000r/s"}  # all from one address
Ask = Callable[[str, str, dict[str, str], bytes | None], int]


@dataclass
class Paced:
    """What became of paced requests: how many by outcome, such as `order 202`, and the
    milliseconds of each from the moment at which it was due."""

    ask: Ask
    answers: Counter[str] = field(default_factory=Counter)
    milliseconds: list[float] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def errors(self) -> Counter[str]:
        """Outcomes that no visitor should meet."""
        good = {"read 200", "page 200", "order 202"}
        return Counter({name: count for name, count in self.answers.items() if name not in good})

    def run(self, rate: int, until: Callable[[float], bool]) -> None:
        """Send `rate` requests a second until `until(seconds since the start)` says so."""
        began, number = time.monotonic(), 0
        with ThreadPoolExecutor(AT_ONCE) as visitors:
            while not until(time.monotonic() - began):
                due = began + number / rate
                time.sleep(max(0.0, due - time.monotonic()))
                visitors.submit(self._visit, number, due)
                number += 1

    def _visit(self, number: int, due: float) -> None:
        what = ("read", "page", "order")[number % 3]
        try:
            outcome = f"{what} {self._send(what, f'paced-{number}')}"
        except (OSError, http.client.HTTPException) as error:
            outcome = f"{what} {error!r}"
        with self._lock:
            self.answers[outcome] += 1
            self.milliseconds.append(1000 * (time.monotonic() - due))

    def _send(self, what: str, key: str) -> int:
        if what == "read":
            return self.ask("GET", "/api/v1/products", {}, None)
        if what == "page":
            return self.ask("GET", "/", {"Accept": "text/html"}, None)
        body = json.dumps({"item": "sticker", "email": f"{key}@example.com"}).encode()
        headers = {"Content-Type": "application/json", "Idempotency-Key": key}
        return self.ask("POST", "/transactions", headers, body)


def through(nginx: Nginx) -> Ask:
    """Each request on a connection of its own, as a new visitor's."""
    trust = ssl.create_default_context(cafile=str(nginx.certificate))

    def ask(method: str, path: str, headers: dict[str, str], body: bytes | None) -> int:
        line = http.client.HTTPSConnection(NAME, nginx.port, timeout=20, context=trust)
        try:
            line.request(method, path, body=body, headers=headers)
            answer = line.getresponse()
            answer.read()
            return answer.status
        finally:
            line.close()

    return ask


def restart(pidfile: Path) -> None:
    """Raises CalledProcessError where the new web server did not take over."""
    subprocess.run([RESTART, pidfile, "60"], check=True, capture_output=True, text=True)


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=int, default=30)
    parser.add_argument("--rate", type=int, default=50)
    wanted = parser.parse_args()
    with (
        tempfile.TemporaryDirectory(prefix="rolling-") as name,
        Postgres(durable=True) as postgres,
        Redis(Path(name) / "redis") as redis,
        Sandbox(Path(name) / "sandbox", keep=False) as sandbox,
    ):
        settings = private_settings(
            database_url=create_database(postgres.url(), "rolling"),
            redis_url=redis.url(),
            cache_redis_url=redis.url(1),
            sandbox_url=sandbox.url,
        ) | {"PUBLIC_URL": "https://localhost", "PROXY_HOPS": "1"}
        return _measure(Path(name), settings, wanted.seconds, wanted.rate)


def _measure(directory: Path, settings: dict[str, str], seconds: int, rate: int) -> int:
    migrate(settings["DATABASE_URL"])
    seed = [sys.executable, "-m", "flask", "--app", "demo.app", "demo", "seed"]
    subprocess.run(seed, env=os.environ | settings, cwd=REPOSITORY, check=True, capture_output=True)
    release = make_release(directory / "release", settings)
    with (
        Served(release, settings, directory / "web.log") as web,
        Nginx(directory / "nginx", release, web.port, rewrites=WIDE) as nginx,
    ):
        paced, over, restarts = Paced(through(nginx)), threading.Event(), 0
        load = threading.Thread(target=paced.run, args=(rate, lambda _: over.is_set()))
        began = time.monotonic()
        load.start()
        while time.monotonic() - began < seconds:
            restart(web.pidfile)
            restarts += 1
        took = time.monotonic() - began
        over.set()
        load.join()
        os.kill(int(web.pidfile.read_text()), signal.SIGTERM)
        wait_until(lambda: not web.pidfile.exists(), within=40)
    total, cuts = paced.answers.total(), statistics.quantiles(paced.milliseconds, n=100)
    print(f"{total} requests in {took:.0f} s, {restarts} restarts: {paced.errors.total()} errors")
    print(f"median {cuts[49]:.0f} ms, 95 % {cuts[94]:.0f} ms, 99 % {cuts[98]:.0f} ms")
    print(dict(paced.answers))
    return 1 if paced.errors else 0


if __name__ == "__main__":
    sys.exit(main())
