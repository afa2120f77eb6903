import click
from tabulate import tabulate

from tariffs.errors import TariffError
from tariffs.rates import STEPS, quote


@click.group()
def main() -> None:
    """Shipping tariffs."""


@main.command("quote")
@click.argument("origin")
@click.argument("destination")
@click.argument("grams", type=int)
def show_quote(origin: str, destination: str, grams: int) -> None:
    try:
        click.echo(quote(origin, destination, grams))
    except TariffError as error:
        raise click.ClickException(str(error))


@main.command("steps")
def show_steps() -> None:
    click.echo(tabulate(STEPS, headers=["up to grams", "price"]))
