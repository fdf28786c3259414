"""What must hold of the books: at every moment, once all has drained, when a campaign is over."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from chaos import aftermath
from chaos.books import Books, Row

FINAL = {"complete", "failed", "canceled"}
NEXT_STEP = {
    "created": {"charge"},
    "processing": {"charge"},
    "requires_action": {"expire_action"},
    "awaiting_bank": {"look_up"},
    "unknown": {"look_up"},
}


@dataclass(frozen=True)
class Violation:
    """An invariant, by the name of its function, and how it was broken."""

    invariant: str
    words: str

    def __str__(self) -> str:
        return f"{self.invariant}: {self.words}"


Invariant = Callable[[Books], Iterator[str]]


def never_two_successes_for_one_transaction(books: Books) -> Iterator[str]:
    for named, intents in books.succeeded().items():
        if len(intents) > 1:
            yield f"{named} was charged by {[intent['id'] for intent in intents]}"


def never_two_successes_for_one_payable(books: Books) -> Iterator[str]:
    payable_of = {t["id"]: (t["payable_type"], t["payable_id"]) for t in books.transactions}
    paid = Counter(payable_of.get(named, (None, None)) for named in books.succeeded())
    for (kind, id_), times in paid.items():
        if id_ and times > 1:
            yield f"{kind} {id_} was paid {times} times"


def nothing_is_charged_for_nobody(books: Books) -> Iterator[str]:
    known = {t["id"] for t in books.transactions}
    for named, intents in books.succeeded().items():
        if named not in known:
            yield f"{intents[0]['id']} names {named}, which is not ours"


def complete_only_where_stripe_succeeded(books: Books) -> Iterator[str]:
    succeeded = books.succeeded()
    for t in books.transactions:
        if t["state"] == "complete" and t["amount"] and t["id"] not in succeeded:
            yield f"{t['id']} is complete, but Stripe took no money"


def never_called_failed_what_stripe_took(books: Books) -> Iterator[str]:
    succeeded = books.succeeded()
    for t in books.transactions:
        if t["state"] == "failed" and t["id"] in succeeded:
            yield f"{t['id']} is {t['phase']}, but Stripe took the money"


def stripe_takes_our_price(books: Books) -> Iterator[str]:
    ours = {t["id"]: (t["amount"], t["currency"]) for t in books.transactions}
    complete = {t["id"] for t in books.transactions if t["state"] == "complete"}
    paid = {id_: amount for id_, amount in books.paid().items() if id_ in complete}
    for named, intents in books.succeeded().items():
        asked = (intents[0]["amount"], intents[0]["currency"])
        if ours.get(named, asked) != asked:
            yield f"Stripe's intent of {named} is of {asked}, ours of {ours[named]}"
        took = intents[0]["amount_received"]
        if paid.get(named, took) != took:
            yield f"Stripe took {took} for {named}, which says {paid[named]}"
    price = {order["id"]: (order["total"], order["currency"]) for order in books.orders}
    for t in books.transactions:
        if t["payable_id"] in price and price[t["payable_id"]] != (t["amount"], t["currency"]):
            yield f"{t['id']} is of {t['amount']}, its order of {price[t['payable_id']]}"


def journals_sum_to_zero(books: Books) -> Iterator[str]:
    sums: dict[tuple[int, str], int] = defaultdict(int)
    for entry in books.entries:
        signed = entry["amount"] if entry["side"] == "debit" else -entry["amount"]
        sums[entry["journal_id"], entry["currency"]] += signed
    for (journal, currency), total in sums.items():
        if total:
            yield f"journal {journal} is {total} {currency} off"


def never_two_captures_in_the_ledger(books: Books) -> Iterator[str]:
    for transaction, times in Counter(e["transaction_id"] for e in _captures(books)).items():
        if times > 1:
            yield f"{transaction} was posted {times} times"


def nothing_open_without_a_next_step(books: Books) -> Iterator[str]:
    waiting = defaultdict(set)
    for message in books.messages:
        if not message["dead"]:
            waiting[message["subject"]].add(message["command"])
    for t in books.transactions:
        if t["phase"] not in FINAL and not waiting[t["id"]] & NEXT_STEP[t["phase"]]:
            yield f"{t['id']} is {t['phase']}, and only {waiting[t['id']] or 'nothing'} waits"


def final_states_change_only_by_a_correction(books: Books) -> Iterator[str]:
    ended: dict[str, str] = {}
    for move in books.moves:
        transaction, to = move["transaction_id"], move["data"].get("to")
        if to and transaction in ended and move["what"] != "corrected_to_match_stripe":
            yield f"{transaction} went from {ended[transaction]} to {to}"
        if to in FINAL:
            ended[transaction] = to


def every_dead_message_has_an_alert(books: Books) -> Iterator[str]:
    for message in books.messages:
        if message["dead"] and f"dead_letter:{message['id']}" not in books.alerts:
            yield f"message {message['id']} ({message['command']}) died in silence"


def nothing_died(books: Books) -> Iterator[str]:
    for message in books.messages:
        if message["dead"] and message["command"] != aftermath.DELIVER:
            what = f"{message['command']} for {message['subject']}"
            yield f"{what} is dead: {message['last_error']} ({message['claims']} claims)"


def complete_wherever_stripe_succeeded(books: Books) -> Iterator[str]:
    state = {t["id"]: t["phase"] for t in books.transactions}
    for named in books.succeeded():
        if state.get(named) != "complete":
            yield f"Stripe took the money of {named}, which is {state.get(named)}"


def the_ledger_holds_what_stripe_received(books: Books) -> Iterator[str]:
    here, there = Counter[str](), Counter[str]()
    for entry in _captures(books):
        here[entry["currency"]] += entry["amount"]
    for intents in books.succeeded().values():
        for intent in intents:
            there[intent["currency"]] += intent["amount_received"]
    for currency in sorted(here.keys() | there.keys()):
        if here[currency] != there[currency]:
            yield f"{here[currency]} {currency} here, {there[currency]} at Stripe"


def every_capture_is_followed_up(books: Books) -> Iterator[str]:
    took = {t["id"] for t in books.transactions if t["state"] == "complete" and t["amount"]}
    tables = {
        "ledger_entries": _captures(books),
        "mails": [mail for mail in books.mails if mail["kind"] == "receipt"],
        "settlement_lines": [line for line in books.lines if line["kind"] == "capture"],
    }
    for table, rows in tables.items():
        missing = took - {row["transaction_id"] for row in rows}
        if missing:
            yield f"{len(missing)} captures have no row in {table}: {sorted(missing)[:3]}"


def orders_are_paid_exactly_where_a_payment_completed(books: Books) -> Iterator[str]:
    paid = {t["payable_id"] for t in books.transactions if t["state"] == "complete"}
    for order in books.orders:
        if (order["status"] == "paid") != (order["id"] in paid):
            yield f"order {order['id']} is {order['status']}"


def nothing_is_left_to_do(books: Books) -> Iterator[str]:
    for t in books.transactions:
        if t["phase"] not in FINAL:
            yield f"{t['id']} is still {t['phase']}"
    if books.waiting_events:
        yield f"{books.waiting_events} of Stripe's events still wait"


ALWAYS: tuple[Invariant, ...] = (
    never_two_successes_for_one_transaction,
    never_two_successes_for_one_payable,
    complete_only_where_stripe_succeeded,
    never_called_failed_what_stripe_took,
    stripe_takes_our_price,
    journals_sum_to_zero,
    never_two_captures_in_the_ledger,
    nothing_open_without_a_next_step,
    final_states_change_only_by_a_correction,
    every_dead_message_has_an_alert,
    *aftermath.ALWAYS,
)
DRAINED: tuple[Invariant, ...] = (
    *ALWAYS,
    nothing_is_charged_for_nobody,  # while buyers come, Stripe is read later than our own rows
    nothing_died,
    complete_wherever_stripe_succeeded,
    the_ledger_holds_what_stripe_received,
    every_capture_is_followed_up,
    orders_are_paid_exactly_where_a_payment_completed,
    nothing_is_left_to_do,
    *aftermath.DRAINED,
)
OVER: tuple[Invariant, ...] = (*DRAINED, *aftermath.OVER)


def violations(books: Books, invariants: tuple[Invariant, ...]) -> list[Violation]:
    """Every way in which the books break one of the invariants."""
    return [
        Violation(invariant.__name__, words)
        for invariant in invariants
        for words in invariant(books)
    ]


def _captures(books: Books) -> list[Row]:
    return [e for e in books.entries if e["entry_type"] == "capture" and e["side"] == "debit"]
