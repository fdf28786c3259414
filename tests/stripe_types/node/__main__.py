"""`make types-stripe`: all that the stand-in answers, and our scripts, against Stripe's types."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tests.stripe_types.node import bodies, compiler, planted
from tests.stripe_types.node.recorder import record

SCRIPTS = Path(__file__).parents[3] / "static/js"
_OURS = (
    "after.js",
    "card-fields.js",
    "checkout.js",
    "email-hint.js",
    "errors.js",
    "outcome.js",
    "sending.js",
    "status.js",
)


def main() -> int:
    """Exit code: 0 when nothing is wrong."""
    try:
        compiler.install()
        with tempfile.TemporaryDirectory(prefix="types-") as name:
            recording = record(Path(name) / "stand-in")
            wrong = [f"never answered: {missing}" for missing in recording.never_seen()]
            found = bodies.distinct(recording.bodies)
            wrong += dict.fromkeys(judge(Path(name), found))
    except compiler.Unusable as error:
        print(error, file=sys.stderr)
        return 1
    for each in wrong:
        print(each, file=sys.stderr)
    seen = f"{len(recording.bodies)} answers and events, {len(found)} of them distinct"
    print(f"{seen}, {len(recording.routes)} routes: {len(wrong)} wrong.")
    return 1 if wrong or recording.failed else 0


def judge(directory: Path, found: Sequence[Mapping[str, Any]]) -> list[str]:
    """What is wrong with the bodies and our scripts, and mistakes that were not noticed."""
    ours = {name: (SCRIPTS / name).read_text() for name in _OURS}
    said = compiler.complaints(
        directory,
        {
            "answers.ts": bodies.source(found),
            "left_out.ts": bodies.source_of_left_out(found),
            "planted.ts": bodies.source(planted.bodies(found)),
            **ours,
            **planted.scripts(ours),
        },
    )
    needed = {line - 2 for line, _ in said["left_out.ts"]}
    return [
        *(f"{bodies.type_of(found[line - 2])}: {words}" for line, words in said["answers.ts"]),
        *(f"{name}:{line}: {words}" for name in ours for line, words in said[name]),
        *(
            f"left out for nothing: {place}"
            for number, place in enumerate(bodies.LEFT_OUT)
            if number not in needed
        ),
        *planted.unnoticed(said),
    ]


if __name__ == "__main__":
    sys.exit(main())
