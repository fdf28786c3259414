"""Known holes and risky lines: `python -m parts.audit`, which `make audit` calls.

pip-audit asks about what is installed, bandit reads the product's code, gixy its nginx.conf, as it
is delivered and as the parts render it. No tool is believed before it saw a planted fault.

`make test` tells what pip-audit answers and does not fail by it: an advisory of today would turn a
release of yesterday red. The other two need no network, and are tests.
"""

import json
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from parts.app import REPOSITORY
from parts.nginx import rendered

SECONDS = 60  # for each question: a network may swallow packets
# CVE-2019-10906, https://nvd.nist.gov/vuln/detail/CVE-2019-10906
KNOWN_BAD = (
    "jinja2==2.10 --hash=sha256:74c935a1b8bb9a3947c50a54766a969d4846290e1e788ea44c1392163723c3bd\n"
)
KNOWN_BAD_CODE = "import subprocess\nsubprocess.run(input(), shell=True)\n"
KNOWN_BAD_EDGE = "http { server { location / { return 301 https://pay.example.com$uri; } } }\n"
REQUIREMENTS = (
    "requirements.txt",
    "requirements-demo.txt",
    "requirements-tracing.txt",
    "requirements-test.txt",
)
PRODUCT = ("payments_app", "migrations", "wsgi.py", "worker.py", "gunicorn.conf.py")
# B404, B603: to start a program is no fault, and every command of ours is a list of our own words.
NO_FAULT_OF_CODE = "B404,B603"
# Of speed alone: try_files asks the kernel, which has it at hand; nginx would go on serving a
# release that was replaced.
NO_FAULT_OF_EDGE = "try_files_is_evil_too"


def main(files: Sequence[str]) -> int:
    """Exit code: 1 where anything was found or a tool sees no planted fault; 0 also where nobody
    knows of advisories, which is said."""
    return max(known_holes(files), _tell("bandit", risky_product()), _tell("gixy", risky_edges()))


def known_holes(files: Sequence[str]) -> int:
    """As `main`, of what is installed alone."""
    found = _ask(files) if _knows_holes() else None
    if found is None:
        print("pip-audit       NOT CHECKED: no advisory service is reachable from here")
        return 0
    holes = [
        f"{package['name']} {package['version']}: {hole['id']}"
        f" (mended in {', '.join(hole['fix_versions']) or 'no release yet'})"
        for package in found
        for hole in package.get("vulns", ())
    ]
    return _tell("pip-audit", holes)


def risky_code(*paths: str) -> list[str]:
    """What bandit finds in these files and folders, but for lines that bear ruff's mark of the same
    rule (B311 is S311), which stands there with its reason."""
    command = ["bandit", "--quiet", "--format", "json", "--skip", NO_FAULT_OF_CODE, "--recursive"]
    found = json.loads(_output(*command, *paths))
    broken = [f"{error['filename']}: {error['reason']}" for error in found["errors"]]
    return broken + [
        f"{one['filename']}:{one['line_number']}: {one['test_id']} {one['issue_text']}"
        for one in found["results"]
        if f"noqa: S{one['test_id'][1:]}" not in _lines(one)
    ]


def risky_edge(configuration: str) -> list[str]:
    """What gixy finds in the text of an nginx.conf."""
    with tempfile.NamedTemporaryFile("w", suffix=".conf") as file:
        file.write(configuration)
        file.flush()
        command = ["gixy", "--format", "json", "--disable-includes", "--skips", NO_FAULT_OF_EDGE]
        found = json.loads(_output(*command, file.name))
    return [f"nginx.conf:{one.get('line')}: {one['plugin']}: {one['reason']}" for one in found]


def risky_product() -> list[str]:
    with tempfile.NamedTemporaryFile("w", suffix=".py") as known:
        known.write(KNOWN_BAD_CODE)
        known.flush()
        if not risky_code(known.name):
            return ["it sees no planted fault"]
    return risky_code(*(str(REPOSITORY / name) for name in PRODUCT))


def risky_edges() -> list[str]:
    if not risky_edge(KNOWN_BAD_EDGE):
        return ["it sees no planted fault"]
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        changed = rendered(directory, directory / "release", 8000, 8443, 8080)
    delivered = (REPOSITORY / "nginx.conf").read_text()
    return [*risky_edge(delivered), *(f"rendered: {one}" for one in risky_edge(changed))]


def _lines(finding: dict[str, Any]) -> str:
    read = Path(finding["filename"]).read_text().splitlines()
    return "\n".join(read[line - 1] for line in finding["line_range"])


def _output(program: str, *words: str) -> str:
    """What a tool of this environment prints; its exit code says only that it found something."""
    command = [sys.executable, "-m", program, *words]
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout


def _tell(name: str, found: Sequence[str]) -> int:
    print(f"{name:15} {'failed' if found else 'ok'}")
    print(*found, sep="\n", end="\n" if found else "")
    return 1 if found else 0


def _knows_holes() -> bool:
    """Whether whoever answers has advisories at all: a mirror of the index may have none, and
    would call everything sound."""
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as known:
        known.write(KNOWN_BAD)
        known.flush()
        return any(package.get("vulns") for package in _ask([known.name]) or ())


def _ask(files: Sequence[str]) -> list[dict[str, Any]] | None:
    """What is known of the packages in these files; None where there was no answer."""
    command = [sys.executable, "-m", "pip_audit"]
    command += ["--require-hashes", "--disable-pip", "--format", "json"]
    command += ["--progress-spinner", "off", "--timeout", "5"]
    command += [word for name in files for word in ("--requirement", name)]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=SECONDS)
        packages: list[dict[str, Any]] = json.loads(done.stdout)["dependencies"]
    except (OSError, subprocess.TimeoutExpired, ValueError, KeyError):
        return None
    return packages


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:] or REQUIREMENTS))
