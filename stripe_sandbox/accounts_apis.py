"""Which API of accounts a platform may use: new ones may not create by v1, others may not use v2.

The words are Stripe's, https://docs.stripe.com/connect/accounts-v2/account-creation and
https://docs.stripe.com/api/v2/core/accounts/create.
"""

import threading
from typing import Any

from stripe_sandbox.errors import ApiError, v2_error


class AccountsApis:
    """Both, until an account is told otherwise."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._off: dict[str, set[str]] = {}

    def set(self, account: str, allowed: dict[str, Any]) -> None:
        """{"v1": false} switches one off."""
        with self._lock:
            self._off[account] = {api for api in ("v1", "v2") if not allowed.get(api, True)}

    def check_v1(self, account: str) -> None:
        """Raises ApiError 400, which is saved for the key as others are."""
        if self._is_off(account, "v1"):
            raise ApiError(
                400,
                "Stripe no longer recommends Accounts v1 for new Connect integrations. Create"
                " connected accounts with POST /v2/core/accounts instead:"
                " https://docs.stripe.com/api/v2/core/accounts. Read more about Accounts v2:"
                " https://docs.stripe.com/connect/accounts-v2/account-creation. If your"
                " integration requires v1 account creation for a supported compatibility scenario,"
                " enable Accounts v1 support in the Dashboard:"
                " https://dashboard.stripe.com/settings/features/feat_accounts_v1_support.",
                executed=True,
            )

    def check_v2(self, account: str) -> None:
        """Raises ApiError 400."""
        if self._is_off(account, "v2"):
            raise v2_error(
                400,
                "accounts_v2_access_blocked",
                "Accounts v2 is not enabled for your platform. If you're interested in using this"
                " API with your integration, please visit"
                " https://docs.stripe.com/connect/accounts-v2.",
            )

    def _is_off(self, account: str, api: str) -> bool:
        with self._lock:
            return api in self._off.get(account, ())
