"""`flask assets build`: hashed names, rewritten references, and `.gz` and `.br` beside each file.

Files of earlier builds stay: a page that was sent before a deployment still asks for them.
"""

from __future__ import annotations

import gzip
import json
import posixpath
import re
from dataclasses import dataclass, field
from pathlib import Path

import brotli  # type: ignore[import-untyped]
import click
from flask import current_app, render_template
from flask.cli import AppGroup

from payments_app.core import asset_files
from payments_app.core.language import DEFAULT, LANGUAGES, Reader, speaking
from payments_app.core.web.brand import PLAIN
from payments_app.core.web.http import ProblemError, words_of

_CSS = re.compile(r"""(?:url\(\s*["']?|@import\s+["'])(?P<name>[^"')\s]+)""")
_JS = re.compile(r"""\b(?:from|import)\s*\(?\s*["'](?P<name>\.{1,2}/[^"']+)["']""")
_REFERENCES = {".css": _CSS, ".js": _JS}
_ELSEWHERE = re.compile(r"(?:[a-z]+:|//|#)", re.IGNORECASE)
_TEMPLATE = re.compile(r"""static_url\(\s*(?:["'](?P<name>[^"']+)["']\s*\))?""")
_SMALLER = {".css", ".js", ".svg", ".html", ".json", ".txt", ".map"}
# What nginx answers in the app's place: a page in the site's look, or JSON.
_PROBLEMS = (404, 413, 429, 503)

assets_group = AppGroup("assets", help="Static files under names that change with their content.")


class AssetError(ValueError):
    """A reference to a file that is not there, or files that name each other in a circle."""


@assets_group.command("build")
def build_command() -> None:
    """Write the hashed files, their manifest and the error pages of nginx."""
    static = Path(current_app.static_folder or "")
    try:
        files = build(static, Path(current_app.root_path) / str(current_app.template_folder))
    except AssetError as error:
        raise click.ClickException(str(error)) from error
    current_app.extensions["assets"] = files
    target = static / asset_files.DIRECTORY
    for status in _PROBLEMS:
        code, message = words_of(status)
        _write_problem(target / "errors", ProblemError(status, code, message))
    click.echo(f"{len(files)} files built into {target}")


def build(static: Path, templates: Path) -> dict[str, str]:
    """Build `static` into its `assets/`, and give the hashed name of each file.

    Raises AssetError, and then leaves the last manifest as it was.
    """
    one = _Build(static)
    for path in asset_files.sources(static):
        one.add(path.relative_to(static).as_posix(), "")
    _check_templates(templates, one.files)
    manifest = {"sources": asset_files.state_of(static), "files": one.files}
    target = static / asset_files.DIRECTORY / asset_files.MANIFEST
    draft = target.with_suffix(".new")
    draft.write_text(json.dumps(manifest, indent=2, sort_keys=True))
    draft.replace(target)  # in one step: a process that starts now reads the old or the new one
    return one.files


@dataclass
class _Build:
    static: Path
    files: dict[str, str] = field(default_factory=dict)
    _open: list[str] = field(default_factory=list)

    def add(self, name: str, asked_by: str) -> str:
        """The hashed name of a file. What it refers to is built first: its name is content."""
        if name in self.files:
            return self.files[name]
        source = self.static / name
        if not source.is_file():
            raise AssetError(f"{asked_by} names {name}, which is not in {self.static}")
        if name in self._open:
            raise AssetError(f"files name each other in a circle: {' > '.join(self._open)}")
        self._open.append(name)
        content = self._rewritten(name, source.read_bytes())
        self._open.pop()
        stem, suffix = posixpath.splitext(name)
        hashed = f"{asset_files.DIRECTORY}/{stem}.{asset_files.fingerprint(content)}{suffix}"
        _write(self.static / hashed, content)
        self.files[name] = hashed
        return hashed

    def _rewritten(self, name: str, content: bytes) -> bytes:
        pattern = _REFERENCES.get(posixpath.splitext(name)[1])
        if pattern is None:
            return content

        def rewrite(match: re.Match[str]) -> str:
            given = match["name"]
            if _ELSEWHERE.match(given):
                return match[0]
            target, mark, rest = _split(given)
            if target.startswith("/static/"):
                wanted = target.removeprefix("/static/")
            else:
                wanted = posixpath.normpath(posixpath.join(posixpath.dirname(name), target))
            hashed = self.add(wanted, name).removeprefix(f"{asset_files.DIRECTORY}/")
            here = posixpath.relpath(hashed, posixpath.dirname(name) or ".")
            relative = here if here.startswith(".") else f"./{here}"
            return match[0].replace(given, relative + mark + rest)

        return pattern.sub(rewrite, content.decode()).encode()


def _split(reference: str) -> tuple[str, str, str]:
    """The file, and the "?..." or "#..." after it, which stays as it is."""
    found = re.search(r"[?#]", reference)
    if found is None:
        return reference, "", ""
    return reference[: found.start()], found[0], reference[found.end() :]


def _check_templates(templates: Path, files: dict[str, str]) -> None:
    for path in sorted(templates.rglob("*.html")):
        for match in _TEMPLATE.finditer(path.read_text()):
            if match["name"] is None:
                raise AssetError(f"{path} computes a name for static_url(): say it in quotes")
            if match["name"] not in files:
                raise AssetError(f"{path} names {match['name']}, which is not in static/")


def _write(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    if path.suffix in _SMALLER:
        # Without a time in it, the same content gives the same file on every machine.
        _keep_if_smaller(path, ".gz", gzip.compress(content, 9, mtime=0), content)
        _keep_if_smaller(path, ".br", brotli.compress(content, quality=11), content)


def _keep_if_smaller(path: Path, suffix: str, packed: bytes, content: bytes) -> None:
    beside = path.with_name(path.name + suffix)
    if len(packed) < len(content):
        beside.write_bytes(packed)
    else:
        beside.unlink(missing_ok=True)


def _write_problem(directory: Path, problem: ProblemError) -> None:
    for code in LANGUAGES:
        with (
            current_app.test_request_context("/", base_url=current_app.config["CONFIG"].public_url),
            speaking(Reader(code)),
        ):
            page = render_template(
                "error.html", problem=problem, request_id=None, brand=PLAIN, area=None
            )
        name = problem.status if code == DEFAULT else f"{problem.status}.{code}"
        _write(directory / f"{name}.html", page.encode())
    _write(directory / f"{problem.status}.json", json.dumps(problem.body()).encode())
