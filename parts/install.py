"""What the tests need of the operating system: found, installed, or named in one line."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

PACKAGES = {
    "postgres": "postgresql",
    "redis-server": "redis-server",
    "nginx": "nginx-light",
    "pgbouncer": "pgbouncer",
    "chromium": "chromium",
    "firefox-esr": "firefox-esr",
    "php": "php-cli",
}
MORE = {"wrk": "wrk"}  # what only a measurement needs


class MissingPart(Exception):
    """A program that is not on this machine. The message says what to install."""

    def __init__(self, *programs: str) -> None:
        packages = " ".join((PACKAGES | MORE)[program] for program in programs)
        super().__init__(
            f"Not on this machine: {', '.join(programs)}. On Debian: apt-get install {packages}"
        )


def missing(*more: str) -> list[str]:
    """The programs that were not found, of those that tests need and of `more`."""
    return [program for program in (*PACKAGES, *more) if not _present(program)]


def install_missing(*more: str) -> None:
    """Install with apt as root or with a sudo that asks no password. Raises MissingPart."""
    programs = missing(*more)
    if not programs:
        return
    become = [] if os.geteuid() == 0 else ["sudo", "-n"]
    if not shutil.which("apt-get") or (become and not _sudo_asks_nothing()):
        raise MissingPart(*programs)
    print(f"Installing {', '.join(programs)} with apt ...", flush=True)
    quiet = ["-qq", "-o", "Dpkg::Use-Pty=0", "-o", "DPkg::Lock::Timeout=300"]
    apt = [*become, "env", "DEBIAN_FRONTEND=noninteractive", "apt-get", *quiet]
    packages = [(PACKAGES | MORE)[program] for program in programs]
    for words in (["update"], ["install", "-y", "--no-install-recommends", *packages]):
        subprocess.run([*apt, *words], stdout=subprocess.DEVNULL, check=False)
    if still := missing(*more):
        raise MissingPart(*still)


def _present(program: str) -> bool:
    if program == "postgres" and any(Path("/usr/lib/postgresql").glob("*/bin/postgres")):
        return True
    if program == "chromium" and os.environ.get("CHROMIUM"):
        return True
    return shutil.which(program, path=f"{os.environ.get('PATH', '')}:/usr/sbin") is not None


def _sudo_asks_nothing() -> bool:
    if not shutil.which("sudo"):
        return False
    return subprocess.run(["sudo", "-n", "true"], capture_output=True, check=False).returncode == 0


if __name__ == "__main__":
    try:
        install_missing()
    except MissingPart as error:
        sys.exit(str(error))
