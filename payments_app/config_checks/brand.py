"""The shop's logo and colour."""

from __future__ import annotations

import struct
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from payments_app.config_checks.read import matches
from payments_app.config_checks.svg import size_of_svg

MOST_BYTES = 50_000  # each page of a buyer loads it
_PNG = b"\x89PNG\r\n\x1a\n"


@dataclass(frozen=True)
class Logo:
    """A picture as browsers get it; `width` and `height` are its own, in any unit."""

    content: bytes
    suffix: str  # of its name: svg or png
    width: float
    height: float


def read_logo(path: Path) -> Logo:
    """The logo in this file. Raises ValueError with what it must be, in words."""
    if not (path.is_absolute() and path.is_file()):
        raise ValueError("the path of a file that is there, from / on")
    with path.open("rb") as file:
        content = file.read(MOST_BYTES + 1)
    if len(content) > MOST_BYTES:
        raise ValueError(f"a file of at most {MOST_BYTES:,} bytes")
    if content.startswith(_PNG) and content[12:16] == b"IHDR" and len(content) > 24:
        suffix, size = "png", struct.unpack(">II", content[16:24])
    else:
        suffix, size = "svg", _size_of_svg(content)
    if not all(size):
        raise ValueError("a picture with a width and a height: of an SVG, in its viewBox")
    return Logo(content, suffix, *size)


def _size_of_svg(content: bytes) -> tuple[float, float]:
    try:
        return size_of_svg(content)
    except ValueError as error:
        raise ValueError(f"a PNG, or {error}") from error


def _check_brand(env: Mapping[str, str]) -> list[str]:
    problems = []
    if path := env.get("SHOP_LOGO"):
        try:
            read_logo(Path(path))
        except OSError as error:
            problems.append(f"SHOP_LOGO can't be read: {error.strerror}")
        except ValueError as error:
            problems.append(f"SHOP_LOGO must be {error}")
    color = env.get("BRAND_COLOR", "")
    if color and not matches(r"#[0-9a-fA-F]{6}", color):
        problems.append("BRAND_COLOR must read like #1f4f46: a # and six digits from 0 to f")
    return problems


CHECKS = (_check_brand,)
