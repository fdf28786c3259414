"""`flask products ...`: what the shop sells, from the terminal."""

from __future__ import annotations

import csv
from collections.abc import Callable
from dataclasses import fields
from functools import wraps
from pathlib import Path
from typing import Any

import click
from flask.cli import AppGroup

from payments_app.accounts.people import CLI
from payments_app.core.db.text import is_storable
from payments_app.core.extensions import db
from payments_app.orders import keep_products
from payments_app.orders.keep_products import Goods
from payments_app.orders.pictures import read_picture

products_group = AppGroup("products", help="What the shop sells.")
_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
_NEEDED = ("slug", "name", "price", "currency")


def _in_words(command: Callable[..., None]) -> Callable[..., None]:
    """What can't be done is a sentence, and ends with 1."""

    @wraps(command)
    def run(**given: Any) -> None:
        try:
            command(**given)
        except (LookupError, ValueError) as error:
            raise click.ClickException(str(error)) from error

    return run


@products_group.command("create")
@click.argument("slug")
@click.argument("name")
@click.argument("price")
@click.argument("currency")
@click.option("--summary", default="", help="A sentence or two on it.")
@click.option("--stock", type=int, help="How many there are; not counted unless given.")
@click.option("--max-quantity", default=10, show_default=True, help="Of one order.")
@click.option("--merchant", "merchant_id", help="Who sells it; the shop itself unless given.")
@_in_words
def create(**given: Any) -> None:
    """Put a product on sale: `products create mug "Blue mug" 24.00 usd`."""
    slug = keep_products.create(Goods(**given), CLI)
    click.echo(f"{slug} is for sale")


@products_group.command("price")
@click.argument("slug")
@click.argument("price")
@_in_words
def price(slug: str, price: str) -> None:
    """Change what new orders pay, in the product's currency."""
    money = keep_products.set_price(slug, price, CLI)
    click.echo(f"{slug} costs {money}")


@products_group.command("stock")
@click.argument("slug")
@click.argument("number")
@_in_words
def stock(slug: str, number: str) -> None:
    """Say how many may still be ordered: a number, or `unlimited`."""
    keep_products.set_stock(slug, _stock(number) if number != "unlimited" else None, CLI)
    click.echo(f"{slug}: {number}")


@products_group.command("picture")
@click.argument("slug")
@click.argument("file", required=False, type=_FILE)
@click.option("--remove", is_flag=True, help="Show none.")
@_in_words
def picture(slug: str, file: Path | None, *, remove: bool) -> None:
    """Show a picture of a product: an SVG, PNG, JPEG or WebP of at most 200 kB."""
    if remove == (file is not None):
        raise ValueError("Name a file, or say --remove.")
    if file is None:
        keep_products.remove_picture(slug, CLI)
        click.echo(f"{slug} has no picture")
        return
    keep_products.set_picture(slug, read_picture(file), CLI)
    click.echo(f"{slug} has a picture")


@products_group.command("archive")
@click.argument("slug")
@click.option("--undo", is_flag=True, help="Sell it again.")
@_in_words
def archive(slug: str, *, undo: bool) -> None:
    """Sell a product no more; orders that have it keep it."""
    keep_products.set_active(slug, CLI, active=undo)
    click.echo(f"{slug} is {'for sale' if undo else 'archived'}")


@products_group.command("import")
@click.argument("file", type=_FILE)
@_in_words
def import_(file: Path) -> None:
    """Store each row of a CSV file, or none: columns slug, name, price, currency, and as wanted
    summary, stock, max_quantity, merchant_id. A slug that is there is changed to its row; what no
    column names stays."""
    with file.open(encoding="utf-8-sig", newline="") as opened:
        reader = csv.DictReader(opened, strict=True)
        rows = _rows(reader)
    made, changed = keep_products.import_all(rows, reader.fieldnames or (), CLI)
    click.echo(f"{made} added, {changed} changed")


@products_group.command("list")
def list_() -> None:
    """List the products, the archived ones as well."""
    for product in keep_products.all_products(db.session()):
        left = "unlimited" if product.stock is None else f"{product.stock} left"
        state = "for sale" if product.active else "archived"
        click.echo(f"{product.slug}  {product.price}  {left}  {state}  {product.name}")


def _rows(reader: csv.DictReader[str]) -> list[Goods]:
    columns, known = reader.fieldnames or [], [field.name for field in fields(Goods)]
    if missing := [name for name in _NEEDED if name not in columns]:
        raise ValueError(f"The first line must name the columns {', '.join(missing)}.")
    if unknown := [name for name in columns if name not in known]:
        raise ValueError(f"There is no column {', '.join(unknown)}: {', '.join(known)}.")
    if twice := sorted({name for name in columns if columns.count(name) > 1}):
        raise ValueError(f"The file has two columns {', '.join(twice)}: leave one of each.")
    try:
        return [_goods(row) for row in reader]
    except csv.Error as error:
        raise ValueError(f"line {reader.line_num}: {error}.") from error
    except ValueError as error:
        raise ValueError(f"line {reader.line_num}: {error}") from error


def _goods(row: dict[Any, Any]) -> Goods:
    if None in row or None in row.values():
        raise ValueError("It has not as many values as there are columns.")
    if not is_storable(row):
        raise ValueError("It holds a character that can't be stored.")
    given: dict[str, Any] = {name: value for name, value in row.items() if value}
    for name in {"stock", "max_quantity"} & set(given):
        given[name] = _stock(given[name])
    return Goods(**(dict.fromkeys(_NEEDED, "") | given))


def _stock(typed: str) -> int:
    if not (typed.isascii() and typed.isdecimal()):
        raise ValueError(f"{typed} is no whole number.")
    return int(typed.lstrip("0")[:10] or "0")
