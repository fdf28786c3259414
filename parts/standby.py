"""A second PostgreSQL server that follows a first, and takes its place when it is promoted."""

from pathlib import Path

from parts.ports import LOOPBACK
from parts.postgres import ROLE, Postgres
from parts.process import NotReady


class Standby(Postgres):
    """Of a server that runs, which `start` copies. It writes its log to `log`."""

    def __init__(self, primary: Postgres, log: Path) -> None:
        super().__init__(durable=True, more={"max_wal_size": "128MB", "min_wal_size": "32MB"})
        self._primary, self.log = primary, log

    def follow(self) -> None:
        """Start, and let no commit of the primary be answered before it is here too."""
        self.start()
        with self._primary.connect() as connection:
            connection.execute("ALTER SYSTEM SET synchronous_standby_names = '*'")
            connection.execute("SELECT pg_reload_conf()")

    def promote(self) -> None:
        """The primary must have ended: nobody else keeps it from taking writes. Raises NotReady."""
        with self.connect() as connection:
            if connection.execute("SELECT pg_promote(true, 60)").fetchone() != (True,):
                raise NotReady("The standby was not promoted.")

    def _initialise(self) -> None:
        self.fill_data(
            "pg_basebackup",
            *("-h", LOOPBACK, "-p", str(self._primary.port), "-U", ROLE),
            *("-D", self.data, "-R", "-X", "stream", "-c", "fast", "--no-sync"),
        )
