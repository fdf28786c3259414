"""`make wheel`: the wheel that other applications install, from a copy of the sources.

Its assets are built in the copy: the checkout goes on serving its own files.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from parts.app import REPOSITORY
from parts.settings import NO_CACHE, NO_REDIS, private_settings

_SOURCES = ("payments_app", "templates", "static", "migrations", "translations")
_FILES = ("pyproject.toml", "README.md", "LICENSE", "deploy/wheel.py")


def lay(directory: Path) -> Path:
    """Copy what a wheel is built from into a directory that exists, without built assets."""
    ignored = shutil.ignore_patterns("__pycache__", "assets")
    for name in _SOURCES:
        shutil.copytree(REPOSITORY / name, directory / name, ignore=ignored)
    for name in _FILES:
        (directory / name).parent.mkdir(exist_ok=True)
        shutil.copy(REPOSITORY / name, directory / name)
    return directory


def build_assets(sources: Path) -> subprocess.CompletedProcess[str]:
    # The build of the assets reads no setting, but must be given all.
    settings = private_settings(
        database_url="sqlite:///none.sqlite3",
        redis_url=NO_REDIS,
        cache_redis_url=NO_CACHE,
        sandbox_url="http://127.0.0.1:1",
    )
    return _run(sources, "flask", "--app", "payments_app", "assets", "build", **settings)


def build(sources: Path, into: Path) -> subprocess.CompletedProcess[str]:
    """Refused without built assets."""
    return _run(sources, "pip", "wheel", "--no-deps", "--wheel-dir", str(into.resolve()), ".")


def make_wheel(into: Path) -> Path:
    """The file, in a directory that is made. Raises RuntimeError with what the build said."""
    with tempfile.TemporaryDirectory() as directory:
        sources = lay(Path(directory))
        for done in (build_assets(sources), build(sources, into)):
            if done.returncode:
                raise RuntimeError(f"No wheel was built:\n{done.stdout}{done.stderr}")
    return max(into.glob("*.whl"), key=lambda path: path.stat().st_mtime)


def _run(sources: Path, *words: str, **settings: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", *words],
        cwd=sources,
        env=os.environ | settings,
        capture_output=True,
        text=True,
        check=False,
    )


if __name__ == "__main__":
    print(make_wheel(Path("dist")))
