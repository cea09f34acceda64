"""Ctrl-C and the request to end, which must not cut a batch short."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from threading import current_thread, main_thread
from types import FrameType

CUTTING = (signal.SIGINT, signal.SIGTERM)
"""The signals by which somebody stops a program in the middle of what it does."""


@contextmanager
def uninterrupted() -> Iterator[None]:
    """Let Ctrl-C wait until a batch is through: it would cut the main thread short anywhere.

    Between the disk and the published state, that would leave the one without the other. So
    would a request to end, where the program answers it as it does Ctrl-C.
    """
    if current_thread() is not main_thread():
        yield
        return
    caught: list[tuple[int, FrameType | None]] = []
    handlers = {number: signal.getsignal(number) for number in CUTTING}
    # What is no function of the program either ends the process at once or does nothing.
    cutting = {number: handler for number, handler in handlers.items() if callable(handler)}
    with ExitStack() as restoring:
        for number, handler in cutting.items():
            restoring.callback(signal.signal, number, handler)
            signal.signal(number, lambda *interrupt: caught.append(interrupt))
        yield
    for sent, frame in caught:
        cutting[signal.Signals(sent)](sent, frame)
