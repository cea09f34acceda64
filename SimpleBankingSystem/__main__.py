"""``python3 -m SimpleBankingSystem`` is ``bank``."""

from SimpleBankingSystem.cli import main

main()
