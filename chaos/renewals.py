"""`python -m chaos.renewals`: a year of renewals by workers that are killed all the while.

The command `subscriptions simulate` moves the clock and counts the periods; here its charges are
left to real workers, which die every few seconds, and Stripe's books are read at the end.
"""

from __future__ import annotations

import argparse
import os
import random
import secrets
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from sqlalchemy import create_engine

from chaos import books, faults, invariants
from chaos.invariants import Violation
from chaos.site import Site
from parts.app import REPOSITORY
from parts.install import MissingPart
from parts.process import NotReady

PAUSE_SECONDS = (10.0, 40.0)  # between two kills: a lease outlives its worker by up to 30 s
KILLS = (
    faults.kill_worker,
    faults.kill_charging,
    faults.stop_worker_gently,
)
HELD = (
    invariants.never_two_successes_for_one_transaction,
    invariants.never_two_successes_for_one_payable,
    invariants.nothing_is_charged_for_nobody,
    invariants.complete_only_where_stripe_succeeded,
    invariants.complete_wherever_stripe_succeeded,
    invariants.stripe_takes_our_price,
    invariants.final_states_change_only_by_a_correction,
    invariants.every_dead_message_has_an_alert,
)


def main() -> int:
    """Exit code 1 where a period was billed twice or missed, or the books differ."""
    parser = argparse.ArgumentParser(prog="python -m chaos.renewals", description=__doc__)
    parser.add_argument("--count", type=int, default=1000, help="subscriptions")
    parser.add_argument("--months", type=int, default=12)
    parser.add_argument("--seed", type=int, default=secrets.randbelow(1_000_000))
    options = parser.parse_args()
    directory = Path(tempfile.mkdtemp(prefix="renewals-"))
    print(f"renewals: seed {options.seed}; logs in {directory}", flush=True)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("stopped"))
    try:
        with Site(directory, options.seed, queues=("charges", "charges")) as site:
            return _bill(site, options.count, options.months, random.Random(options.seed))
    except (MissingPart, NotReady, RuntimeError) as error:
        print(error, file=sys.stderr)
        return 1


def _bill(site: Site, count: int, months: int, chance: random.Random) -> int:
    # No event tells of a payment: the workers' own answers and look-ups must do.
    site.ask_stripe("POST", "/_sandbox/webhook_faults", {"drop": 1.0})
    started = time.monotonic()
    simulation = subprocess.Popen(
        [
            *(sys.executable, "-m", "flask", "--app", "demo.app", "subscriptions", "simulate"),
            *("--count", str(count), "--months", str(months), "--by-workers"),
        ],
        env=os.environ | site.settings,
        cwd=REPOSITORY,
    )
    kills = _kill_while(simulation, site, chance)
    seconds = time.monotonic() - started
    found, payments = _compare(site)
    listed = ", ".join(f"{times} {name}" for name, times in kills.items())
    print(f"{payments} payments in {seconds:.0f} s; killed: {listed}")
    print(f"processes restarted: {site.restarts}; violations: {len(found)}")
    print("\n".join(str(violation) for violation in found))
    return 1 if found or simulation.returncode else 0


def _kill_while(
    simulation: subprocess.Popen[bytes], site: Site, chance: random.Random
) -> Counter[str]:
    kills: Counter[str] = Counter()
    try:
        while simulation.poll() is None:
            try:
                simulation.wait(chance.uniform(*PAUSE_SECONDS))
            except subprocess.TimeoutExpired:
                kill = chance.choice(KILLS)
                kill(site, chance)
                kills[kill.__name__] += 1
    finally:
        simulation.kill()
    return kills


def _compare(site: Site) -> tuple[list[Violation], int]:
    """What Stripe took against what is written here; and how many payments there are."""
    engine = create_engine(site.database_url)
    found = books.read(engine, books.lister(lambda path: site.ask_stripe("GET", path)))
    engine.dispose()
    return invariants.violations(found, HELD), len(found.transactions)


if __name__ == "__main__":
    sys.exit(main())
