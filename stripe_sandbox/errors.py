"""Stripe's error envelope, https://docs.stripe.com/api/errors."""

from typing import Any

from stripe_sandbox.messages import Response


class ApiError(Exception):
    """An answer in Stripe's error envelope.

    `executed` says that the endpoint began its work: the answer is then kept for the
    request's idempotency key, and what was written stays written.
    """

    def __init__(
        self,
        status: int,
        message: str,
        *,
        type: str = "invalid_request_error",
        executed: bool = False,
        **fields: Any,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.executed = executed
        self.error = {k: v for k, v in fields.items() if v is not None}
        self.error |= {"message": message, "type": type}
        if code := self.error.get("code"):
            self.error.setdefault("doc_url", doc_url(code))

    def response(self) -> Response:
        return Response.json(self.status, {"error": self.error})


def doc_url(code: str) -> str:
    return f"https://docs.stripe.com/error-codes/{code.replace('_', '-')}"


def v2_error(status: int, code: str, message: str) -> ApiError:
    """As v2 answers: its errors have a code and no type. None is saved for a key."""
    error = ApiError(status, message, code=code)
    del error.error["type"]
    return error


def missing_resource(noun: str, object_id: str, param: str, status: int = 404) -> ApiError:
    """404 for an id in the path, 400 for one among the parameters."""
    return ApiError(status, f"No such {noun}: '{object_id}'", code="resource_missing", param=param)


def unexpected_state(message: str, intent_kind: str, intent: dict[str, Any]) -> ApiError:
    fields: dict[str, Any] = {"code": f"{intent_kind}_unexpected_state", intent_kind: intent}
    return ApiError(400, message, executed=True, **fields)
