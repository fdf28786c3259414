"""Connect: events of a connected account, by API v1 and, thin, by API v2."""

from collections.abc import Iterable

from stripe_sandbox.call import Call
from stripe_sandbox.store import Object

_THIN_UPDATED = "v2.core.account.updated"
_THIN = {
    "capabilities": "v2.core.account[configuration.merchant].capability_status_updated",
    "requirements": "v2.core.account[requirements].updated",
}


def tell(platform: Call, type: str, account_id: str, thing: Object) -> None:
    _told(platform, account_id).emit(type, thing)


def tell_thin(platform: Call, account_id: str, changed: Iterable[str]) -> None:
    """What changed of an account, a thin event for each part of it."""
    parts = [_THIN[field] for field in changed if field in _THIN] or [_THIN_UPDATED]
    for type in dict.fromkeys(parts):
        _told(platform, account_id).emit_thin(type)


def _told(platform: Call, account_id: str) -> Call:
    return Call(platform.context, account_id, platform.request_id, platform=platform.account)
