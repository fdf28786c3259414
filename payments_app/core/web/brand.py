"""The shop's own logo and colour on buyers' pages: two files that the app serves itself, under
names that change with their content, so that browsers may keep them for ever.

A page of before a restart may name an earlier one. It is given the present one, kept by nobody.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from flask import Flask, Response, current_app, url_for
from werkzeug.exceptions import NotFound

from payments_app.config_checks.brand import read_logo
from payments_app.core import brand
from payments_app.core.asset_files import fingerprint
from payments_app.core.web import access, headers

PATH = "/brand"
_HEIGHT, _MOST_WIDTH = 32, 128  # CSS pixels of the logo in the masthead
_TYPES = {"svg": "image/svg+xml", "png": "image/png", "css": "text/css"}
_NAME = re.compile(r"(logo|colors)\.[0-9a-f]+\.(\w+)")


@dataclass(frozen=True)
class File:
    """One that the app serves: its name with the hash in it, and what is in it."""

    name: str
    content: bytes
    type: str


@dataclass(frozen=True)
class Brand:
    """What templates know of it: `light` are its tones in mails, `files` the logo and the sheet of
    colours, of which there may be none; `width` and `height` are the logo's, in CSS pixels."""

    light: brand.Tones
    files: dict[str, File]
    width: int = 0
    height: int = 0

    def url(self, kind: str) -> str | None:
        """The address of `logo` or `colors`; None where the shop has none."""
        file = self.files.get(kind)
        return url_for("brand", name=file.name) if file else None


# Of a page that is shown while the app is away, and with it those files.
PLAIN = Brand(brand.tones(brand.OURS, "light"), {})


def prepare(app: Flask) -> None:
    """Read the logo, work out the colours, and serve both."""
    config = app.config["CONFIG"]
    files, width, height = {}, 0, 0
    if config.brand_color:
        files["colors"] = _file("colors", brand.sheet(config.brand_color).encode(), "css")
    if config.shop_logo:
        logo = read_logo(config.shop_logo)
        files["logo"] = _file("logo", logo.content, logo.suffix)
        scale = min(_HEIGHT / logo.height, _MOST_WIDTH / logo.width)
        width, height = max(1, round(logo.width * scale)), max(1, round(logo.height * scale))
    light = brand.tones(config.brand_color or brand.OURS, "light")
    app.extensions["brand"] = Brand(light, files, width, height)
    app.jinja_env.globals["brand"] = app.extensions["brand"]
    app.add_url_rule(f"{PATH}/<name>", "brand", _serve)


def _file(kind: str, content: bytes, suffix: str) -> File:
    return File(f"{kind}.{fingerprint(content)}.{suffix}", content, _TYPES[suffix])


@access.public
@headers.is_a_picture
def _serve(name: str) -> Response:
    found = _NAME.fullmatch(name)
    file = current_app.extensions["brand"].files.get(found[1]) if found else None
    if file is None or not file.name.endswith(f".{name.rpartition('.')[2]}"):
        raise NotFound
    response = Response(file.content, mimetype=file.type)
    response.headers["Cache-Control"] = headers.HASHED if name == file.name else headers.HTML
    return response
