"""The application under granian's own interface (RSGI), so that waiting costs no thread.

Under WSGI every request under way holds a thread, and all of them want the interpreter's lock
again when a commit is durable. Here one thread runs an event loop: it lets the application read
a command, and takes the next one; what has gathered is carried out together by another thread,
and when it is durable the first one sends the answers. What may take long, such as a page of the
archive or a command file, gets a thread.
"""

from __future__ import annotations

import sys
from asyncio import AbstractEventLoop, Future, Task
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from http import HTTPStatus
from io import BufferedReader, BytesIO
from typing import Any

from granian.rsgi import ProtocolClosed  # type: ignore[attr-defined] # it is documented

from SimpleBankingSystem.api.answers import JSON
from SimpleBankingSystem.api.bodies import Incoming, Patience, Silent
from SimpleBankingSystem.api.later import LATER, Later
from SimpleBankingSystem.commands.ticket import Ticket
from SimpleBankingSystem.engine.work_queue import FULL
from SimpleBankingSystem.ledger.errors import Busy
from SimpleBankingSystem.wire import KEY, PREFIX, variable

SMALL = 16 * 1024
"""Bytes of a body that is read before the application is asked."""

BLOCK = 1 << 16
"""Bytes of an answer that are sent at a time, if it has more."""

GIVEN = {
    "SCRIPT_NAME": "",
    "wsgi.version": (1, 0),
    "wsgi.errors": sys.stderr,
    "wsgi.input_terminated": True,
    "wsgi.multithread": True,
    "wsgi.multiprocess": False,
    "wsgi.run_once": False,
}
"""What stands in every request's environment."""

REFUSED = 400
"""The statuses from here on are refusals."""

Environ = dict[str, Any]
Start = Callable[..., Any]


class Answer:
    """What the application answers: the head, what there is of the body, and how it goes on."""

    def __init__(self) -> None:
        self.status = 0
        self.headers: list[tuple[str, str]] = []
        self.body = b""
        self.rest: Iterator[bytes] | None = None

    def start(self, status: str, headers: list[tuple[str, str]], *_error: object) -> None:
        """Take the head, as WSGI gives it."""
        self.status, self.headers = int(status[:3]), headers

    def begin(self, blocks: Iterable[bytes]) -> None:
        """Take the body if it is short, else its beginning."""
        rest = closed_in_the_end(blocks)
        for block in rest:
            self.body += block
            if len(self.body) >= BLOCK:
                self.rest = rest
                return


class Bridge:
    """Carries requests to a WSGI application.

    Commands that come at a time are carried out together by ``carry_out``; of each kind ``queue``
    may wait. ``threads`` of those requests that may take long are answered at a time.
    """

    def __init__(
        self,
        application: Callable[..., Iterable[bytes]],
        carry_out: Callable[[Sequence[Ticket]], None],
        *,
        threads: int,
        queue: int,
    ) -> None:
        self._application = application
        self._carry_out = carry_out
        self._threads = ThreadPoolExecutor(threads, "request")
        self._queue = queue

    def __rsgi_init__(self, loop: AbstractEventLoop) -> None:
        """Learn which loop the requests come from."""
        self._loop = loop
        self._patience = Patience(loop)
        # To look a key up may take long; who gives none does not wait for that.
        self._keyed = Lane(loop, self._carry_out, self._queue)
        self._keyless = Lane(loop, self._carry_out, self._queue)

    def __rsgi_del__(self, _loop: AbstractEventLoop) -> None:
        """Let the threads end."""
        self._threads.shutdown()
        self._keyed.close()
        self._keyless.close()

    async def __rsgi__(self, scope: Any, protocol: Any) -> None:
        """Answer a request."""
        environ = environ_of(scope)
        answer = Answer()
        if is_quick(environ):
            environ["wsgi.input"] = await self._body(protocol)
            await self._answer(environ, answer)
        else:
            incoming = Incoming(protocol, self._loop, self._patience)
            environ["wsgi.input"] = BufferedReader(incoming, BLOCK)
            await self._in_thread(partial(self._application, environ, answer.start), answer)
            # After a wait that was ended granian's body is not to be asked again.
            if REFUSED <= answer.status != HTTPStatus.REQUEST_TIMEOUT:
                await incoming.drain()
        if answer.rest is None:
            protocol.response_bytes(answer.status, answer.headers, answer.body)
            return
        stream = protocol.response_stream(answer.status, answer.headers)
        block: bytes | None = answer.body
        # A client that is gone wants no more of it.
        with suppress(ProtocolClosed):
            while block is not None:
                await stream.send_bytes(block)
                block = await self._loop.run_in_executor(self._threads, next, answer.rest, None)

    async def _body(self, protocol: Any) -> BytesIO | Silent:
        """Read the body of a request as a whole."""
        try:
            with self._patience:
                return BytesIO(await protocol())
        except TimeoutError:
            return Silent()
        except ProtocolClosed:
            # The client is gone, which the application sees by what is missing.
            return BytesIO()

    async def _answer(self, environ: Environ, answer: Answer) -> None:
        """Ask the application here and now, and have what it will know later when it is known."""
        left: list[tuple[Later, Start]] = []
        environ[LATER] = left
        blocks = self._application(environ, answer.start)
        for later, start in left:
            ticket, fault = later.ticket, None
            if ticket is not None:
                lane = self._keyed if ticket.key else self._keyless
                fault = await lane.carry_out(ticket)
            if ticket is None or ticket.leader is not None:
                await self._in_thread(partial(later.answered, environ, start, fault), answer)
                return
            blocks = later.answered(environ, start, fault)
        answer.begin(blocks)

    async def _in_thread(self, work: Callable[[], Iterable[bytes]], answer: Answer) -> None:
        await self._loop.run_in_executor(self._threads, lambda: answer.begin(work()))


