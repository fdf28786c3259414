"""The three event destinations and the payment method domains, a line each."""

from __future__ import annotations

import ipaddress
import time
from collections.abc import Callable, Iterator, Sequence
from urllib.parse import urlsplit

from flask import current_app

from payments_app.core.db.clock import utcnow
from payments_app.core.web.links import absolute
from payments_app.gateway import destinations, domains
from payments_app.gateway.destinations import ALL_EVENTS, Destination, fingerprint
from payments_app.gateway.results import UnreadableError
from payments_app.inbound.destinations import WANTED, WantedDestination, address, last_verified
from payments_app.merchants.models import DIRECT
from payments_app.ops.stripe_checks import (
    Check,
    connected_accounts,
    has_merchants,
    refused,
    unread,
)

PING_SECONDS, _LOOK_SECONDS = 15.0, 0.25


def destination_checks(*, write: bool = False) -> Iterator[Check]:
    """A line for each destination that is wanted; with `write` each is pinged."""
    try:
        found = destinations.list_destinations()
    except UnreadableError as error:
        for wanted in WANTED:
            yield Check(_name(wanted), False, unread(error))
        return
    sells = has_merchants()
    for wanted in WANTED:
        yield _destination(wanted, found, needed=sells or not wanted.of_merchants, write=write)


def domain_checks() -> Iterator[Check]:
    """A line for our account, and for each merchant's on which cards are charged directly."""
    host = own_domain()
    if host is None:
        yield Check("domain", True, "none is needed: PUBLIC_URL is this machine")
        return
    for account in accounts_with_domains():
        name = f"domain of {account}" if account else "domain"
        try:
            found = domains.find_domain(host, account)
        except UnreadableError as error:
            yield Check(name, False, unread(error))
            continue
        if found is None:
            yield Check(name, False, f"{host} is not registered: no wallet is shown there")
        elif not found.enabled:
            yield Check(name, False, f"{host} is switched off: no wallet is shown there")
        else:
            rest = f"; not active: {', '.join(found.inactive)}" if found.inactive else ""
            yield Check(name, True, f"{host}{rest}")


def own_domain() -> str | None:
    """The host of PUBLIC_URL; None where that is an address or this machine, which need none."""
    host = urlsplit(absolute("")).hostname or ""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return host if "." in host else None
    return None


def accounts_with_domains() -> list[str | None]:
    """Ours (None), and merchants' own on which cards are charged directly."""
    merchants = connected_accounts().items()
    return [None, *sorted(account for account, kind in merchants if kind == DIRECT)]


def best(wanted: WantedDestination, there: Sequence[Destination]) -> Destination | None:
    """Of those that may be the wanted one: of the right version, then enabled, then with a secret
    that we certainly have, then the newest."""
    known = _fingerprints(wanted)
    order = sorted(
        there,
        key=lambda each: (
            each.version == wanted.version,
            each.enabled,
            each.fingerprint in known,
            each.created,
        ),
    )
    return order[-1] if order else None


def has_secret(wanted: WantedDestination, found: Destination) -> bool:
    """Whether the settings hold its secret. Of one that somebody else made it is not known which
    that is: any will do."""
    known = _fingerprints(wanted)
    return found.fingerprint in known if found.fingerprint else bool(known)


def _fingerprints(wanted: WantedDestination) -> list[str]:
    return [fingerprint(secret) for secret in wanted.secrets(current_app.config["CONFIG"])]


def _name(wanted: WantedDestination) -> str:
    return f"destination {wanted.name}"


def _destination(
    wanted: WantedDestination, found: Sequence[Destination], *, needed: bool, write: bool
) -> Check:
    name, url = _name(wanted), address()
    there = [each for each in found if wanted.is_there(each, url)]
    chosen = best(wanted, there)
    if chosen is None:
        return _missing(wanted, found, needed=needed)
    if problem := _problem(wanted, chosen):
        return Check(name, False, f"{chosen.id}: {problem}")
    if write and (problem := _ping(wanted, chosen)):
        return Check(name, False, f"{chosen.id}: {problem}")
    if ALL_EVENTS in chosen.events:
        more = "; it sends every event, also what nothing handles"
    else:
        extra = len(chosen.events - wanted.events)
        more = f"; nothing handles {extra} of its events" if extra else ""
    return Check(name, True, f"{chosen.id} at {url}, {_verified(wanted, chosen)}{more}")


def _missing(wanted: WantedDestination, found: Sequence[Destination], *, needed: bool) -> Check:
    """Another address, scope or payload is the likely mistake, so it is named."""
    near = [
        f"{each.id} is at {each.url}, of {each.payload} events from {', '.join(each.scope)}"
        for each in found
        if each.url == address() or wanted.is_there(each, each.url or "")
        if not any(other.is_there(each, address()) for other in WANTED)
    ]
    words = f"none at {address()} for {wanted.whose}"
    if not needed:
        words = f"{words}: needed once a merchant sells"
    return Check(_name(wanted), not needed, "; ".join([words, *near]))


def _problem(wanted: WantedDestination, found: Destination) -> str | None:
    """What is wrong with it, in words."""
    if found.version != wanted.version:
        return f"its events are of version {found.version}, not {wanted.version}"
    if not found.enabled:
        return "it is disabled: Stripe posts nothing to it"
    missing = set() if ALL_EVENTS in found.events else wanted.events - found.events
    if missing:
        return f"it does not send {', '.join(sorted(missing))}"
    if not has_secret(wanted, found):
        return f"{wanted.setting} does not hold its secret, so its events are refused"
    return None


def _verified(wanted: WantedDestination, found: Destination) -> str:
    moment = last_verified([found.fingerprint] if found.fingerprint else _fingerprints(wanted))
    if moment is None:
        return "no event has come yet"
    return f"its secret last fitted at {moment:%Y-%m-%d %H:%M:%S} UTC"


def _ping(wanted: WantedDestination, found: Destination) -> str | None:
    """Have Stripe post to it, and wait until its secret fits. What went wrong, in words."""
    prints = [found.fingerprint] if found.fingerprint else _fingerprints(wanted)
    began = utcnow()
    answer = destinations.ping(found.id)
    if answer.body is None:
        return refused(answer)
    if _comes(lambda: (last_verified(prints) or began) > began):
        return None
    return (
        f"a ping did not arrive within {PING_SECONDS:.0f} s: does {address()} answer,"
        f" and is its secret in {wanted.setting}?"
    )


def _comes(condition: Callable[[], bool]) -> bool:
    end = time.monotonic() + PING_SECONDS
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(_LOOK_SECONDS)
    return True
