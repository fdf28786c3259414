"""asset_files: the files of `static/` and of what the assets' build made of them, by plain Python:
the build of a wheel, which has no Flask, looks whether they belong together."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

DIRECTORY = "assets"  # in the static folder
MANIFEST = "manifest.json"
HASH_LENGTH = 16


def sources(static: Path) -> list[Path]:
    """The files a build starts from."""
    return sorted(
        path
        for path in static.rglob("*")
        if path.is_file()
        and path.relative_to(static).parts[0] != DIRECTORY
        and not any(part.startswith(".") for part in path.relative_to(static).parts)
    )


def fingerprint(content: bytes) -> str:
    """What stands in the name for the content."""
    return hashlib.sha256(content).hexdigest()[:HASH_LENGTH]


def state_of(static: Path) -> str:
    """Changes with any of the sources."""
    digest = hashlib.sha256()
    for path in sources(static):
        digest.update(f"{path.relative_to(static)}\0{fingerprint(path.read_bytes())}\0".encode())
    return digest.hexdigest()


def built(static: Path) -> dict[str, str] | None:
    """The hashed name of each file; None where nothing is built.

    Raises ValueError where the build is older than the files.
    """
    path = static / DIRECTORY / MANIFEST
    if not path.exists():
        return None
    manifest = json.loads(path.read_text())
    if manifest["sources"] != state_of(static):
        raise ValueError("the built assets are out of date: run `flask assets build`")
    files: dict[str, str] = manifest["files"]
    return files
