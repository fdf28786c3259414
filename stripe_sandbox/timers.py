"""What happens later by itself: refunds and slow banks that move on."""

import threading
import time

from stripe_sandbox import confirming, refunds
from stripe_sandbox.call import Call, Premises
from stripe_sandbox.webhooks import Courier

_EVERY = 0.25  # seconds
MOVES = {"refund": refunds.move_on, "payment_intent": confirming.settle}


class Timers:
    def __init__(self, premises: Premises, courier: Courier) -> None:
        self._premises = premises
        self._store = premises.store
        self._courier = courier

    def start(self) -> None:
        threading.Thread(target=self._run, name="timers", daemon=True).start()

    def _run(self) -> None:
        while True:
            time.sleep(_EVERY)
            with self._store.transaction():
                rows = self._store.query("SELECT * FROM reminders WHERE due <= ?", time.time())
                for row in rows:
                    self._store.query("DELETE FROM reminders WHERE object = ?", row["object"])
                    call = Call.within(self._premises, row["account"])
                    for kind, move_on in MOVES.items():
                        if thing := call.find(row["object"], kind):
                            move_on(call, thing)
            if rows:
                self._courier.ring()
