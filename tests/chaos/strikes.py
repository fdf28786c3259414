"""Striking a payment at each of its steps, one after the other, and comparing the books."""

from __future__ import annotations

from collections.abc import Callable

from tests.chaos.lab import Died, Lab

Payment = Callable[[Lab], None]
WHOLE = slice(None)


def steps_of(lab: Lab, payment: Payment) -> list[str]:
    """The names of the steps that workers take for a payment."""
    with lab.watched():
        payment(lab)
    lab.work()
    return list(lab.steps)


def broken_after(
    lab: Lab,
    payment: Payment,
    strike: Callable[[str], None],
    *,
    at_once: bool = True,
    steps: slice = WHOLE,
) -> list[str]:
    """Play the payment once for each of its `steps`, struck there; what is broken before (unless
    not asked for `at_once`) and after all has drained."""
    for chosen, name in list(enumerate(steps_of(lab, payment), 1))[steps]:

        def at(number: int, step: str, chosen: int = chosen) -> None:
            if number == chosen:
                strike(step)

        with lab.watched(at):
            payment(lab)
        assert len(lab.steps) >= chosen, f"step {chosen}, {name}, was not reached"
        lab.work()
    before = lab.broken_now() if at_once else []
    lab.finish()
    return [str(violation) for violation in before + lab.broken()]


def die(name: str) -> None:
    """The worker's process ends here."""
    raise Died(name)


def overtake(lab: Lab) -> Callable[[str], None]:
    """A second copy does all there is to do while the first stands still."""

    def strike(name: str) -> None:
        # Before a commit rows are locked: the second copy would wait for this one.
        if name != "before commit":
            lab.overtake()

    return strike
