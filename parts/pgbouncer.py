"""The real PgBouncer on a free port, before a PostgreSQL of ours."""

import shutil
import subprocess
import tempfile
from pathlib import Path

import psycopg

from parts.install import MissingPart
from parts.ports import LOOPBACK, free_port
from parts.postgres import Postgres, unprivileged_user
from parts.process import Process


class PgBouncer(Process):
    """`mode` is `session` or `transaction`; at most `size` connections go on to the server."""

    def __init__(self, server: Postgres, mode: str, *, size: int) -> None:
        self.directory = Path(tempfile.mkdtemp(prefix="pgbouncer-"))
        self.port, user = free_port(), unprivileged_user()
        self._users = self.directory / "users.txt"
        self._users.write_text('"payments_app" ""\n')
        self._file = self.directory / "pgbouncer.ini"
        self._file.write_text(
            f"[databases]\n* = host={LOOPBACK} port={server.port}\n"
            f"[pgbouncer]\nlisten_addr = {LOOPBACK}\nlisten_port = {self.port}\n"
            f"auth_type = trust\nauth_file = {self._users}\npool_mode = {mode}\n"
            f"default_pool_size = {size}\nmax_client_conn = 200\nunix_socket_dir =\n"
        )
        if user:
            subprocess.run(["chown", "-R", user, self.directory], check=True)
        super().__init__(
            "PgBouncer",
            [find_pgbouncer(), self._file],
            self.directory / "pgbouncer.log",
            cwd=self.directory,
            user=user,
        )

    def url(self, database: str) -> str:
        """As SQLAlchemy takes it, as the role that processes run with."""
        return f"postgresql+psycopg://payments_app@{LOOPBACK}:{self.port}/{database}"

    def is_ready(self) -> bool:
        url = self.url("postgres").replace("+psycopg", "", 1)
        try:
            psycopg.connect(url, connect_timeout=2).close()
        except psycopg.OperationalError:
            return False
        return True

    def stop(self, within: float = 10) -> None:
        super().stop(within)
        shutil.rmtree(self.directory, ignore_errors=True)


def find_pgbouncer() -> str:
    """Raises MissingPart."""
    found = shutil.which("pgbouncer") or shutil.which("pgbouncer", path="/usr/sbin")
    if found is None:
        raise MissingPart("pgbouncer")
    return found
