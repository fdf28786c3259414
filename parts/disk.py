"""A small disk of its own, that can be filled and emptied: a tmpfs, which takes root to mount."""

import contextlib
import subprocess
from pathlib import Path

from parts.process import NotReady

_PIECES = (1 << 20, 1 << 12)  # bytes


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

    def fill(self) -> None:
        """Take all that is free, down to the last page; more is taken at the next call."""
        with self._ballast.open("ab", buffering=0) as file:
            for size in _PIECES:
                with contextlib.suppress(OSError):
                    while file.write(bytes(size)) == size:
                        pass

    def empty(self) -> None:
        self._ballast.unlink(missing_ok=True)
