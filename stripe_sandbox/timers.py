"""What happens later by itself: refunds and slow banks that move on."""

import threading
import time

from stripe_sandbox import confirming, refunds
from stripe_sandbox.call import Call, SandboxContext
from stripe_sandbox.webhooks import WebhookDispatcher

_EVERY = 0.25  # seconds
MOVES = {"refund": refunds.move_on, "payment_intent": confirming.decide}


class Timers:
    def __init__(self, context: SandboxContext, dispatcher: WebhookDispatcher) -> None:
        self._context = context
        self._store = context.store
        self._dispatcher = dispatcher

    def start(self) -> None:
        threading.Thread(target=self._run, name="timers", daemon=True).start()

    def _run(self) -> None:
        while True:
            time.sleep(_EVERY)
            with self._store.transaction():
                rows = self._store.query("SELECT * FROM reminders WHERE due <= ?", time.time())
                for row in rows:
                    self._store.query("DELETE FROM reminders WHERE object = ?", row["object"])
                    call = Call.within(self._context, row["account"])
                    for kind, move_on in MOVES.items():
                        if thing := call.find(row["object"], kind):
                            move_on(call, thing)
            if rows:
                self._dispatcher.wake()
