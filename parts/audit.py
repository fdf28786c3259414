"""Known holes in what is installed: `python -m parts.audit`, which `make audit` calls.

`make test` tells the answer and does not fail by it: an advisory of today would turn a release of
yesterday red.
"""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

TOOL = "pip-audit==2.10.1"
SECONDS = 60  # for each question: a network may swallow packets
# CVE-2019-10906, https://nvd.nist.gov/vuln/detail/CVE-2019-10906
KNOWN_BAD = (
    "jinja2==2.10 --hash=sha256:74c935a1b8bb9a3947c50a54766a969d4846290e1e788ea44c1392163723c3bd\n"
)
REQUIREMENTS = ("requirements.txt", "requirements-demo.txt", "requirements-test.txt")


def main(files: Sequence[str]) -> int:
    """Exit code: 1 where a package has a known hole, 0 also where nobody could be asked."""
    found = _ask(files) if _knows_holes() else None
    if found is None:
        print("audit           skipped: no advisory service is reachable")
        return 0
    holes = [
        f"{package['name']} {package['version']}: {hole['id']}"
        f" (mended in {', '.join(hole['fix_versions']) or 'no release yet'})"
        for package in found
        for hole in package.get("vulns", ())
    ]
    print(f"audit           {'failed' if holes else 'ok'}: {len(found)} packages")
    print(*holes, sep="\n", end="\n" if holes else "")
    return 1 if holes else 0


def _knows_holes() -> bool:
    """Whether whoever answers has advisories at all: a mirror of the index may have none, and
    would call everything sound."""
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as known:
        known.write(KNOWN_BAD)
        known.flush()
        return any(package.get("vulns") for package in _ask([known.name]) or ())


def _ask(files: Sequence[str]) -> list[dict[str, Any]] | None:
    """What is known of the packages in these files; None where there was no answer."""
    command = [str(Path(sys.executable).with_name("uv")), "tool", "run", "--quiet", TOOL]
    command += ["--require-hashes", "--disable-pip", "--format", "json"]
    command += ["--progress-spinner", "off", "--timeout", "5"]
    command += [word for name in files for word in ("--requirement", name)]
    try:
        done = subprocess.run(
            command,
            capture_output=True,
            text=True,
            check=False,
            timeout=SECONDS,
            env=os.environ | {"UV_HTTP_TIMEOUT": "5"},
        )
        packages: list[dict[str, Any]] = json.loads(done.stdout)["dependencies"]
    except (OSError, subprocess.TimeoutExpired, ValueError, KeyError):
        return None
    return packages


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:] or REQUIREMENTS))
