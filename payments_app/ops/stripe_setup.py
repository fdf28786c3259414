"""setup: make our account at Stripe what the product needs: event destinations and domains.

A plan first, then its steps. Run again it finds nothing to do. A destination's version can't be
changed, and its secret is told once: where either is wrong a successor is made beside it, and the
old one is disabled by a later run, once the new one's secret has fitted.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, field

from payments_app.gateway import destinations, domains
from payments_app.gateway.destinations import Destination
from payments_app.gateway.results import Answer
from payments_app.inbound.destinations import WANTED, WantedDestination, address, last_verified
from payments_app.ops.stripe_destination_checks import (
    accounts_with_domains,
    best,
    has_secret,
    own_domain,
)


@dataclass(frozen=True)
class Made:
    """What a step came to. `secret` belongs into `setting`, and is not told again."""

    answer: Answer
    secret: str | None = field(default=None, repr=False)
    setting: str = ""


@dataclass(frozen=True)
class Step:
    """Something to do, in words; without `act` something that a person must know or do."""

    words: str
    act: Callable[[], Made] | None = None


def plan(lost: Collection[str] = ()) -> list[Step]:
    """What is to be done, in order. `lost` names the destinations whose secret nobody has any
    more. Raises UnreadableError while Stripe does not answer."""
    found, url = destinations.list_destinations(), address()
    steps: list[Step] = []
    for wanted in WANTED:
        there = [each for each in found if wanted.is_there(each, url)]
        steps += _plan_destination(wanted, there, lost=wanted.name in lost)
    return [*steps, *_plan_domains()]


def _plan_destination(
    wanted: WantedDestination, there: Sequence[Destination], *, lost: bool
) -> Iterator[Step]:
    chosen = best(wanted, there)
    older = [each for each in there if each.enabled and each is not chosen]
    if chosen is None or chosen.version != wanted.version or lost:
        yield _creation(wanted, successor=chosen is not None)
        yield from (_staying(each) for each in there if each.enabled)
        return
    if chosen.events != wanted.events:
        yield _change(wanted, chosen)
    if not chosen.enabled:
        yield Step(f"{chosen.id}: enable it ({wanted.whose})", _made(destinations.enable, chosen))
    if not has_secret(wanted, chosen):
        yield Step(
            f"{chosen.id}: put its secret into {wanted.setting}, beside the others. Where it is"
            f" lost, run this with `--secret-lost {wanted.name}`"
        )
    delivers = chosen.fingerprint and last_verified([chosen.fingerprint])
    for each in older:
        yield _disabling(each, chosen) if delivers else _staying(each)


def _creation(wanted: WantedDestination, *, successor: bool) -> Step:
    def act() -> Made:
        answer, secret = destinations.create(
            f"payments_app: {wanted.whose}",
            url=address(),
            events=wanted.events,
            payload=wanted.payload,
            scope=wanted.scope,
            version=wanted.version,
        )
        return Made(answer, secret, wanted.setting)

    version = f", version {wanted.version}" if wanted.version else ""
    what = "a successor" if successor else "an event destination"
    words = f"add {what} for {wanted.whose}: {len(wanted.events)} {wanted.payload} events{version}"
    return Step(f"{words}, to {address()}", act)


def _change(wanted: WantedDestination, chosen: Destination) -> Step:
    more = [f"+{each}" for each in sorted(wanted.events - chosen.events)]
    less = [f"-{each}" for each in sorted(chosen.events - wanted.events)]
    return Step(
        f"{chosen.id}: change its events ({wanted.whose}): {' '.join(more + less)}",
        lambda: Made(destinations.change_events(chosen.id, wanted.events)),
    )


def _disabling(old: Destination, new: Destination) -> Step:
    words = f"{old.id}: disable it (version {old.version}), since {new.id} delivers"
    return Step(words, _made(destinations.disable, old))


def _staying(old: Destination) -> Step:
    return Step(
        f"{old.id}: stays until its successor delivers. Put the new secret into the settings, let"
        " `stripe doctor --write` send a ping, then run this again"
    )


def _made(call: Callable[[str], Answer], found: Destination) -> Callable[[], Made]:
    return lambda: Made(call(found.id))


def _plan_domains() -> Iterator[Step]:
    host = own_domain()
    for account in accounts_with_domains() if host else ():
        whose = f" on the merchant's account {account}" if account else ""
        found = domains.find_domain(str(host), account)
        if found is None:
            yield Step(f"register the domain {host}{whose}", _register(str(host), account))
        elif not found.enabled:
            yield Step(f"switch the domain {host} on{whose}", _switch_on(found.id, account))


def _register(host: str, account: str | None) -> Callable[[], Made]:
    return lambda: Made(domains.register_domain(host, account))


def _switch_on(domain_id: str, account: str | None) -> Callable[[], Made]:
    return lambda: Made(domains.enable_domain(domain_id, account))
