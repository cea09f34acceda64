"""Register a customer."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from SimpleBankingSystem.commands.base import Command, command
from SimpleBankingSystem.ledger.book import Book
from SimpleBankingSystem.ledger.customer import Customer
from SimpleBankingSystem.ledger.entity import no_room_after, numbering
from SimpleBankingSystem.ledger.errors import CustomerExists
from SimpleBankingSystem.ledger.fields import CustomerId, PersonName, Text
from SimpleBankingSystem.ledger.working_copy import Look


@command("register_customer", route="/customers", makes=Customer)
class RegisterCustomer(Command):
    """Register a customer, who may then own accounts or use them."""

    name: PersonName
    address: Text = ""
    customer: CustomerId = ""

    def check(self) -> Mapping[str, str]:
        """Refuse an id after which no more could be made."""
        reason = no_room_after(Customer.letter, self.customer)
        return {"customer": reason} if reason else {}

    def accounts(self, look: Look) -> Collection[str]:
        """Hold the numbering, and the id if one is given."""
        del look
        numbers = numbering(Customer.letter)
        return (self.customer, numbers) if self.customer else (numbers,)

    def apply(self, book: Book) -> None:
        """Put the customer."""
        customer_id = self.customer or book.next_id(Customer.letter)
        if book.find(Customer, customer_id) is not None:
            raise CustomerExists(f"There is a customer {customer_id} already.")
        book.put(Customer(customer_id, self.name, self.address, book.now))
