"""A shop's own logo and colour: on its pages, in its mails, and nowhere of the staff's."""

from __future__ import annotations

import re
import struct
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from payments_app import Payments, create_app
from payments_app.config import Config, ConfigError
from payments_app.core.db.session import atomic
from payments_app.core.web.assets_build import build_command
from payments_app.core.web.brand import Brand
from payments_app.core.web.headers import HASHED
from payments_app.notices import mail_links
from payments_app.notices.mails import write
from payments_app.notices.models import Mail
from tests.bystanders import own

HTML = {"Accept": "text/html"}
SVG = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {size}"><path d="M0 0h9v9z"/></svg>'
PNG = b"\x89PNG\r\n\x1a\n" + struct.pack(">I4sII", 13, b"IHDR", 96, 48) + b"\x08\x06\0\0\0"
LINKS = re.compile(r'(?:href|src)="([^"]*/brand/[^"]+)"')


@pytest.fixture
def logo(tmp_path: Path) -> Path:
    path = tmp_path / "mark.svg"
    path.write_text(SVG.format(size="400 40"))
    return path


@pytest.fixture
def settings(settings: dict[str, str], logo: Path) -> dict[str, str]:
    return settings | {"SHOP_LOGO": str(logo), "BRAND_COLOR": "#FFD400"}


def test_each_page_has_them_under_names_that_are_kept_for_ever(app: Flask, logo: Path) -> None:
    client = app.test_client()
    for path in ("/", "/cart", "/account", "/checkout/nothing"):
        page = client.get(path, headers=HTML).text
        colors, mark = LINKS.findall(page)
        assert re.fullmatch(r"/brand/colors\.[0-9a-f]{16}\.css", colors)
        assert re.fullmatch(r"/brand/logo\.[0-9a-f]{16}\.svg", mark)
        assert re.search(r'alt=""\s+width="128"\s+height="13"', page)
    style, picture = client.get(colors), client.get(mark)
    assert (style.mimetype, picture.mimetype) == ("text/css", "image/svg+xml")
    assert "--fill: #ffd400;" in style.text
    assert picture.data == logo.read_bytes()
    for answer in (style, picture):
        assert answer.headers["Cache-Control"] == HASHED
        assert "Set-Cookie" not in answer.headers


def test_what_a_logo_may_do_where_it_is_opened_by_itself_is_nothing(app: Flask) -> None:
    client = app.test_client()
    mark = LINKS.findall(client.get("/cart", headers=HTML).text)[1]
    policy = client.get(mark).headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; style-src 'unsafe-inline'; sandbox")
    page = client.get("/cart", headers=HTML).headers["Content-Security-Policy"]
    assert "style-src 'self';" in page


def test_the_address_of_an_earlier_one_gives_the_present_one_and_nobody_keeps_it(
    app: Flask, logo: Path
) -> None:
    client = app.test_client()
    answer = client.get("/brand/logo.0000000000000000.svg")
    assert (answer.data, answer.headers["Cache-Control"]) == (logo.read_bytes(), "no-cache")
    for name in ("logo.0000000000000000.png", "logo.svg", "colors.x.css", "icon.00.svg"):
        assert client.get(f"/brand/{name}").status_code == 404


def test_staff_keep_their_own_colours(app: Flask) -> None:
    page = app.test_client().get("/staff/login", headers=HTML)
    assert page.status_code == 200
    assert "/brand/" not in page.text


def test_a_mail_has_its_colour(app: Flask) -> None:
    @atomic
    def written(session: Session) -> str:
        link = mail_links.signs_in("/account/", "test", "cus_1", "/")
        who = ("account_link", "cus_1", "ada@example.com", "Sign in")
        write(session, *who, link=link, minutes=15)
        return session.scalars(select(Mail).where(own(Mail))).one().html

    with app.app_context():
        html = written()
    assert '<td bgcolor="#ffd400">' in html
    assert re.search(r'color="#000000"\s+size="3"><b>Sign in</b>', html)
    assert re.search(r'link="#[0-9a-f]{6}"', html)
    assert 'link="#ffd400"' not in html


def test_below_a_prefix_they_are_there_as_well(settings: dict[str, str]) -> None:
    host = Flask("host")
    Payments(host, config=Config.from_env(settings))
    client = host.test_client()
    colors, mark = LINKS.findall(client.get("/pay/cart", headers=HTML).text)
    assert colors.startswith("/pay/brand/colors.")
    assert [client.get(path).status_code for path in (colors, mark)] == [200, 200]
    assert client.get(colors.removeprefix("/pay")).status_code == 404


