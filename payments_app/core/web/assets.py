"""Static files under names that change with their content, so that browsers may keep them for ever.

`flask assets build` writes `css/site.css` to `static/assets/css/site.<hash>.css` and notes it in a
manifest. Without a manifest, as in development, or with one that is older than the files, the
files are served under their own names.
"""

from __future__ import annotations

import hashlib
import json
import logging
import re
from pathlib import Path

from flask import Flask, current_app, url_for

log = logging.getLogger(__name__)

DIRECTORY = "assets"  # in the static folder
MANIFEST = "manifest.json"
_HASH_LENGTH = 16
_HASHED = re.compile(rf"{DIRECTORY}/.+\.[0-9a-f]{{{_HASH_LENGTH}}}\.\w+")


def prepare(app: Flask) -> None:
    """Read the manifest, and serve `static_url` to the templates."""
    developing = app.config["CONFIG"].debug
    app.extensions["assets"] = {} if developing else _manifest(Path(app.static_folder or ""))
    app.add_template_global(static_url)


def static_url(name: str) -> str:
    """The address of a file of `static/`: the hashed one where the assets are built.

    Raises KeyError for a file that the build does not know.
    """
    built: dict[str, str] = current_app.extensions["assets"]
    return url_for("static", filename=built[name] if built else name)


def is_hashed(name: str) -> bool:
    """Whether the name of a static file tells its content: then it never changes."""
    return _HASHED.fullmatch(name) is not None


def sources(static: Path) -> list[Path]:
    """The files a build starts from."""
    return sorted(
        path
        for path in static.rglob("*")
        if path.is_file()
        and path.relative_to(static).parts[0] != DIRECTORY
        and not path.name.startswith(".")
    )


def fingerprint(content: bytes) -> str:
    """What stands in the name for the content."""
    return hashlib.sha256(content).hexdigest()[:_HASH_LENGTH]


def state_of(static: Path) -> str:
    """Changes with any of the sources."""
    digest = hashlib.sha256()
    for path in sources(static):
        digest.update(f"{path.relative_to(static)}\0{fingerprint(path.read_bytes())}\0".encode())
    return digest.hexdigest()


def _manifest(static: Path) -> dict[str, str]:
    path = static / DIRECTORY / MANIFEST
    if not path.exists():
        return {}
    manifest = json.loads(path.read_text())
    if manifest["sources"] != state_of(static):
        log.warning("the built assets are out of date and not used: run `flask assets build`")
        return {}
    files: dict[str, str] = manifest["files"]
    return files
