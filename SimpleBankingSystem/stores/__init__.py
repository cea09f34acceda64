"""Where the books are kept: the port in ``base.py`` and the stores behind it."""
