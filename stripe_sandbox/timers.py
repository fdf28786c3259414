"""What happens later by itself: a refund that moves on."""

import threading
import time

from stripe_sandbox import refunds
from stripe_sandbox.call import Call, Premises
from stripe_sandbox.webhooks import Courier

_EVERY = 0.25  # seconds


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
                    refund = call.find(row["object"], "refund")
                    if refund:
                        refunds.move_on(call, refund)
            if rows:
                self._courier.ring()
