"""The rules of money, pure: no file, no clock, no thread is touched from here."""
