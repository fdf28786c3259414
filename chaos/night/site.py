"""The site of a night: a database with a standby on a small disk, and releases behind a link."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

import psycopg

from chaos.merchant import FINE
from chaos.site import Site
from parts.app import REPOSITORY, Worker
from parts.disk import Disk
from parts.ports import LOOPBACK
from parts.postgres import ROLE
from parts.process import Process, wait_until
from parts.redis import Redis
from parts.release import Served, make_release
from parts.standby import Standby

ON_CALL = "oncall@example.com"
DISK_MEGABYTES = 900
_SERVERS_EVERY = 5  # looks of the keeper, of which there are five in a second
_OWN = ("wsgi.py", "worker.py")  # what a release that is spoiled has of its own


class Master(Served):
    """A web server that is there as long as any master or worker of it is: the first master ends
    when a new release takes over."""

    @property
    def pid(self) -> int:
        """The master's that serves."""
        with contextlib.suppress(OSError, ValueError):
            return int(self.pidfile.read_text())
        return super().pid

    def stop(self, within: float = 10) -> None:
        with contextlib.suppress(ProcessLookupError):
            self.signal(self.stop_signal)
        wait_until(lambda: not self.is_running(), within)
        self.kill()

    def is_running(self) -> bool:
        return super().is_running() or any(self._group())

    def _group(self) -> Iterator[int]:
        """All that were started from it and have not ended."""
        if self._child is None:
            return
        for entry in Path("/proc").glob("[0-9]*/stat"):
            try:
                state, _, group = entry.read_text().rpartition(")")[2].split()[:3]
            except OSError:
                continue
            if group == str(self._child.pid) and state not in "ZX":
                yield int(entry.parent.name)


class NightSite(Site):
    """`held` are the servers that a fault holds down: the keeper does not start them again."""

    def __init__(self, directory: Path, seed: int) -> None:
        super().__init__(directory, seed)
        self.merchant.moods = ((FINE, 1),)
        self.first = self.postgres
        self.standby = Standby(self.postgres, directory / "standby.log")
        self.disk = Disk(self.standby.directory, DISK_MEGABYTES)
        jobs = self.standby.directory / "jobs"
        self.jobs = Redis(jobs, name="Redis of the jobs", append_only=True)
        self.jobs.log = directory / "jobs.log"
        self.database_name = ""
        self.current = directory / "current"
        self.held: set[Process] = set()
        self._looks = 0

    def _start(self) -> None:
        self.disk.mount()
        super()._start()

    def _adapt(self) -> None:
        self.standby.follow()
        self.database_name = self.settings["DATABASE_URL"].rpartition("/")[2]
        self.settings |= {
            "DATABASE_URL": self.address(self.database_name),
            "PUBLIC_URL": self.url,
            "ALERT_MAIL_TO": ON_CALL,
            "ALERT_FILE": str(self.directory / "told.json"),
            "SMTP_URL": self.mailbox.url,
        }
        self.switch(make_release(self.directory / "releases" / "good", self.settings))

    def address(self, database: str) -> str:
        """Of the server that takes writes, whichever of the two it is, as libpq reads it."""
        hosts = f"host={LOOPBACK},{LOOPBACK}&port={self.first.port},{self.standby.port}"
        return f"postgresql://{ROLE}@/{database}?{hosts}&target_session_attrs=read-write"

    def database(self) -> psycopg.Connection:
        return self.postgres.connect(self.database_name)

    def _web(self) -> Process:
        return Master(self.current, self.settings, self.directory / "web.log", self.web_port)

    def _workers(self) -> list[Worker]:
        workers = super()._workers()
        for worker in workers:
            worker.cwd = self.current
        return workers

    @property
    def servers(self) -> list[Process]:
        """What a supervisor starts again."""
        return [self.postgres, self.jobs, self.cache]

    def _kept(self) -> list[Process]:
        self._looks += 1
        servers = self.servers if self._looks % _SERVERS_EVERY == 0 else []
        return [one for one in (*servers, *self.programs) if one not in self.held]

    def promote(self) -> None:
        """The standby is the database from now on."""
        self.standby.promote()
        self.postgres = self.standby

    def switch(self, release: Path) -> None:
        """Let the link lead to another release, at once."""
        new = self.directory / "next"
        new.symlink_to(release)
        new.replace(self.current)

    @property
    def good(self) -> Path:
        return self.directory / "releases" / "good"

    def make_spoiled(self, name: str, begins_with: str) -> Path:
        """A release like the good one, whose programs begin with a statement of its own."""
        release = self.good.with_name(name)
        release.mkdir()
        for entry in self.good.iterdir():
            if entry.name not in _OWN:
                (release / entry.name).symlink_to(entry.resolve())
        for program in _OWN:
            (release / program).write_text(f"{begins_with}\n{(REPOSITORY / program).read_text()}")
        return release

    def move_to(self, database: str) -> None:
        """What is started from now on uses this database of the same server."""
        self.database_name = database
        self.settings["DATABASE_URL"] = self.address(database)
        for program in self.programs:
            program.env = {**(program.env or {}), "DATABASE_URL": self.settings["DATABASE_URL"]}

    def close(self) -> None:
        self.halt()
        for server in (self.first, self.standby, self.jobs):
            server.stop()
        self.disk.unmount()
        super().close()
        for server in {self.first, self.standby} - {self.postgres}:
            server.discard()
