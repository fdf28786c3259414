"""A private PostgreSQL server on a free port."""

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType

import psycopg
from psycopg import sql

from parts.install import MissingPart
from parts.ports import LOOPBACK, free_port
from parts.process import NotReady, Process

ROLE = "payments"


class Postgres(Process):
    """`durable=False` trades the safety of the data against speed, for tests.

    It makes its own directory: the account it drops to could not enter one of root's.
    """

    stop_signal = signal.SIGINT  # "fast": SIGTERM would wait for every client to leave

    def __init__(
        self,
        port: int | None = None,
        *,
        durable: bool = False,
        more: Mapping[str, object] | None = None,
    ) -> None:
        directory = Path(tempfile.mkdtemp(prefix="postgres-"))
        self.directory = directory
        self.data = directory / "data"
        self.port = port or free_port()
        self.binaries = find_binaries()
        settings = {
            "listen_addresses": LOOPBACK,
            "port": self.port,
            "unix_socket_directories": directory,
            "max_connections": 200,
            "timezone": "UTC",
        }
        if not durable:
            settings |= {"fsync": "off", "full_page_writes": "off", "synchronous_commit": "off"}
        settings |= more or {}
        super().__init__(
            "PostgreSQL",
            [
                self.binaries / "postgres",
                *("-D", self.data),
                *(word for key, value in settings.items() for word in ("-c", f"{key}={value}")),
            ],
            directory / "postgres.log",
            cwd=directory,
            user=unprivileged_user(),
        )

    def url(self, database: str = "postgres") -> str:
        """As SQLAlchemy takes it. Nobody but this machine can connect, so there is no password."""
        return f"postgresql+psycopg://{ROLE}@{LOOPBACK}:{self.port}/{database}"

    def connect(self, database: str = "postgres") -> psycopg.Connection:
        """A connection of its own that commits each statement."""
        return psycopg.connect(
            host=LOOPBACK, port=self.port, user=ROLE, dbname=database, autocommit=True
        )

    def is_ready(self) -> bool:
        try:
            self.connect().close()
        except psycopg.OperationalError:
            return False
        return True

    def launch(self) -> None:
        if not self.data.exists():
            self._initialise()
        super().launch()

    def _own(self) -> None:
        if self.user:
            shutil.chown(self.directory, self.user)

    def _initialise(self) -> None:
        self.fill_data(
            "initdb",
            *("-D", self.data, "-U", ROLE, "--auth=trust", "--encoding=UTF8"),
            *("--locale=C.UTF-8", "--no-sync", "--no-instructions"),
        )

    def fill_data(self, program: str, *words: str | Path) -> None:
        """Let one of PostgreSQL's programs make the data, as the server's user. Raises NotReady."""
        self._own()
        made = subprocess.run(
            [self.binaries / program, *words],
            cwd=self.directory,
            user=self.user,
            group=self.user,
            extra_groups=[] if self.user else None,
            capture_output=True,
            text=True,
            check=False,
        )
        if made.returncode:
            raise NotReady(f"{program} failed: {made.stderr.strip()}")

    def discard(self) -> None:
        """Stop, and remove the data."""
        self.stop()
        shutil.rmtree(self.directory)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.discard()


def create_database(server: str, name: str, template: str = "template0") -> str:
    """Copy a template into a new database and give its URL. `server` is any URL of the server.

    Nobody may be connected to the template meanwhile: that is PostgreSQL's rule.
    """
    base = server.rpartition("/")[0]
    with psycopg.connect(libpq(f"{base}/postgres"), autocommit=True) as connection:
        connection.execute(
            sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(
                sql.Identifier(name), sql.Identifier(template)
            )
        )
    return f"{base}/{name}"


def libpq(url: str) -> str:
    """SQLAlchemy's URL without the driver's name, as PostgreSQL's own library reads it."""
    return url.replace("postgresql+psycopg://", "postgresql://", 1)


def find_binaries() -> Path:
    """The directory that holds `initdb` and `postgres`. Raises MissingPart."""
    on_path = [Path(entry) for entry in os.get_exec_path()]
    versions = Path("/usr/lib/postgresql").glob("*/bin")
    newest_first = sorted(versions, key=lambda path: int(path.parent.name), reverse=True)
    for directory in [*newest_first, *on_path]:
        if (directory / "initdb").exists() and (directory / "postgres").exists():
            return directory
    raise MissingPart("postgres")


def unprivileged_user() -> str | None:
    """PostgreSQL refuses to run as root: the account to drop to, or None when we are not root."""
    if os.geteuid() != 0:
        return None
    known = {entry.pw_name for entry in pwd.getpwall()}
    return "postgres" if "postgres" in known else "nobody"
