"""`flask stripe setup` and `flask stripe doctor`"""

from __future__ import annotations

import sys

import click
from flask import current_app
from flask.cli import AppGroup

from payments_app.gateway.results import UnreadableError
from payments_app.inbound.destinations import WANTED
from payments_app.ops import stripe_doctor
from payments_app.ops.stripe_checks import refused, unread
from payments_app.ops.stripe_destination_checks import own_domain
from payments_app.ops.stripe_setup import Made, Step, plan

stripe_group = AppGroup("stripe", help="Our account at Stripe.")


@stripe_group.command("doctor")
@click.option("--write", is_flag=True, help="Also ping, and try what the key may.")
def doctor(*, write: bool) -> None:
    """Say whether our account at Stripe is as it must be; ends with 1 where it is not."""
    if write:
        click.echo("This will also:")
        for words in stripe_doctor.WRITES:
            click.echo(f"  {words}")
    checks = stripe_doctor.examine(write=write)
    for check in checks:
        click.echo(f"{'ok   ' if check.ok else 'WRONG'}  {check.name}: {check.words}")
    if not all(check.ok for check in checks):
        raise click.exceptions.Exit(1)


@stripe_group.command("setup")
@click.option("--yes", is_flag=True, help="Do it, without a question.")
@click.option(
    "--secret-lost",
    "lost",
    multiple=True,
    type=click.Choice([wanted.name for wanted in WANTED]),
    help="Nobody has this destination's secret any more: add a successor.",
)
def setup(*, yes: bool, lost: tuple[str, ...]) -> None:
    """Add the event destinations and domains that are missing; show it first. A secret is shown
    once, on this terminal alone."""
    if own_domain() is None and not current_app.config["CONFIG"].sandboxed:
        raise click.ClickException(
            "Stripe can't reach PUBLIC_URL. On this machine use"
            " `stripe listen --forward-to 127.0.0.1:8000/webhooks/stripe`."
        )
    try:
        steps = plan(lost)
    except UnreadableError as error:
        raise click.ClickException(f"nothing is known of what is there. {unread(error)}") from error
    for step in steps:
        click.echo(f"{'to do' if step.act else 'note '}  {step.words}")
    _carry_out([step for step in steps if step.act], yes=yes)


def _carry_out(steps: list[Step], *, yes: bool) -> None:
    if not steps:
        click.echo("Nothing is to be done.")
        return
    if not yes and not (sys.stdin.isatty() and click.confirm("Do this?")):
        click.echo("Nothing was done. With --yes it is.")
        return
    made = [step.act() for step in steps if step.act]
    for step, each in zip(steps, made, strict=True):
        done = each.answer.body is not None
        click.echo(f"{'done ' if done else 'NOT DONE'}  {step.words}")
        if not done:
            click.echo(f"         {refused(each.answer)}")
    _show_secrets(made)
    if any(each.answer.body is None for each in made):
        raise click.exceptions.Exit(1)


def _show_secrets(made: list[Made]) -> None:
    told = [each for each in made if each.secret]
    if told:
        click.echo(
            "\nPut these into the settings now, each beside what is there (a comma between):"
        )
        click.echo("Stripe tells them once.")
    for each in told:
        click.echo(f"{each.setting}={each.secret}")
