"""``python3 -m SimpleBankingSystem`` is ``bank``."""

from SimpleBankingSystem.cli import main

if __name__ == "__main__":
    main()
