"""An SVG that is a picture and nothing else: it runs nothing, and loads nothing."""

from __future__ import annotations

import re
from collections.abc import Iterator
from xml.etree import ElementTree  # nosec B405 - no document type gets to it

from payments_app.config_checks.read import matches

_SVG = "{http://www.w3.org/2000/svg}"
_XHTML = "{http://www.w3.org/1999/xhtml}"  # within an SVG it does what it does in a page
_ACTS = {"script", "foreignObject", "handler", "listener", "audio", "video", "iframe"}
# In a style: another sheet, or a picture that is not within the file.
_LOADS = re.compile(
    r"@import|image-set|\b(image|src)\(|url\([\s\"']*(?![\"'#\s]|data:image/)", re.IGNORECASE
)
_NUMBER = r"\d{1,6}(\.\d{1,6})?"


def size_of_svg(content: bytes) -> tuple[float, float]:
    """The width and height of an SVG in any unit, 0 and 0 where it says none.

    Raises ValueError with what it must be, in words.
    """
    try:
        text = content.decode()
        # What a document type can do to a parser is refused before it is read.
        root = None if "<!" in text.replace("<!--", "") else ElementTree.fromstring(text)  # noqa: S314 # nosec B314
    except (ValueError, ElementTree.ParseError):
        root = None
    if root is None or root.tag != f"{_SVG}svg":
        raise ValueError("an SVG in UTF-8 without a document type")
    if "<?xml-stylesheet" in text or any(_is_active(one) for one in root.iter()):
        raise ValueError("an SVG without scripts, and with nothing in it from another address")
    box = root.get("viewBox", "").replace(",", " ").split()
    given = box[2:] if len(box) == 4 else [root.get("width", ""), root.get("height", "")]
    numbers = [one.removesuffix("px") for one in given]
    if not all(matches(_NUMBER, one) for one in numbers):
        return 0, 0
    return float(numbers[0]), float(numbers[1])


def _is_active(element: ElementTree.Element) -> bool:
    """Whether it runs something or loads something. Browsers do neither in an <img>; a file that
    tries was not meant as a picture."""
    name = str(element.tag).removeprefix(_SVG)
    styled = "".join(element.itertext()) if name == "style" else ""
    if name in _ACTS or name.startswith(_XHTML) or "\\" in styled or _LOADS.search(styled):
        return True  # a backslash writes any of these words in another way
    return any(_attributes_that_act(element))


def _attributes_that_act(element: ElementTree.Element) -> Iterator[bool]:
    for name, value in element.items():
        local = name.rpartition("}")[2].lower()
        yield local.startswith("on") or local == "base"
        yield local == "attributename" and value.strip().lower().endswith("href")
        yield "\\" in value and not name.startswith("{")  # a style: of SVG's own, each may be one
        yield _LOADS.search(value) is not None
        yield local == "href" and not value.startswith(("#", "data:image/"))
