"""The product as it is deployed, on private parts, for the time of a measurement."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from parts.app import REPOSITORY
from parts.http import answers
from parts.ports import LOOPBACK, free_port
from parts.postgres import Postgres, create_database
from parts.process import Process
from parts.redis import Redis
from parts.sandbox import Sandbox
from parts.schema import migrate
from parts.settings import private_settings

# A measurement must not meet the limits that keep strangers out.
LIFTED = {"CHECKOUT_RATE_LIMIT": "999999/minute"}


@dataclass(frozen=True)
class Site:
    """Where the parts are, and the product's settings on them."""

    directory: Path
    postgres: Postgres
    redis: Redis
    cache: Redis
    sandbox: Sandbox
    settings: Mapping[str, str]


@contextlib.contextmanager
def site(*, keep: bool = False) -> Iterator[Site]:
    """PostgreSQL that waits for the disk, two Redis, the stand-in for Stripe, the demo's products.
    `keep`: the stand-in stores what it knows, as its deployment would."""
    with contextlib.ExitStack() as stack:
        directory = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="bench-")))
        postgres = stack.enter_context(Postgres(durable=True))
        redis = stack.enter_context(Redis(directory / "jobs", append_only=True))
        cache = stack.enter_context(Redis(directory / "cache", policy="allkeys-lru"))
        sandbox = stack.enter_context(Sandbox(directory / "sandbox", keep=keep))
        url = create_database(postgres.url(), "bench")
        settings = LIFTED | {
            name: value
            for name, value in private_settings(
                database_url=url,
                redis_url=redis.url(),
                cache_redis_url=cache.url(),
                sandbox_url=sandbox.url,
            ).items()
            if name not in LIFTED
        }
        migrate(url)
        flask(settings, "demo", "seed", app="demo.app")
        yield Site(directory, postgres, redis, cache, sandbox, settings)


def flask(
    settings: Mapping[str, str], *words: str, app: str = "wsgi", repository: Path = REPOSITORY
) -> str:
    """What a command of the product's says. Raises CalledProcessError."""
    done = subprocess.run(
        [sys.executable, "-m", "flask", "--app", app, *words],
        env=os.environ | settings,
        cwd=repository,
        check=True,
        capture_output=True,
        text=True,
    )
    return done.stdout


class Served(Process):
    """A WSGI application (`module:name`) by gunicorn as gunicorn.conf.py has it: two processes of
    eight threads. `repository` is another checkout of the product."""

    def __init__(
        self,
        directory: Path,
        settings: Mapping[str, str],
        module: str = "wsgi:app",
        *,
        ready: str = "/healthz",
        repository: Path = REPOSITORY,
        processes: int = 2,
    ) -> None:
        self.port = free_port()
        self.url = f"http://{LOOPBACK}:{self.port}"
        self._ready = ready
        own = [] if module == "wsgi:app" else ["--config", "/dev/null"]
        flags = ["--preload", "--worker-class", "gthread", "--threads", "8", "--keep-alive", "75"]
        super().__init__(
            module,
            [
                *(sys.executable, "-m", "gunicorn", module, *own, *flags),
                *("--workers", str(processes), "--bind", f"{LOOPBACK}:{self.port}"),
            ],
            directory / f"web-{self.port}.log",
            env=os.environ | settings | {"PUBLIC_URL": self.url},
            cwd=repository,
        )

    def is_ready(self) -> bool:
        return answers(f"{self.url}{self._ready}")
