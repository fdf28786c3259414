"""Customers."""

from typing import Any

from stripe_sandbox import ids, payment_methods
from stripe_sandbox.call import Call
from stripe_sandbox.errors import missing_resource
from stripe_sandbox.listing import page
from stripe_sandbox.params import (
    ADDRESS,
    PAGE,
    SHIPPING,
    array_of,
    hash_of,
    merged_metadata,
    metadata,
    text,
    unsettable,
)
from stripe_sandbox.routing import route
from stripe_sandbox.store import Object

_FIELDS = {
    "address": unsettable(ADDRESS),
    "description": unsettable(text),
    "email": unsettable(text),
    "invoice_settings": hash_of(default_payment_method=unsettable(text)),
    "metadata": metadata,
    "name": unsettable(text),
    "phone": unsettable(text),
    "preferred_locales": array_of(text),
    "shipping": unsettable(SHIPPING),
}
_PLAIN = ("address", "description", "email", "name", "phone", "preferred_locales", "shipping")


@route("POST", "/v1/customers", {**_FIELDS, "payment_method": text})
def create(call: Call, params: dict[str, Any]) -> Object:
    customer = call.new(
        "customer",
        "cus",
        balance=0,
        currency=None,
        default_source=None,
        delinquent=False,
        discount=None,
        invoice_prefix=ids.random_text(8).upper(),
        invoice_settings={
            "custom_fields": None,
            "default_payment_method": None,
            "footer": None,
            "rendering_options": None,
        },
        next_invoice_sequence=1,
        tax_exempt="none",
        test_clock=None,
        metadata={},
        **{**dict.fromkeys(_PLAIN), "preferred_locales": []},
    )
    customer["id"] = ids.new_id("cus", 14)
    _write(call, customer, params)
    call.emit("customer.created", customer)
    if "payment_method" in params:
        payment_methods.attach_to_customer(
            call, {"customer": customer["id"]}, params["payment_method"]
        )
    return customer


@route("GET", "/v1/customers/{customer_id}")
def retrieve(call: Call, _params: dict[str, Any], customer_id: str) -> Object:
    customer = call.get(customer_id, "customer")
    return _deleted(customer_id) if "deleted" in customer else customer


@route("POST", "/v1/customers/{customer_id}", _FIELDS)
def update(call: Call, params: dict[str, Any], customer_id: str) -> Object:
    customer = _write(call, _living(call, customer_id), params)
    call.emit("customer.updated", customer)
    return customer


def _write(call: Call, customer: Object, params: dict[str, Any]) -> Object:
    customer |= {name: params[name] for name in _PLAIN if name in params}
    customer["metadata"] = merged_metadata(customer["metadata"], params.get("metadata"))
    default = params.get("invoice_settings", {}).get("default_payment_method")
    if default:
        call.param(default, "payment_method", "invoice_settings[default_payment_method]")
    customer["invoice_settings"] |= params.get("invoice_settings", {})
    return call.put(customer)


@route("GET", "/v1/customers", {"email": text, **PAGE})
def list_(call: Call, params: dict[str, Any]) -> Object:
    return page(
        call,
        "customer",
        "/v1/customers",
        params,
        "email",
        condition="json_extract(body, '$.deleted') IS NULL",
    )


@route("DELETE", "/v1/customers/{customer_id}")
def delete(call: Call, _params: dict[str, Any], customer_id: str) -> Object:
    customer = _living(call, customer_id)
    call.emit("customer.deleted", customer)
    for method in call.store.select(call.account, "payment_method", {"customer": customer_id}):
        call.put({**method, "customer": None, "_spent": True})
    call.put({**customer, "deleted": True})
    return _deleted(customer_id)


def _deleted(customer_id: str) -> Object:
    return {"id": customer_id, "object": "customer", "deleted": True}


def _living(call: Call, customer_id: str) -> Object:
    customer = call.get(customer_id, "customer")
    if "deleted" in customer:
        raise missing_resource("customer", customer_id, "id")
    return customer
