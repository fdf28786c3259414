"""Static files under names that change with their content."""

from __future__ import annotations

import gzip
import json
import re
from pathlib import Path

import brotli
import pytest

from payments_app.core import asset_files
from payments_app.core.web.assets_build import AssetError, build

pytestmark = pytest.mark.portable


@pytest.fixture
def static(tmp_path: Path) -> Path:
    return _write(
        tmp_path / "static",
        {
            "icon.svg": "<svg>" + "<g></g>" * 50 + "</svg>",
            "css/base.css": "body { color: black; } " * 20,
            "css/site.css": '@import "base.css"; p { background: url(../icon.svg#mark) }' * 5,
            "js/lib/words.js": "export const hello = 'hello';",
            "js/page.js": 'import { hello } from "./lib/words.js";\nimport("./lib/words.js");',
        },
    )


@pytest.fixture
def templates(tmp_path: Path) -> Path:
    return _write(tmp_path / "templates", {"page.html": "{{ static_url('css/site.css') }}"})


def _write(directory: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        path = directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return directory


def test_the_name_of_a_file_tells_its_content(static: Path, templates: Path) -> None:
    first = build(static, templates)
    (static / "icon.svg").write_text("<svg></svg>")
    second = build(static, templates)
    assert re.fullmatch(r"assets/icon\.[0-9a-f]{16}\.svg", first["icon.svg"])
    assert first["icon.svg"] != second["icon.svg"]


def test_a_file_changes_its_name_with_what_it_refers_to(static: Path, templates: Path) -> None:
    first = build(static, templates)
    (static / "js/lib/words.js").write_text("export const hello = 'good day';")
    second = build(static, templates)
    assert first["js/page.js"] != second["js/page.js"]
    assert first["css/site.css"] == second["css/site.css"]


def test_references_in_style_sheets_and_scripts_name_the_hashed_files(
    static: Path, templates: Path
) -> None:
    files = build(static, templates)
    sheet = (static / files["css/site.css"]).read_text()
    script = (static / files["js/page.js"]).read_text()
    base = files["css/base.css"].removeprefix("assets/css/")
    icon = files["icon.svg"].removeprefix("assets/")
    words = files["js/lib/words.js"].removeprefix("assets/js/")
    assert sheet.startswith(f'@import "./{base}"; p {{ background: url(../{icon}#mark) }}')
    assert script == f'import {{ hello }} from "./{words}";\nimport("./{words}");'


def test_a_file_elsewhere_is_left_as_it_is(static: Path, templates: Path) -> None:
    text = "p { background: url(data:image/png;base64,AA==) } q { src: url(https://a.example/b) }"
    (static / "css/base.css").write_text(text)
    files = build(static, templates)
    assert (static / files["css/base.css"]).read_text() == text


def test_packed_files_stand_beside_and_hold_the_same(static: Path, templates: Path) -> None:
    files = build(static, templates)
    path = static / files["css/base.css"]
    content = path.read_bytes()
    assert gzip.decompress(path.with_name(f"{path.name}.gz").read_bytes()) == content
    assert brotli.decompress(path.with_name(f"{path.name}.br").read_bytes()) == content


def test_the_same_sources_build_the_same_files(static: Path, templates: Path) -> None:
    build(static, templates)
    first = {path: path.read_bytes() for path in (static / "assets").rglob("*") if path.is_file()}
    build(static, templates)
    assert first == {path: path.read_bytes() for path in first}


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("css/site.css", "p { background: url('gone.png') }"),
        ("js/page.js", "export { x } from './gone.js';"),
    ],
)
def test_a_reference_to_a_missing_file_fails_the_build(
    static: Path, templates: Path, name: str, text: str
) -> None:
    (static / name).write_text(text)
    with pytest.raises(AssetError, match=r"gone\.(png|js), which is not in"):
        build(static, templates)


@pytest.mark.parametrize("call", ["static_url('css/gone.css')", "static_url(name)"])
def test_a_template_that_names_no_known_file_fails_the_build(
    static: Path, templates: Path, call: str
) -> None:
    (templates / "other.html").write_text(f"{{{{ {call} }}}}")
    with pytest.raises(AssetError, match=r"other\.html"):
        build(static, templates)


def test_files_that_import_each_other_fail_the_build(static: Path, templates: Path) -> None:
    (static / "js/lib/words.js").write_text("import '../page.js';")
    with pytest.raises(AssetError, match="circle"):
        build(static, templates)


def test_a_failed_build_leaves_the_last_one_in_place(static: Path, templates: Path) -> None:
    build(static, templates)
    manifest = static / "assets/manifest.json"
    before = manifest.read_text()
    (static / "css/site.css").write_text("p { background: url(gone.png) }")
    with pytest.raises(AssetError):
        build(static, templates)
    assert manifest.read_text() == before


def test_the_manifest_is_not_used_once_the_sources_have_changed(
    static: Path, templates: Path
) -> None:
    build(static, templates)
    manifest = json.loads((static / "assets/manifest.json").read_text())
    assert manifest["sources"] == asset_files.state_of(static)
    (static / "icon.svg").write_text("<svg></svg>")
    assert manifest["sources"] != asset_files.state_of(static)
