"""Alerts of what a stranger may try, and of who knows a secret."""

from __future__ import annotations

from payments_app.ops.alert_kinds.kind import Kind

KINDS = {
    "api_keys_known": Kind(
        "a member who may sign in no more, or is no administrator any more, was shown the secret of"
        " API keys that are good",
        "Give each a new secret at `/staff/api-keys` and bring it to its application, or revoke"
        " it.",
        "api keys",
        "when none of these keys is good any more",
    ),
    "card_testing": Kind(
        "over 30 % of at least 20 payments in 15 minutes were declined: somebody may be trying"
        " stolen cards",
        "Set `CHECKOUT_CHALLENGE=always`, lower `CHECKOUT_RATE_LIMIT` and restart the web"
        " processes; see [security](security.md#card-testing).",
        "payments",
        "half an hour after the last sign of it",
    ),
    "refused_job": Kind(
        "somebody put a job that is not ours into the Redis for jobs; it was not run",
        "Find out who can write there, and change its passwords.",
        "queues",
        stays="who wrote it can not be seen from here",
    ),
}