def test_pages_that_nginx_answers_without_us_need_none_of_it(
    app: Flask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    static = tmp_path / "static"
    for name in ("css/site.css", "icon.svg"):
        path = static / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("x")
    monkeypatch.setattr(app, "static_folder", str(static))
    monkeypatch.setattr("payments_app.core.web.assets_build._check_templates", lambda *_: None)
    done = app.test_cli_runner().invoke(build_command)
    assert done.exit_code == 0, done.output
    page = (static / "assets" / "errors" / "503.html").read_text()
    assert "Corner Shop</a>" in page
    assert "/brand/" not in page


@pytest.mark.parametrize("size", ["400 40", "40 40", "40 400"])
def test_a_logo_keeps_its_proportions_in_32_by_128_pixels(
    app: Flask, settings: dict[str, str], logo: Path, size: str
) -> None:
    logo.write_text(SVG.format(size=size))
    brand = build(settings)
    assert (brand.width, brand.height) == {
        "400 40": (128, 13),
        "40 40": (32, 32),
        "40 400": (3, 32),
    }[size]


def test_a_png_is_read_as_well(settings: dict[str, str], logo: Path) -> None:
    logo.write_bytes(PNG)
    brand = build(settings)
    assert (brand.width, brand.height) == (64, 32)
    assert brand.files["logo"].type == "image/png"


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (SVG.format(size="0 40"), "a width and a height"),
        (SVG.format(size="wide high"), "a width and a height"),
        ('<svg xmlns="http://www.w3.org/2000/svg" width="100%"/>', "a width and a height"),
        ("<html/>", "an SVG in UTF-8"),
        ("GIF89a", "an SVG in UTF-8"),
        ("", "an SVG in UTF-8"),
        ("\u00e9".encode("latin-1"), "an SVG in UTF-8"),
        ('<!DOCTYPE x [<!ENTITY a "b">]>' + SVG.format(size="4 4"), "without a document type"),
        (SVG.format(size="4 4").replace("<path", "<script/><path"), "without scripts"),
        (SVG.format(size="4 4").replace("<path", '<path onclick="x()"'), "without scripts"),
        (SVG.format(size="4 4").replace("<path", '<image href="//a.b/"/><path'), "another address"),
        *(
            (SVG.format(size="4 4").replace("<path", f"{odd}<path"), "another address")
            for odd in (
                "<style>@import 'https://a.b/x.css'</style>",
                "<style>a{background:u\\72l(//a.b/x)}</style>",
                "<style>a{background:image-set('//a.b/x' 1x)}</style>",
                '<a fill="url( //a.b/#x)"/>',
                '<a><set attributeName="href" to="//a.b/"/></a>',
                '<a><set attributeName=" href " to="//a.b/"/></a>',
                '<style>a{fill:url("" //a.b/x)}</style>',
                "<style>a{fill:url(' //a.b/x')}</style>",
                "<style><g/>@import '//a.b/x.css'</style>",
                "<style><g>@im<g/>port '//a.b/x.css'</g></style>",
                "<style>a{background:image('//a.b/x')}</style>",
                '<a fill="\\75rl(//a.b/x)"/>',
                '<a to="u\\72 l(//a.b/x)"/>',
                '<video src="//a.b/x"/>',
                '<g xml:base="//a.b/"/>',
                '<h:script xmlns:h="http://www.w3.org/1999/xhtml">x()</h:script>',
                '<h:img xmlns:h="http://www.w3.org/1999/xhtml" src="//a.b/x"/>',
            )
        ),
        ('<?xml-stylesheet href="//a.b/x.css"?>' + SVG.format(size="4 4"), "another address"),
        (SVG.format(size="4 4") + " " * 50_000, "at most 50,000 bytes"),
    ],
)
def test_what_is_no_logo_is_refused_at_start(
    settings: dict[str, str], logo: Path, content: str | bytes, words: str
) -> None:
    logo.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(ConfigError, match=rf"SHOP_LOGO must be .*{words}") as refused:
        Config.from_env(settings)
    assert len(str(refused.value).splitlines()) == 2


def test_a_logo_may_use_what_is_within_it(settings: dict[str, str], logo: Path) -> None:
    """As drawing programs write it."""
    within = "<style>.a{fill:url(#b)}</style><a fill=\"url( '#b' )\" href='#b'/><path"
    within += ' xmlns:i="http://www.inkscape.org/namespaces/inkscape" i:file="C:\\a.png"'
    logo.write_text(SVG.format(size="4 4").replace("<path", within))
    assert build(settings).files["logo"].type == "image/svg+xml"


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("SHOP_LOGO", "mark.svg", "SHOP_LOGO must be the path of a file that is there"),
        ("SHOP_LOGO", "/none/mark.svg", "SHOP_LOGO must be the path of a file that is there"),
        ("SHOP_LOGO", "/proc/self/mem", "SHOP_LOGO can't be read"),
        ("BRAND_COLOR", "yellow", "BRAND_COLOR must read like"),
        ("BRAND_COLOR", "#fd0", "BRAND_COLOR must read like"),
        ("BRAND_COLOR", "#ffd4001", "BRAND_COLOR must read like"),
        ("BRAND_COLOR", "#ffd40\u0660", "BRAND_COLOR must read like"),
    ],
)
def test_a_wrong_value_is_refused_at_start(
    settings: dict[str, str], name: str, value: str, words: str
) -> None:
    with pytest.raises(ConfigError, match=words) as refused:
        Config.from_env(settings | {name: value})
    assert len(str(refused.value).splitlines()) == 2


def build(settings: dict[str, str]) -> Brand:
    brand: Brand = create_app(Config.from_env(settings)).extensions["brand"]
    return brand
