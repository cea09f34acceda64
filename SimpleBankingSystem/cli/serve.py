"""``bank serve``: the books over HTTP, until somebody asks for the end."""

from __future__ import annotations

import logging

import click

from SimpleBankingSystem import logs
from SimpleBankingSystem.bootstrap import Bank
from SimpleBankingSystem.cli import terminal
from SimpleBankingSystem.cli.session import Session, Verb
from SimpleBankingSystem.ledger.errors import InvalidSettings


@click.command("serve", cls=Verb, example="serve --port 8080")
@click.option("--host", default="127.0.0.1", help="the address to serve at [127.0.0.1]")
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=5000,
    help="the port to serve at, 0 for a free one [5000]",
)
@click.option(
    "--threads",
    type=click.IntRange(1, 1024),
    default=64,
    help="questions, actions and command files that are answered at a time [64]",
)
@click.option(
    "--open-to-network",
    is_flag=True,
    help="let other machines in: whoever reaches the port may move money",
)
@click.pass_obj
def serve(session: Session, *, host: str, port: int, threads: int, open_to_network: bool) -> None:
    """Serve the books over HTTP, with Swagger's page, until it is told to end.

    Ctrl-C and SIGTERM let it finish what it has accepted, and leave the books clean.
    """
    from SimpleBankingSystem.api import create_app, serving
    from SimpleBankingSystem.api.books import books_of

    if not open_to_network and not serving.is_here(host):
        raise InvalidSettings(
            f"{host} can be reached by other machines, and nobody is asked who he is: whoever "
            "reaches the port may move money. Give --open-to-network if that is wanted."
        )
    with session.open() as bank, serving.listen(host, port) as listener:
        app = create_app(session.settings, bank)
        books = books_of(app)
        books.open()
        logs.set_up(session.settings.log, logging.INFO)
        address = serving.address(listener)
        try:
            serving.Server(app, listener, threads).run(lambda: announce(session, bank, address))
        finally:
            # Runs end when the bank takes no more.
            bank.close()
            books.close()


def announce(session: Session, bank: Bank, address: str) -> None:
    """Say where the bank is found, also to whoever finds the books in use."""
    bank.store.announce(address)
    session.show(
        {
            "books": session.settings.store,
            "address": f"{address}/api/v1",
            "swagger": f"{address}/api/v1/swagger/",
        }
    )
    terminal.say("Ctrl-C ends it.")
