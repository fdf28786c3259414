"""A small disk of its own, that can be filled and emptied: a tmpfs, which takes root to mount."""

import os
import subprocess
from pathlib import Path

from parts.process import NotReady


class Disk:
    """`megabytes` at `directory`, which is empty until then."""

    def __init__(self, directory: Path, megabytes: int) -> None:
        self.directory, self._megabytes = directory, megabytes
        self._ballast = directory / "ballast"

    def mount(self) -> None:
        """Raises NotReady where this account may not."""
        size = f"size={self._megabytes}m"
        done = subprocess.run(
            ["mount", "-t", "tmpfs", "-o", size, "tmpfs", self.directory],
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise NotReady(f"No disk can be mounted, which root may: {done.stderr.strip()}")

    def unmount(self) -> None:
        if self.directory.is_mount():
            subprocess.run(["umount", "--lazy", self.directory], capture_output=True, check=False)

    def free(self) -> int:
        """Bytes."""
        found = os.statvfs(self.directory)
        return found.f_bavail * found.f_frsize

    def fill(self) -> None:
        """Take all that is free; more is taken at the next call."""
        with self._ballast.open("ab") as file:
            if (left := self.free()) > 0:
                os.posix_fallocate(file.fileno(), self._ballast.stat().st_size, left)

    def empty(self) -> None:
        self._ballast.unlink(missing_ok=True)
