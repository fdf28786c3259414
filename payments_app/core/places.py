"""places: where the product's files that are not Python lie. In the repository and in a release
they stand beside the package; a wheel carries them in the package's own `_data`."""

from __future__ import annotations

from pathlib import Path


def templates() -> Path:
    """The templates of pages and mails."""
    return _find("templates")


def static() -> Path:
    """What browsers load, with what the assets' build made of it."""
    return _find("static")


def translations() -> Path:
    """The messages of each language."""
    return _find("translations")


def migrations() -> Path:
    """Alembic's directory."""
    return _find("migrations")


def _find(name: str) -> Path:
    """Resolved: a running process keeps its own release's files when the link to it moves on. In a
    release the package itself may be a link, which is therefore left before."""
    package = Path(__file__).parents[1]
    packed = package / "_data"
    return ((packed if packed.is_dir() else package.parent) / name).resolve()
