"""The whole product as processes on private parts, kept running as a supervisor would."""

from __future__ import annotations

import contextlib
import os
import secrets
import signal
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Self

import psycopg
import requests

from chaos.application import Application
from chaos.books import Books
from chaos.merchant import Merchant
from chaos.plan import Wish
from parts.app import REPOSITORY, Web, Worker
from parts.mailbox import Mailbox
from parts.ports import LOOPBACK, free_port
from parts.postgres import Postgres
from parts.process import Process
from parts.redis import Redis
from parts.sandbox import Sandbox
from parts.schema import postgres_template
from parts.settings import private_settings, webhook_secrets

MORE = ("charges", "payment_standard")  # of which a second process runs
STAFF = ("grace@example.com", "alan@example.com")
_LOOK_SECONDS = 0.2
_NAME_LETTERS = 15  # of a process, that Linux keeps


class Site:
    """Web, the parent of all queues and the sweeper, and second processes of the busiest, on a
    PostgreSQL, two Redis that keep nothing over a restart, a sandbox that posts its events, a mail
    server and a merchant's endpoint. Enter it to start all; leaving it ends all, orphans too.

    With `queues` these alone are worked on, each by a process of its own. `cookie` is what our
    session's is called; what is paid for of the kinds `not_restored` no backup brings back;
    `product` is where the application is, or the host that it is a part of."""

    product, opening, cookie = "wsgi:app", "chaos.opening", "session"
    not_restored: tuple[str, ...] = ("nothing",)

    def __init__(self, directory: Path, seed: int, queues: Sequence[str] = ()) -> None:
        self.directory = directory
        self._names = (*queues, "sweeper") if queues else (None, *MORE)
        self.merchant = Merchant(seed)
        self.application = Application(lambda: self.url)
        self.mailbox = Mailbox(directory / "mailbox")
        self.staff_password = secrets.token_urlsafe(16)
        self.postgres = Postgres(durable=True)
        # No power is cut here: what the kernel was given is safe. A commit still waits for that.
        self.postgres.command += ["-c", "fsync=off"]
        self.jobs = Redis(directory / "jobs", name="Redis of the jobs")
        self.cache = Redis(directory / "cache", name="Redis of the cache", policy="allkeys-lru")
        self.web_port = free_port()
        self.restarts = 0
        self.spoiled: Counter[str] = Counter()  # calls to Stripe, by fault
        self._stopping = threading.Event()
        self._keeper = threading.Thread(target=self._keep, name="keeper", daemon=True)

    def __enter__(self) -> Self:
        try:
            self._start()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _start(self) -> None:
        for server in (self.postgres, self.jobs, self.cache, self.mailbox):
            server.start()
        template = postgres_template(self.postgres.url())
        self.settings = private_settings(
            database_url=self.postgres.url(template),
            redis_url=self.jobs.url(),
            cache_redis_url=self.cache.url(),
            sandbox_url="http://127.0.0.1:1",
        )
        self._adapt()
        self.sandbox = Sandbox(
            self.directory / "sandbox",
            keep=False,
            webhook_url=f"{self.url}/webhooks/stripe",
            webhook_secrets=webhook_secrets(self.settings),
        ).start()
        self.settings |= {
            "STRIPE_API_BASE": self.sandbox.url,
            "DATA_DIR": str(self.directory),
            "CHECKOUT_RATE_LIMIT": "999999/minute",
            "API_RATE_LIMIT": "999999/minute",
            "SMTP_URL": self.mailbox.url,
        }
        self.web, self.workers = self._web(), self._workers()
        for process in self.workers:
            process.launch()
        self._open()
        self.web.start(60)
        self._keeper.start()

    def _adapt(self) -> None:
        """Change `settings` before anything is started with them."""

    def _web(self) -> Process:
        return Web(self.directory, self.settings, self.web_port, workers=2, threads=8)

    def _workers(self) -> list[Worker]:
        return [
            Worker(self.directory / str(number), self.settings, queue)
            for number, queue in enumerate(self._names)
        ]

    @property
    def programs(self) -> list[Process]:
        """Our own processes, which may be killed at any time."""
        return [self.web, *self.workers]

    @property
    def database_url(self) -> str:
        return self.settings["DATABASE_URL"]

    @property
    def url(self) -> str:
        return f"http://{LOOPBACK}:{self.web_port}"

    def ask_stripe(self, method: str, path: str, content: Any = None) -> dict[str, object]:
        """Ask the sandbox with the shop's own secret key; `content` is sent as JSON."""
        answer = requests.request(
            method,
            f"{self.sandbox.url}{path}",
            auth=(self.settings["STRIPE_SECRET_KEY"], ""),
            json=content,
            timeout=30,
        )
        answer.raise_for_status()
        found: dict[str, object] = answer.json()
        return found

    def tell_stripe(self, path: str, **form: str) -> dict[str, Any]:
        """POST a form to the sandbox, as the shop's own account."""
        answer = requests.post(
            f"{self.sandbox.url}/v1/{path}",
            form,
            auth=(self.settings["STRIPE_SECRET_KEY"], ""),
            timeout=30,
        )
        answer.raise_for_status()
        made: dict[str, Any] = answer.json()
        return made

    def database(self) -> psycopg.Connection:
        """A connection to the product's own, which commits each statement."""
        return self.postgres.connect(self.database_url.rpartition("/")[2])

    def web_processes(self) -> list[int]:
        """gunicorn's own, but its master."""
        with contextlib.suppress(OSError):
            listed = Path(f"/proc/{self.web.pid}/task/{self.web.pid}/children").read_text().split()
            return [int(pid) for pid in listed]
        return []

    def queue_processes(self, queue: str | None = None) -> list[int]:
        """Those that work on a queue, or on any; the sweeper is one of them, their parent not."""
        found = [(name, pid) for worker in self.workers for name, pid in worker.children().items()]
        found += [(worker.queue, worker.pid) for worker in self.workers if worker.queue]
        return [pid for name, pid in found if queue is None or name == queue[:_NAME_LETTERS]]

    def _kept(self) -> list[Process]:
        """What is started again where it ended."""
        return self.programs

    def _keep(self) -> None:
        while not self._stopping.wait(_LOOK_SECONDS):
            for process in self._kept():
                if not process.is_running():
                    self.restarts += 1
                    process.launch()

    def flask(self, *words: str) -> list[str]:
        """One of the product's own commands."""
        return [sys.executable, "-m", "flask", "--app", "wsgi", *words]

    def item_for(self, wish: Wish, _browser: requests.Session) -> str | None:
        """What a buyer is to pay for; None while that can't be had. An application sends each
        fifth. Raises requests.RequestException."""
        return self.application.ask(wish) if wish.number % 5 == 1 else wish.item

    def broken(self, _found: Books) -> list[str]:
        """What a host application shows that is not so, once all is over."""
        return []

    def _open(self) -> None:
        done = subprocess.run(
            [
                sys.executable,
                *("-m", self.opening, self.merchant.url, self.staff_password, *STAFF),
            ],
            env=os.environ | self.settings,
            cwd=REPOSITORY,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise RuntimeError(f"the shop did not open: {done.stderr}")
        self.merchant.secret, self.application.secret = done.stdout.split()

    def halt(self) -> None:
        """End our own programs for good, children that lost their parent included."""
        self._stopping.set()
        if self._keeper.ident:
            self._keeper.join()
        if hasattr(self, "workers"):
            for process in self.programs:
                process.kill()
            self._end_orphans()

    def close(self) -> None:
        """End every process that this site started."""
        self.halt()
        for name in ("sandbox", "cache", "jobs", "mailbox"):
            if hasattr(self, name):
                getattr(self, name).kill()
        self.merchant.close()
        self.postgres.discard()

    def _end_orphans(self) -> None:
        """One of a parent that was killed is known by the secret it was started with."""
        mark = f"SECRET_KEY={self.settings['SECRET_KEY']}".encode()
        for entry in Path("/proc").iterdir():
            if not entry.name.isdigit():
                continue
            with contextlib.suppress(OSError):
                if mark in (entry / "environ").read_bytes():
                    os.kill(int(entry.name), signal.SIGKILL)
