"""How a charge is shared with a connected account, and how a refund takes the shares back.

A destination charge lives on the platform and sends a transfer; a direct charge lives on the
connected account, and only the platform's fee leaves it.
"""

from typing import Any

from stripe_sandbox import application_fees, balance, transfers
from stripe_sandbox.call import Call
from stripe_sandbox.errors import ApiError
from stripe_sandbox.store import Object


def check(call: Call, intent: Object) -> None:
    """Raises ApiError 400 for a share that cannot be given."""
    destination = (intent["transfer_data"] or {}).get("destination")
    if destination:
        transfers.check_destination(call, destination, "transfer_data[destination]")
    if intent["on_behalf_of"]:
        transfers.check_destination(call, intent["on_behalf_of"], "on_behalf_of")
    fee = intent["application_fee_amount"]
    if fee is None:
        return
    if not destination and not call.platform:
        raise ApiError(
            400,
            "Can only apply an application_fee_amount when the PaymentIntent is attempting a direct"
            " payment (using an OAuth key or Stripe-Account header) or destination payment (using"
            " `transfer_data[destination]`).",
            param="application_fee_amount",
        )
    if not 0 < fee <= intent["amount"]:
        raise ApiError(
            400,
            "The application fee must be positive and no more than the amount.",
            param="application_fee_amount",
        )


def write_shares(call: Call, charge: Object) -> None:
    """Writes the shares of a captured charge onto it. The fee is at most what was captured."""
    fee = min(charge["application_fee_amount"] or 0, charge["amount_captured"])
    fees = balance.fees_of(charge)
    sharing = charge["transfer_data"]
    if sharing:
        transfer = transfers.make(
            call,
            sharing["destination"],
            sharing["amount"] or charge["amount_captured"],
            charge["currency"],
            fee=fee,
            source_transaction=charge["id"],
            transfer_group=charge["transfer_group"] or f"group_{charge['payment_intent']}",
        )
        charge |= {"transfer": transfer["id"], "transfer_group": transfer["transfer_group"]}
    if fee:
        direct = call.platform is not None
        account = call.account if direct else sharing["destination"]
        made = application_fees.collect(call.of_platform(), account, charge, fee)
        charge["application_fee"] = made["id"]
        if direct:
            fees.append(balance.application_fee(charge, fee))
    transaction = balance.record(call, "charge", charge, charge["amount_captured"], fees)
    charge["balance_transaction"] = transaction["id"]


def take_back(call: Call, charge: Object, refund: Object, params: dict[str, Any]) -> None:
    """In proportion to the refund, where the caller asks for it. Raises ApiError 400."""
    fee, fee_back = None, 0
    if params.get("refund_application_fee"):
        if not charge["application_fee"]:
            raise ApiError(
                400,
                f"Charge {charge['id']} has no application fee to refund.",
                param="refund_application_fee",
            )
        fee = call.of_platform().param(charge["application_fee"], "application_fee", "charge")
        fee_back = _share(fee["amount"], fee["amount_refunded"], charge, refund)
    if params.get("reverse_transfer"):
        _reverse(call, charge, refund, fee_back)
    if fee and fee_back:
        application_fees.give_back(call.of_platform(), fee, fee_back)
        if call.platform:
            balance.return_fee(call, refund, fee_back)


def _reverse(call: Call, charge: Object, refund: Object, fee_back: int) -> None:
    if "transfer" not in charge:
        raise ApiError(
            400,
            f"Cannot reverse transfer on charge ({charge['id']}) because it does not have an"
            " associated transfer.",
            param="reverse_transfer",
        )
    transfer = call.param(charge["transfer"], "transfer", "charge")
    amount = _share(transfer["amount"], transfer["amount_reversed"], charge, refund)
    if amount:
        reversal = transfers.reverse(
            call, transfer, amount, fee_back=fee_back, source_refund=refund["id"]
        )
        refund["transfer_reversal"] = reversal["id"]


def _share(whole: int, gone: int, charge: Object, refund: Object) -> int:
    """Rounded half up; the last refund takes whatever is left."""
    if charge["amount_refunded"] + refund["amount"] == charge["amount"]:
        return whole - gone
    captured = charge["amount_captured"]
    part: int = (2 * whole * refund["amount"] + captured) // (2 * captured)
    return min(part, whole - gone)
