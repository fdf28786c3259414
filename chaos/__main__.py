"""`python -m chaos [--buyers N] [--seed S] [--host]`: exit code 1 when an invariant was broken."""

from __future__ import annotations

import argparse
import secrets
import signal
import sys
import tempfile
from pathlib import Path

from chaos import report
from chaos.campaign import run
from parts.install import MissingPart
from parts.process import NotReady


def main() -> int:
    """Run one campaign and print what it came to."""
    options = _options()
    seed = options.seed if options.seed is not None else secrets.randbelow(1_000_000)
    faults = max(24, options.buyers // 12) if options.faults is None else options.faults
    directory = Path(tempfile.mkdtemp(prefix="chaos-"))
    print(f"chaos: seed {seed}, {options.buyers} buyers, {faults} faults; logs in {directory}")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(f"seed {seed}: stopped"))
    try:
        outcome = run(
            seed, options.buyers, faults, directory, hurry=options.hurry, host=options.host
        )
    except (MissingPart, NotReady, RuntimeError) as error:
        print(f"seed {seed}: {error}", file=sys.stderr)
        return 1
    print("\n".join(report.lines(outcome)), flush=True)
    return 0 if outcome.is_good else 1


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m chaos", description=__doc__)
    parser.add_argument("--buyers", type=int, default=500)
    parser.add_argument("--seed", type=int, help="a campaign's own, to run its plan again")
    parser.add_argument("--faults", type=int, help="how many; one for every dozen buyers")
    parser.add_argument("--hurry", action="store_true", help="cut the product's waits short")
    parser.add_argument(
        "--host", action="store_true", help="as a part of the hotel of docs/embedding.md"
    )
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
