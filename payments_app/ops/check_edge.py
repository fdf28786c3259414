"""`flask check-edge URL`: what must hold at the edge of a running site, a line each."""

from __future__ import annotations

import http.client

import click

from payments_app.ops.edge_rules import RULES, Rule
from payments_app.ops.edge_site import EdgeError, Site


@click.command("check-edge")
@click.argument("url")
@click.option("--ca", type=click.Path(exists=True), help="Trust this certificate as well.")
@click.option("--plain-port", default=80, help="Where plain HTTP is answered.")
def check_edge(url: str, ca: str | None, plain_port: int) -> None:
    """Ask a running site what a browser and a cache would ask; fail where an answer is wrong."""
    try:
        site = Site(url, ca, plain_port)
    except EdgeError as error:
        raise click.BadParameter(str(error)) from error
    broken = 0
    for words, rule in RULES.items():
        problem = problem_of(rule, site)
        broken += problem is not None
        sign = click.style("RED", fg="red") if problem else click.style("ok ", fg="green")
        click.echo(f"{sign} {words}{f': {problem}' if problem else ''}")
    if broken:
        raise click.ClickException(f"{broken} of {len(RULES)} do not hold")


def problem_of(rule: Rule, site: Site) -> str | None:
    """What is wrong, or None."""
    try:
        rule(site)
    except (EdgeError, OSError, http.client.HTTPException, ValueError) as error:
        return str(error) or type(error).__name__
    return None
