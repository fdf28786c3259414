"""`python -m chaos.night [--scale S] [--pace P] [--seed N]`: exit code 1 where something broke."""

from __future__ import annotations

import argparse
import secrets
import signal
import sys
import tempfile
from pathlib import Path

from chaos.night import report
from chaos.night.faults import KINDS
from chaos.night.run import run
from parts.install import MissingPart
from parts.process import NotReady


def main() -> int:
    """Let one night pass and print what it came to."""
    options = _options()
    directory = Path(tempfile.mkdtemp(prefix="night-"))
    print(f"night: seed {options.seed}, scale {options.scale:g}; logs in {directory}", flush=True)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("stopped"))
    try:
        kinds = [kind for kind in KINDS if options.only in (None, kind.name)]
        outcome = run(options.seed, directory, scale=options.scale, pace=options.pace, kinds=kinds)
    except (MissingPart, NotReady, RuntimeError) as error:
        print(f"seed {options.seed}: {error}", file=sys.stderr)
        return 1
    print("\n".join(report.lines(outcome)), flush=True)
    return 0 if report.is_good(outcome) else 1


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m chaos.night", description=__doc__)
    parser.add_argument(
        "--scale", type=float, default=0.1, help="of the faults' times: 1 is ten minutes (0.1)"
    )
    parser.add_argument("--pace", type=float, default=0.5, help="buyers a second (0.5)")
    parser.add_argument("--only", choices=[kind.name for kind in KINDS], help="one fault")
    parser.add_argument("--seed", type=int, default=secrets.randbelow(1_000_000))
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
