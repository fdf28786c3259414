"""Alerts of Stripe, our account there and its events."""

from __future__ import annotations

from payments_app.ops.alert_kinds.kind import Kind

KINDS = {
    "breaker_open": Kind(
        "Stripe does not answer, or takes no files, or tells nothing of accounts: what waits for it"
        " goes on by itself",
        "Look at status.stripe.com and at this machine's network. Nobody is charged twice.",
        "stripe",
        "when Stripe answers",
    ),
    "forgetting_stopped": Kind(
        "Stripe says that the cards of more than five customers within an hour are gone",
        "Check the key first; then look at such a card at Stripe. Acknowledge the alert where they"
        " are gone indeed: the rest is read and marked.",
        "stripe",
        stays="the rest is marked once somebody has said that they are gone",
    ),
    "other_stripe_account": Kind(
        "STRIPE_SECRET_KEY is of another account or mode than this database: nothing that talks to"
        " Stripe starts (`OtherAccountError`)",
        "Set the key of the account that the alert names; another account needs another database.",
        "stripe",
        "when a process starts with the right key",
    ),
    "stripe_doctor": Kind(
        "our account at Stripe is not as the product needs it: a destination that is missing,"
        " disabled or of another version, a key, the clock",
        "Do what the line says; `flask --app wsgi stripe setup` adds what is missing,"
        " `flask --app wsgi stripe doctor` looks again.",
        "stripe",
        "when the job finds all well",
    ),
    "stripe_key_refused": Kind(
        "Stripe refuses STRIPE_SECRET_KEY; one of its fallbacks is in use",
        "Set a key that Stripe takes, restart; take the old ones out of"
        " STRIPE_SECRET_KEY_FALLBACKS.",
        "stripe",
        "half an hour after the last refusal",
    ),
    "stripe_misconfigured": Kind(
        "Stripe refuses our key, or requests by a mistake of ours (a wrong setting or parameter, an"
        " account that may not charge)",
        "Correct it (keys of one account, the account's state, the release) and restart; what waits"
        " goes on by itself, a refused request for fifteen minutes at most.",
        "stripe",
        "when its payment ended, or any payment succeeded since",
    ),
    "stripe_slow": Kind(
        "Stripe is slow, refuses us or answers with errors, and payments wait for it",
        "Nothing, if status.stripe.com says so: all of it goes on by itself. Else look at what"
        " Stripe says in the alert.",
        "stripe",
        "when Stripe answers in time",
    ),
    "stripe_unread": Kind(
        "whether a saved card or its customer is gone can't be read at Stripe",
        "Read Stripe's words; it is asked again each minute, and stays as it is until then.",
        "stripe",
        "half an hour after the last refusal",
    ),
    "stripe_unreachable": Kind(
        "Stripe can't be reached for long: payments wait for it",
        "Look at this machine's network and at status.stripe.com.",
        "stripe",
        "when a payment succeeded since",
    ),
    "stripe_word": Kind(
        "Stripe says a word that we do not know; it decided nothing",
        "Look it up in Stripe's Dashboard, and tell the developers.",
        "stripe",
        stays="that the word was learnt shows in a later release",
    ),
    "webhook_quarantined": Kind(
        "an event of Stripe's was set aside, and nothing was moved",
        "Read why; compare the payment with Stripe's Dashboard.",
        "stripe",
        stays="that somebody compared the payment leaves no trace here",
    ),
    "webhook_waiting": Kind(
        "an event of Stripe's can't be worked on yet",
        "Nothing, if it is worked on within the hour; else look at the queues.",
        "queues",
        "when no event waits",
    ),
}
