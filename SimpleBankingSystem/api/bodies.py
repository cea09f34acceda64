"""The bodies of requests as they come in, and how long they are waited for."""

from __future__ import annotations

from asyncio import (
    AbstractEventLoop,
    CancelledError,
    Task,
    current_task,
    run_coroutine_threadsafe,
    timeout,
)
from contextlib import suppress
from io import RawIOBase
from typing import Any

from granian.rsgi import ProtocolClosed  # type: ignore[attr-defined] # it is documented
from werkzeug.exceptions import RequestTimeout

BODY_SECONDS = 30.0
"""How long a client may be silent in the middle of a body."""

DRAINED = 1 << 20
DRAIN_SECONDS = 0.2
"""How much of a body is still read when the request was refused without it, and for how long."""


class Patience:
    """Ends the wait of tasks for what does not come; a timer for each would cost more."""

    def __init__(self, loop: AbstractEventLoop) -> None:
        self._loop = loop
        self._waiting: dict[Task[Any], float] = {}
        self._look()

    def __enter__(self) -> None:
        task = current_task()
        assert task is not None
        self._waiting[task] = self._loop.time()

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        task = current_task()
        assert task is not None
        if self._waiting.pop(task, None) is None and isinstance(error, CancelledError):
            task.uncancel()
            raise TimeoutError from error

    def _look(self) -> None:
        """Cancel those that have waited for too long, and look again later."""
        late = self._loop.time() - BODY_SECONDS
        for task in [task for task, since in self._waiting.items() if since < late]:
            del self._waiting[task]
            task.cancel()
        self._loop.call_later(BODY_SECONDS / 10, self._look)


class Incoming(RawIOBase):
    """A body as it comes in, for a thread that reads it block by block."""

    def __init__(self, protocol: Any, loop: AbstractEventLoop, patience: Patience) -> None:
        self._chunks = aiter(protocol)
        self._loop = loop
        self._patience = patience
        self._left = b""

    def readable(self) -> bool:
        """Say that it can be read."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Read what has come, at least a byte unless it is the end.

        Raises:
            RequestTimeout: nothing came for too long.
        """
        if not self._left:
            self._left = run_coroutine_threadsafe(self._next(), self._loop).result()
        count = min(len(buffer), len(self._left))
        buffer[:count], self._left = self._left[:count], self._left[count:]
        return count

    async def drain(self) -> None:
        """Read on: who still sends when we answer and close would see an error, and no answer."""
        with suppress(TimeoutError, ProtocolClosed):
            async with timeout(DRAIN_SECONDS):
                left = DRAINED
                while left > 0 and (block := await self._next()):
                    left -= len(block)

    async def _next(self) -> bytes:
        try:
            with self._patience:
                # Its second argument, which would be for the end, granian does not survive.
                return await anext(self._chunks)
        except StopAsyncIteration:
            return b""
        except TimeoutError:
            raise RequestTimeout from None


class Silent:
    """The body of a client that did not send it."""

    def read(self, _size: int = -1) -> bytes:
        """Refuse to wait any longer.

        Raises:
            RequestTimeout: always.
        """
        raise RequestTimeout
