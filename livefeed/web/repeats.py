"""Answers that many ask for in the same second: given again as they went out, before anything is parsed.

Theory of operation
    Who follows a story asks for the same pages and feeds as everybody else, in a handful of ways (encodings,
    validators). What a `repeatable` door has answered is kept whole, head and body, under what was *asked*:
    the target and those headers that such doors look at. A connection looks here first (see `connection`),
    and what it finds costs a tenth of asking the door.

    What such a door answers depends, besides, on the *world*: the fronts, whether the store is away, whether
    the server stops, and the clock, of which no answer shows less than a second. So answers are kept for as
    long as the world is the one they were made in, and all go together with it.

Invariants
    - No answer outlives its world: a change, a retraction above all, shows here in the same moment as
      everywhere. One whose world passed while it was made is not kept.
    - What is asked is read strictly. Anything unusual (a body, an upgrade, a folded line, a byte that no
      client sends) is no matter of ours but of the whole parser's: were the two to read one request
      differently, a proxy before us could be made to give one reader another's answer.
    - Memory is bounded, in answers and in bytes; the bodies are mostly those that `documents` keeps anyway.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Hashable, Iterable
from typing import NamedTuple, TypeVar

from aiohttp import web

from livefeed import metrics

MOST_ANSWERS = 1000  # of one world, so of one second
MOST_BYTES = 32_000_000
MOST_HEADS = 2000  # spellings of requests remembered, of `LONGEST_HEAD` bytes at most
LONGEST_HEAD = 4000  # bytes; the whole parser takes longer ones, and has the limits of what is too long

HEAD = re.compile(rb"GET (/[!-~]*) HTTP/1\.1\r\n((?:[!#$%&'*+.^_`|~0-9A-Za-z-]+:[\t -~]*\r\n)*)\r\n")
LOOKED_AT = frozenset({b"accept-encoding", b"if-none-match", b"if-modified-since"})
"""The headers that decide what a `repeatable` door answers."""
UNUSUAL = frozenset({b"content-length", b"transfer-encoding", b"upgrade", b"expect"})
"""Headers that announce more than a head."""

WORLD: web.RequestKey[Hashable] = web.RequestKey("world", object)
EACH_TIME: web.RequestKey[Callable[[], None]] = web.RequestKey("each_time")

Door = Callable[[web.Request], Awaitable[web.StreamResponse]]
D = TypeVar("D", bound=Door)

REPEATABLE: set[object] = set()


class Asked(NamedTuple):
    """What a plain request asks for: a target, and of its headers those of `LOOKED_AT`, in their order."""

    target: bytes
    wishes: tuple[tuple[bytes, bytes], ...]


class Repeat(NamedTuple):
    """An answer as it went out, and how it is counted."""

    parts: tuple[bytes, ...]
    counted: Callable[[], None]


class Repeats:
    """The answers of one world; `world` tells which it is now."""

    def __init__(self, world: Callable[[], Hashable]) -> None:
        self._world = world
        self._heads: dict[bytes, Asked | None] = {}
        self._made_in: Hashable = None
        self._answers: dict[Asked, Repeat] = {}
        self._size = 0

    def __len__(self) -> int:
        return len(self._answers)

    def read(self, head: bytes) -> Asked | None:
        """What a request asks for, of which `head` is everything; None when it is no plain one."""
        try:
            return self._heads[head]
        except KeyError:
            pass
        if len(head) > LONGEST_HEAD:
            return None
        if len(self._heads) >= MOST_HEADS:
            self._heads.clear()
        asked = self._heads[head] = _read(head)
        return asked

    def find(self, asked: Asked) -> Repeat | None:
        """The answer, if one was given in this world."""
        self._move_on()
        return self._answers.get(asked)

    @web.middleware
    async def note_world(self, request: web.Request, handler: Door) -> web.StreamResponse:
        """Note in which world a door begins to make an answer."""
        if request.match_info.handler in REPEATABLE:
            request[WORLD] = self._world()
        return await handler(request)

    async def keep(self, request: web.Request, response: web.StreamResponse) -> None:
        """Keep an answer that is about to go out, if it is one to be given again."""
        if (
            WORLD not in request
            or request.method != "GET"
            or response.status not in {200, 304}
            or not response.keep_alive
            or not isinstance(response, web.Response)
        ):
            return
        self._move_on()
        asked = _asked(request._message.path.encode(errors="surrogateescape"), request.raw_headers)
        body = response.body or b""
        if asked is None or request[WORLD] != self._made_in or not isinstance(body, bytes):
            return
        lines = [f"HTTP/1.1 {response.status} {response.reason}"]
        lines += [f"{name}: {value}" for name, value in response.headers.items()]
        if not all(line.isprintable() for line in lines):
            return  # aiohttp refuses to send it, for a line's end in it would be the end of a header
        head = "\r\n".join((*lines, "", "")).encode()
        self._size += len(head) + len(body)
        if len(self._answers) >= MOST_ANSWERS or self._size > MOST_BYTES:
            self._forget()
            return
        resource = request.match_info.route.resource
        counter = metrics.REQUESTS.labels(resource.canonical if resource else "unknown", str(response.status))
        each_time = request.get(EACH_TIME)

        def counted() -> None:
            counter.inc()
            if each_time is not None:
                each_time()

        self._answers[asked] = Repeat((head, body) if body else (head,), counted)

    def _move_on(self) -> None:
        world = self._world()
        if world != self._made_in:
            self._forget()
            self._made_in = world

    def _forget(self) -> None:
        self._answers.clear()
        self._size = 0


def repeatable(door: D) -> D:
    """Declare a door whose answers may be given again: it looks at nothing of a request but its target and
    `LOOKED_AT`, and what it answers changes only with the world."""
    REPEATABLE.add(door)
    return door


def never_repeat(request: web.Request) -> None:
    """Say that this answer of a `repeatable` door is made from the store too, which may know of a change, of
    a retraction above all, before the fronts do."""
    request.pop(WORLD, None)


def each_time(request: web.Request, act: Callable[[], None]) -> None:
    """Do `act` now, and whenever the answer to this request is given again."""
    request[EACH_TIME] = act
    act()


def _read(head: bytes) -> Asked | None:
    found = HEAD.fullmatch(head)
    if found is None:
        return None
    lines = (line.partition(b":") for line in found[2].split(b"\r\n")[:-1])
    return _asked(found[1], ((name, value) for name, _, value in lines))


def _asked(target: bytes, headers: Iterable[tuple[bytes, bytes]]) -> Asked | None:
    wishes = []
    others = set()
    for raw_name, raw_value in headers:
        name, value = raw_name.lower(), raw_value.strip(b" \t")
        if name in LOOKED_AT:
            wishes.append((name, value))
        elif name in UNUSUAL or name in others or (name == b"connection" and value.lower() != b"keep-alive"):
            return None
        else:
            others.add(name)
    return (
        Asked(target, tuple(wishes)) if b"host" in others else None
    )  # it must be there, once (RFC 9112 §3.2)
