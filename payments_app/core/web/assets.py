"""Static files under names that change with their content, so that browsers may keep them for ever.

`flask assets build` writes `css/site.css` to `static/assets/css/site.<hash>.css` and notes it in a
manifest. Without a manifest, as in development, or with one that is older than the files, the
files are served under their own names.
"""

from __future__ import annotations

import logging
import re
from pathlib import Path

from flask import Flask, current_app, url_for

from payments_app.core import asset_files

log = logging.getLogger(__name__)

_HASHED = re.compile(rf"{asset_files.DIRECTORY}/.+\.[0-9a-f]{{{asset_files.HASH_LENGTH}}}\.\w+")


def prepare(app: Flask) -> None:
    """Read the manifest, and serve `static_url` to the templates."""
    developing = app.config["CONFIG"].debug
    app.extensions["assets"] = {} if developing else _built(Path(app.static_folder or ""))
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


def _built(static: Path) -> dict[str, str]:
    try:
        return asset_files.built(static) or {}
    except ValueError as error:
        log.warning("%s; they are not used", error)
        return {}
