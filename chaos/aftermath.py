"""What must hold of what follows a payment: refunds, mails, merchants' webhooks, settlement."""

from __future__ import annotations

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Iterator

from chaos.books import Books, Row

GIVEN_UP = ("failed", "canceled")  # a refund that gives nothing back
DELIVER = "notices.deliver_webhook"
_BALANCE = "stripe_balance"
_SENDING_SECONDS = 20.0  # how long a mail may be under way once its truth was looked at
_EVENT_OF = {"complete": "payment_captured", "failed": "payment_failed"}
_EVENT_OF_REFUND = {"succeeded": "refund_succeeded", "failed": "refund_failed"}


def refunds_never_exceed_the_capture(books: Books) -> Iterator[str]:
    back: Counter[str] = Counter()
    for refund in books.refunds:
        if refund["state"] not in GIVEN_UP:
            back[refund["transaction_id"]] += refund["amount"]
    took = books.paid()
    for transaction, amount in back.items():
        if amount > took.get(transaction, 0):
            yield f"{amount} of {took.get(transaction, 0)} was given back for {transaction}"


def stripe_never_refunds_more_than_it_took(books: Books) -> Iterator[str]:
    took = {intent["id"]: intent["amount_received"] for intent in books.intents}
    back: Counter[str] = Counter()
    for refund in books.refunds_there:
        if refund["status"] not in GIVEN_UP:
            back[refund["payment_intent"]] += refund["amount"]
    for intent, amount in back.items():
        if intent in took and amount > took[intent]:
            yield f"{intent} took {took[intent]} and gave back {amount}"


def a_refund_is_made_once(books: Books) -> Iterator[str]:
    made = Counter(refund["metadata"].get("refund_id") for refund in books.refunds_there)
    for refund, times in made.items():
        if refund and times > 1:
            yield f"{refund} was made {times} times"


def every_refund_has_one_audit_row(books: Books) -> Iterator[str]:
    """One that staff asked for has a key; one that was made at Stripe was asked for by nobody."""
    asked = Counter(entry["subject"] for entry in books.refunds_asked_for)
    for refund in books.refunds:
        if refund["idempotency_key"] and asked[refund["id"]] != 1:
            yield f"{refund['id']} was asked for {asked[refund['id']]} times, by the audit"


def never_two_of_what_follows(books: Books) -> Iterator[str]:
    kinds = {
        "receipts": [m["transaction_id"] for m in books.mails if m["kind"] == "receipt"],
        "mails": [mail["key"] for mail in books.mails],
        "settlement lines": [line["key"] for line in books.lines],
        "merchant events": [(e["transaction_id"], e["id"]) for e in books.events],
    }
    for kind, keys in kinds.items():
        for key, times in Counter(keys).items():
            if times > 1:
                yield f"{key} has {times} {kind}"


def a_closed_day_keeps_its_lines(books: Books) -> Iterator[str]:
    held: dict[str, list[int]] = defaultdict(list)
    for line in books.lines:
        held[line["batch_id"]].append(line["amount"])
    for batch in books.batches:
        closed_with = (batch["total"], batch["line_count"])
        has = (sum(held[batch["id"]]), len(held[batch["id"]]))
        if batch["closed_at"] is not None and closed_with != has:
            yield f"{batch['id']} was closed with {closed_with}, and holds {has}"


def refunds_are_where_stripe_has_them(books: Books) -> Iterator[str]:
    there = {refund["metadata"].get("refund_id"): refund for refund in books.refunds_there}
    for refund in books.refunds:
        their = there.pop(refund["id"], None)
        theirs = (their["status"], their["amount"]) if their else ("failed", refund["amount"])
        if theirs != (refund["state"], refund["amount"]):
            yield f"{refund['id']} is {refund['state']} of {refund['amount']}, at Stripe {theirs}"
    for named in there:
        yield f"Stripe refunded {named}, which is not ours"


def the_ledger_gave_back_what_stripe_did(books: Books) -> Iterator[str]:
    here, there = Counter[str](), Counter[str]()
    for entry in books.entries:
        if entry["account"] == _BALANCE and entry["entry_type"].startswith("refund"):
            here[entry["currency"]] -= _moved(entry)
    for refund in books.refunds_there:
        if refund["status"] == "succeeded":
            there[refund["currency"]] += refund["amount"]
    for currency in sorted(here.keys() | there.keys()):
        if here[currency] != there[currency]:
            yield f"{here[currency]} {currency} given back here, {there[currency]} at Stripe"


def every_movement_is_settled_once(books: Books) -> Iterator[str]:
    """A line is net of the fees that were known when it was made, each a journal of its own: so
    payments are compared, with all that came after them."""
    moved: Counter[tuple[str, str]] = Counter()
    for entry in books.entries:
        if entry["account"] == _BALANCE:
            moved[entry["transaction_id"], entry["currency"]] += _moved(entry)
    settled: Counter[tuple[str, str]] = Counter()
    for line in books.lines:
        settled[line["transaction_id"], line["currency"]] += line["amount"]
    for key in sorted(moved.keys() | settled.keys()):
        if moved[key] != settled[key]:
            yield f"{key[0]} moved {moved[key]} {key[1]}, settled {settled[key]}"


