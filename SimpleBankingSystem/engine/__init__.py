"""The way of one operation: queue, processor, retry. Start with ``bank.py``."""
