"""What a transfer becomes on the connected account: a payment there, and its refunds."""

from stripe_sandbox import balance, card_entry, charges
from stripe_sandbox.call import Call
from stripe_sandbox.store import Object


def receive(call: Call, transfer: Object, fee: int) -> Object:
    """The payment that the merchant sees, less the platform's `fee` (minor units)."""
    there = _account(call, transfer)
    amount, currency = transfer["amount"], transfer["currency"]
    payment = charges.blank(
        there,
        "py",
        amount=amount,
        amount_captured=amount,
        application_fee_amount=fee or None,
        billing_details=card_entry.billing_details({}),
        captured=True,
        currency=currency,
        paid=True,
        payment_method_details={"stripe_account": {}, "type": "stripe_account"},
        source_transfer=transfer["id"],
        status="succeeded",
    )
    fees = [balance.application_fee(payment, fee)] if fee else []
    transaction = balance.record(there, "payment", payment, amount, fees)
    payment["balance_transaction"] = transaction["id"]
    there.emit("charge.succeeded", there.put(payment))
    return payment


def give_back(call: Call, transfer: Object, reversal: Object, fee_back: int) -> Object:
    """What a reversal takes from the merchant, less what the platform returns of its fee."""
    there = _account(call, transfer)
    payment = there.get(transfer["destination_payment"], "charge")
    refund = there.new(
        "refund",
        "pyr",
        amount=reversal["amount"],
        balance_transaction=None,
        charge=payment["id"],
        currency=reversal["currency"],
        customer=None,
        customer_account=None,
        metadata={},
        payment_intent=None,
        payment_method=None,
        reason=None,
        receipt_number=None,
        source_transfer_reversal=reversal["id"],
        status="succeeded",
        transfer_reversal=None,
    )
    del refund["livemode"]
    transaction = balance.record(there, "payment_refund", refund, -reversal["amount"])
    refund["balance_transaction"] = transaction["id"]
    there.put(refund)
    if fee_back:
        balance.return_fee(there, refund, fee_back)
    payment["amount_refunded"] += reversal["amount"]
    payment["refunded"] = payment["amount_refunded"] == payment["amount"]
    there.put(payment)
    return refund


def _account(call: Call, transfer: Object) -> Call:
    return Call(call.context, transfer["destination"], call.request_id, platform=call.account)
