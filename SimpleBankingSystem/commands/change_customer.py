"""Change what is known of a customer."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from SimpleBankingSystem.commands.base import Command, command
from SimpleBankingSystem.ledger.book import Book
from SimpleBankingSystem.ledger.fields import CustomerId, PersonName, Text
from SimpleBankingSystem.ledger.working_copy import Look


@command("change_customer", route="/customers/{customer}")
class ChangeCustomer(Command):
    """Change a customer's name or address; what is not given stays as it is."""

    customer: CustomerId
    name: PersonName = ""
    address: Text = ""

    def accounts(self, look: Look) -> Collection[str]:
        """Hold the customer."""
        del look
        return (self.customer,)

    def apply(self, book: Book) -> None:
        """Put the customer as they are now."""
        customer = book.customer(self.customer)
        name, address = self.name or customer.name, self.address or customer.address
        book.put(replace(customer, name=name, address=address))
