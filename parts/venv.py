"""Makes the virtual environment and installs the pinned, hashed requirements into it, once.

Runs on the system's Python and its standard library alone: `python3 -m parts.venv FILE...`.
"""

import hashlib
import os
import subprocess
import sys
import venv
from pathlib import Path

OLDEST = (3, 11)
VENV = Path(os.environ.get("VENV", ".venv"))


def main(files: list[str]) -> None:
    if sys.version_info < OLDEST:
        sys.exit("This needs Python 3.11 or newer: install it, or say PYTHON=/path/to/python3.")
    stamp = VENV / f"{Path(files[-1]).stem}.stamp"
    wanted = fingerprint(files)
    python = VENV / "bin" / "python"
    # A link to a Python that was upgraded away exists no more, whatever the stamp says.
    if not python.exists():
        make()
    elif stamp.exists() and stamp.read_text() == wanted:
        return
    print(f"Installing {', '.join(files)} ...", flush=True)
    install = [str(python), "-m", "pip", "install", "--quiet", "--require-hashes"]
    done = subprocess.run([*install, *(word for name in files for word in ("-r", name))])
    if done.returncode:
        sys.exit("The requirements were not installed; pip says why above.")
    stamp.write_text(wanted)


def make() -> None:
    try:
        venv.create(VENV, clear=True, with_pip=True)
    except (subprocess.CalledProcessError, OSError):
        sys.exit(
            "Python cannot make a virtual environment. On Debian: apt-get install python3-venv"
        )


def fingerprint(files: list[str]) -> str:
    return hashlib.sha256(b"".join(Path(name).read_bytes() for name in files)).hexdigest()


if __name__ == "__main__":
    main(sys.argv[1:])