def every_end_is_announced_once(books: Books) -> Iterator[str]:
    told = {event["id"] for event in books.events}
    corrected = set(books.corrected())
    for t in books.transactions:
        event = _EVENT_OF.get(t["state"])
        if event and f"webhook_{t['id']}_{event}" not in told:
            yield f"{t['id']} is {t['state']}, and no merchant was to hear of it"
        wrong = set(_EVENT_OF.values()) - {event}
        if t["id"] not in corrected and told & {f"webhook_{t['id']}_{other}" for other in wrong}:
            yield f"{t['id']} is {t['state']}, and was announced as something else"
    for refund in books.refunds:
        event = _EVENT_OF_REFUND.get(refund["state"])
        if event and f"webhook_{refund['id']}_{event}" not in told:
            yield f"{refund['id']} is {refund['state']}, and no merchant was to hear of it"


def every_retry_is_answered(books: Books) -> Iterator[str]:
    asked, answered = Counter[str](), Counter[str]()
    for entry in books.retries:
        if entry["what"] == "retry.requested":
            asked[entry["transaction_id"]] += 1
        elif entry["what"] in ("retry.opened", "retry.refused"):
            answered[entry["transaction_id"]] += 1
    for transaction in asked.keys() | answered.keys():
        if asked[transaction] != answered[transaction]:
            words = f"was asked for {asked[transaction]} times, answered {answered[transaction]}"
            yield f"a retry of {transaction} {words}"


def every_receipt_arrived(books: Books) -> Iterator[str]:
    for mail in books.mails if books.sent_mails is not None else []:
        arrived = len((books.sent_mails or {}).get(mail["key"], ()))
        if mail["state"] != "dropped" and (mail["state"] != "sent" or not arrived):
            yield f"{mail['key']} is {mail['state']}, and arrived {arrived} times"


def nobody_hears_of_a_failure_after_a_success(books: Books) -> Iterator[str]:
    paid: dict[str, dt.datetime] = {}
    for t in books.transactions:
        if t["state"] == "complete" and t["payable_id"]:
            paid[t["payable_id"]] = t["ended_at"]
    payable_of = {t["id"]: t["payable_id"] for t in books.transactions}
    for mail in books.mails:
        since = paid.get(payable_of.get(mail["transaction_id"]) or "")
        if mail["kind"] != "payment_failed" or since is None:
            continue
        arrived = max((books.sent_mails or {}).get(mail["key"], [0.0]))
        if arrived > since.timestamp() + _SENDING_SECONDS:
            yield f"{mail['key']} came after its order was paid at {since}"


def every_event_is_delivered_or_dead_with_an_alert(books: Books) -> Iterator[str]:
    dead = {m["subject"]: m for m in books.messages if m["dead"] and m["command"] == DELIVER}
    for delivery in books.deliveries if books.taken is not None else []:
        message = dead.get(delivery["id"])
        told = message is not None and f"dead_letter:{message['id']}" in books.alerts
        taken = bool((books.taken or {}).get(delivery["event_id"]))
        fine = taken if delivery["state"] == "delivered" else delivery["state"] == "dead" and told
        if not fine:
            yield f"{delivery['event_id']} is {delivery['state']}; taken: {taken}, alert: {told}"


def a_merchant_gets_what_is_written(books: Books) -> Iterator[str]:
    known = {event["id"] for event in books.events}
    for event, bodies in (books.taken or {}).items():
        if event not in known:
            yield f"{event} was sent, and is not ours"
        if len(set(bodies)) > 1:
            yield f"{event} was sent with {len(set(bodies))} bodies"


def every_day_is_closed(books: Books) -> Iterator[str]:
    for batch in books.batches:
        if batch["closed_at"] is None:
            yield f"{batch['id']} is still open"


def _moved(entry: Row) -> int:
    amount: int = entry["amount"]
    return amount if entry["side"] == "debit" else -amount


ALWAYS = (
    refunds_never_exceed_the_capture,
    stripe_never_refunds_more_than_it_took,
    a_refund_is_made_once,
    every_refund_has_one_audit_row,
    never_two_of_what_follows,
)
DRAINED = (
    refunds_are_where_stripe_has_them,
    the_ledger_gave_back_what_stripe_did,
    every_movement_is_settled_once,
    every_end_is_announced_once,
    every_retry_is_answered,
)
# At the end of a campaign, whose mail server and merchant were real.
OVER = (
    every_receipt_arrived,
    nobody_hears_of_a_failure_after_a_success,
    every_event_is_delivered_or_dead_with_an_alert,
    a_merchant_gets_what_is_written,
    a_closed_day_keeps_its_lines,
    every_day_is_closed,
)
