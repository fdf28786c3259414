"""What people and browsers see of the sandbox: Stripe.js, card fields, 3-D Secure, receipts."""

import html
import mimetypes
import re
import time
from collections.abc import Callable
from pathlib import Path
from urllib.parse import parse_qs, urlencode

from stripe_sandbox import challenges, connected_accounts
from stripe_sandbox.call import Call, SandboxContext
from stripe_sandbox.currencies import spoken
from stripe_sandbox.messages import Request, Response
from stripe_sandbox.store import Object
from stripe_sandbox.webhooks import WebhookDispatcher

_STATIC = Path(__file__).parent / "static"
_TEMPLATES = Path(__file__).parent / "templates"
_STRIPE_JS = ("frames", "appearance", "elements", "challenge", "stripe")
# The card fields and the bank's page hold no code but their own, and may stand in any frame.
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:;"
    " connect-src 'self'; form-action *; base-uri 'none'"
)


class Pages:
    def __init__(self, context: SandboxContext, dispatcher: WebhookDispatcher) -> None:
        self._context = context
        self._store = context.store
        self._dispatcher = dispatcher
        self._pages: tuple[tuple[str, re.Pattern[str], Callable[..., Response]], ...] = (
            ("GET", re.compile(r"/stripe\.js"), _stripe_js),
            ("GET", re.compile(r"/static/([a-z_]+\.(?:js|css))"), _static),
            ("GET", re.compile(r"/elements/card"), self._card_fields),
            ("GET", re.compile(r"/receipts/(ch_\w+)"), self._receipt),
            ("GET", re.compile(r"/onboarding/(acct_\w+)/(\w+)"), self._onboarding),
            ("POST", re.compile(r"/onboarding/(acct_\w+)/(\w+)"), self._onboard),
            ("GET", re.compile(r"/three_d_secure/(\w+)/(\w+)"), self._ask),
            ("POST", re.compile(r"/three_d_secure/(\w+)/(\w+)"), self._answer),
        )

    def answer(self, request: Request) -> Response:
        for method, pattern, page in self._pages:
            if method == request.method and (match := pattern.fullmatch(request.path)):
                return page(request, *match.groups())
        return Response.html(404, _page("missing.html"))

    def _card_fields(self, request: Request) -> Response:
        return _framed(_page("card.html"))

    def _receipt(self, request: Request, charge_id: str) -> Response:
        owner = self._store.owner(charge_id)
        charge = owner and self._store.get(owner, charge_id, "charge")
        if not charge or not charge["paid"]:
            return Response.html(404, _page("missing.html"))
        return _framed(
            _page(
                "receipt.html",
                amount=spoken(charge["amount"], charge["currency"]),
                refunded=spoken(charge["amount_refunded"], charge["currency"]),
                date=time.strftime("%d %B %Y %H:%M UTC", time.gmtime(charge["created"])),
                card=_card_words(charge),
                description=charge["description"] or "",
                email=charge["receipt_email"] or charge["billing_details"]["email"] or "",
                charge=charge["id"],
            )
        )

    def _invited(self, account_id: str, secret: str) -> tuple[Call, Object] | None:
        """The platform and the account that a link was made for, while it lasts."""
        platform = Call(self._context, self._store.owner(account_id) or "")
        account = platform.find(account_id, "account")
        link = (account or {}).get("_link", {"secret": None})
        if not account or link["secret"] != secret or link["expires_at"] < time.time():
            return None
        return platform, account

    def _onboarding(self, _request: Request, account_id: str, secret: str) -> Response:
        found = self._invited(account_id, secret)
        if not found:
            return Response.html(404, _page("missing.html"))
        return _framed(_page("onboarding.html", account=account_id, email=found[1]["email"] or ""))

    def _onboard(self, request: Request, account_id: str, secret: str) -> Response:
        with self._store.transaction():
            found = self._invited(account_id, secret)
            if not found:
                return Response.html(404, _page("missing.html"))
            platform, account = found
            link = account.pop("_link")
            if b"answer=complete" in request.body:
                connected_accounts.onboard(platform, account)
            else:
                platform.put(account)
        self._dispatcher.wake()
        return Response.redirect(link["return_url"])

    def _call(self, intent_id: str) -> Call:
        owner = self._store.owner(intent_id) or ""
        return Call.within(self._context, owner)

    def _ask(self, request: Request, intent_id: str, secret: str) -> Response:
        intent = challenges.open_intent(self._call(intent_id), intent_id, secret)
        if not intent:
            return Response.html(404, _page("missing.html"))
        if intent["status"] != "requires_action":
            return self._leave(request, intent)
        amount = spoken(intent["amount"], intent["currency"]) if "amount" in intent else ""
        if "lang=de" in request.query:
            amount = amount.translate(str.maketrans(",.", ".,"))
            return _framed(_page("challenge_de.html", amount=amount or "Diese Karte speichern"))
        return _framed(_page("challenge.html", amount=amount or "Save this card"))

    def _answer(self, request: Request, intent_id: str, secret: str) -> Response:
        call = self._call(intent_id)
        accepted = parse_qs(request.body.decode(errors="replace")).get("answer") == ["complete"]
        with self._store.transaction():
            intent = challenges.open_intent(call, intent_id, secret)
            if intent:
                challenges.answer(call, intent, accepted=accepted)
        self._dispatcher.wake()
        return self._leave(request, intent) if intent else Response.html(404, _page("missing.html"))

    def _leave(self, request: Request, intent: Object) -> Response:
        """Back to the shop, or in a frame a word to the page around it."""
        if "redirect=1" not in request.query:
            return _framed(_page("answered.html"))
        kind = intent["object"]
        done = intent["status"] in ("succeeded", "processing")
        query = urlencode(
            {
                kind: intent["id"],
                f"{kind}_client_secret": intent["client_secret"],
                "redirect_status": "succeeded" if done else "failed",
            }
        )
        url = intent["_return_url"]
        return Response.redirect(f"{url}{'&' if '?' in url else '?'}{query}")


def _stripe_js(_request: Request) -> Response:
    """Its parts as one script with a scope of its own."""
    parts = [(_STATIC / "stripe_js" / f"{name}.js").read_text("utf-8") for name in _STRIPE_JS]
    script = "\n".join(['(function () {\n"use strict";\n', *parts, "})();\n"])
    headers = {"Content-Type": "text/javascript; charset=utf-8", "Cache-Control": "no-cache"}
    return Response(200, script.encode(), headers)


def _static(_request: Request, name: str) -> Response:
    path = _STATIC / name
    if not path.is_file():
        return Response.html(404, _page("missing.html"))
    kind = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    return Response(200, path.read_bytes(), {"Content-Type": kind, "Cache-Control": "no-cache"})


def _framed(page: str) -> Response:
    response = Response.html(200, page)
    response.headers |= {"Content-Security-Policy": _POLICY, "Cache-Control": "no-store"}
    return response


def _page(name: str, **words: str) -> str:
    """`{{ word }}` in a template becomes the word, escaped."""
    page = (_TEMPLATES / name).read_text(encoding="utf-8")
    return re.sub(r"\{\{ (\w+) \}\}", lambda match: html.escape(words[match[1]]), page)


def _card_words(charge: Object) -> str:
    card = charge["payment_method_details"]["card"]
    return f"{card['brand'].capitalize()} ending in {card['last4']}"