class Lane:
    """Carries out at once, in a thread of its own, what has gathered; meanwhile more gathers."""

    def __init__(
        self, loop: AbstractEventLoop, carry_out: Callable[[Sequence[Ticket]], None], capacity: int
    ) -> None:
        self._loop = loop
        self._carry_out = carry_out
        self._capacity = capacity
        self._thread = ThreadPoolExecutor(1, "commands")
        self._gathered: list[tuple[Ticket, Future[Exception | None]]] = []
        self._running: Task[None] | None = None

    async def carry_out(self, ticket: Ticket) -> Exception | None:
        """Carry out a ticket, with others that come meanwhile; return why it could not be."""
        if len(self._gathered) >= self._capacity:
            return Busy(FULL)
        done: Future[Exception | None] = self._loop.create_future()
        self._gathered.append((ticket, done))
        if self._running is None:
            self._running = self._loop.create_task(self._run())
        return await done

    async def _run(self) -> None:
        while self._gathered:
            batch, self._gathered = self._gathered, []
            tickets = [ticket for ticket, _ in batch]
            fault: Exception | None = None
            try:
                await self._loop.run_in_executor(self._thread, self._carry_out, tickets)
            except Exception as error:  # noqa: BLE001 - everybody is told
                fault = error
            for _, done in batch:
                if not done.done():
                    done.set_result(fault)
        self._running = None

    def close(self) -> None:
        """Let the thread end."""
        self._thread.shutdown()


def environ_of(scope: Any) -> Environ:
    """Return the environment of a request, as WSGI has it."""
    server, _, port = scope.server.rpartition(":")
    environ = {
        **GIVEN,
        "REQUEST_METHOD": scope.method,
        "PATH_INFO": scope.path.encode().decode("latin-1"),
        "QUERY_STRING": scope.query_string,
        "SERVER_NAME": server.strip("[]"),
        "SERVER_PORT": port,
        "REMOTE_ADDR": scope.client.rpartition(":")[0].strip("[]"),
        "SERVER_PROTOCOL": f"HTTP/{scope.http_version}",
        "wsgi.url_scheme": scope.scheme,
    }
    # A header that is not ASCII has no value here: it is blank, and not as if it were not there.
    read = scope.headers.items()
    for name in scope.headers.keys() if len(read) < len(scope.headers.keys()) else ():
        environ[variable(name)] = ""
    for name, value in read:
        key = variable(name)
        environ[key] = f"{environ[key]},{value}" if environ.get(key) else value
    if len(read) > len({name for name, _ in read}):
        # Of two keys nobody knows which is meant: it is as one that cannot be read.
        keys = [value for name, value in read if variable(name) == variable(KEY)]
        if len(keys) > 1:
            environ[variable(KEY)] = ""
    return environ


def is_quick(environ: Environ) -> bool:
    """Tell whether a request takes no time but a commit's: a small command, or a sign of life."""
    length = environ.get("CONTENT_LENGTH", "")
    if environ["REQUEST_METHOD"] != "POST":
        return not length and environ["PATH_INFO"].startswith(f"{PREFIX}/health")
    is_json: bool = environ.get("CONTENT_TYPE", "").startswith(JSON)
    return is_json and length.isdecimal() and int(length) <= SMALL


def closed_in_the_end(blocks: Iterable[bytes]) -> Iterator[bytes]:
    """Go through an answer's blocks, and close what gave them, as WSGI demands."""
    try:
        yield from blocks
    finally:
        close = getattr(blocks, "close", None)
        if close is not None:
            close()
