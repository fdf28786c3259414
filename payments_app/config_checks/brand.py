"""The shop's logo and colour."""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree  # nosec B405 - no document type gets to it

from payments_app.config_checks.read import matches

MOST_BYTES = 50_000  # each page of a buyer loads it
_PNG = b"\x89PNG\r\n\x1a\n"
_SVG = "{http://www.w3.org/2000/svg}"
_NUMBER = r"\d{1,6}(\.\d{1,6})?"


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
        text = content.decode()
        # What a document type can do to a parser is refused before it is read.
        root = None if "<!" in text.replace("<!--", "") else ElementTree.fromstring(text)  # noqa: S314 # nosec B314
    except (ValueError, ElementTree.ParseError):
        root = None
    if root is None or root.tag != f"{_SVG}svg":
        raise ValueError("an SVG in UTF-8 without a document type, or a PNG")
    if any(_is_active(one) for one in root.iter()):
        raise ValueError("an SVG without scripts, and with nothing in it from another address")
    box = root.get("viewBox", "").replace(",", " ").split()
    given = box[2:] if len(box) == 4 else [root.get("width", ""), root.get("height", "")]
    numbers = [one.removesuffix("px") for one in given]
    if not all(matches(_NUMBER, one) for one in numbers):
        return 0, 0
    return float(numbers[0]), float(numbers[1])


def _is_active(element: ElementTree.Element) -> bool:
    """Whether it runs something or loads something. Browsers do neither in an <img>; a file that
    tries was not meant as a logo."""
    name = str(element.tag).removeprefix(_SVG)
    return name in {"script", "foreignObject"} or any(_attributes_that_act(element))


def _attributes_that_act(element: ElementTree.Element) -> Iterator[bool]:
    for name, value in element.items():
        local = name.rpartition("}")[2].lower()
        yield local.startswith("on")
        yield local == "href" and not value.startswith(("#", "data:image/"))


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
