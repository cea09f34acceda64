"""The books as plain CSV files. Start with ``store.py``; the format is in ``format.py``."""
