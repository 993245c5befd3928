"""Editors at work: they publish, revise, correct, retract, restore and pin, and try again when told to.

Every write carries an Idempotency-Key and is repeated with it until its outcome is known or patience ends. A
repetition after success is part of the work, for clients do that too. What was asked for and answered is in
`operations`.
"""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import Callable, Sequence
from itertools import count
from typing import Any

import aiohttp
from history import Operation, Outcome, Verb

from livefeed.model import Position

PATIENCE = 15.0  # seconds until an editor gives a write up
ANSWER_TIMEOUT = 5.0  # seconds; an answer is due after 2
REPEAT = 0.1  # chance that an acknowledged write is sent again


class Writer:
    """One editor with updates of their own. `pins` for the one who also pins; every tenth body has `longest`
    words; without `keys` a repeated request is another one."""

    def __init__(
        self,
        name: str,
        slug: str,
        token: str,
        addresses: Callable[[], Sequence[str]],
        *,
        seed: int,
        pause: float = 0.02,
        pins: bool = False,
        keys: bool = True,
        longest: int = 2000,
    ) -> None:
        self.operations: list[Operation] = []
        self.counts: Counter[str] = Counter()
        self.surprises: list[str] = []  # answers that nothing explains
        self.slowest = 0.0  # seconds until an answer came
        self._name = name
        self._coverage = f"/api/v1/coverages/{slug}/updates"
        self._curl_door = f"/live/{slug}"
        self._token = token
        self.addresses = addresses
        self._chance = random.Random(seed)
        self._pause = pause
        self._pins = pins
        self._keys = keys
        self._longest = longest
        self._numbers = count(1)
        self._published: list[str] = []
        self._retracted: list[str] = []

    async def write(self) -> None:
        """Write until `stop`."""
        self._stopping = False
        timeout = aiohttp.ClientTimeout(total=ANSWER_TIMEOUT)
        async with aiohttp.ClientSession(timeout=timeout) as client:
            while not self._stopping:
                await self.one(client)
                await asyncio.sleep(self._pause * self._chance.uniform(0.5, 1.5))

    def stop(self) -> None:
        """Finish what is under way and write no more."""
        self._stopping = True

    async def one(self, client: aiohttp.ClientSession) -> None:
        """One write with everything that belongs to it."""
        verb = self._choose()
        operation = Operation(f"{self._name}-{next(self._numbers)}", verb)
        self.operations.append(operation)
        mark = operation.marker
        if verb is Verb.PUBLISH:
            long = self._chance.random() < 0.1
            body = {"headline": f"{mark} عاجل", "body": "نص " * (self._longest if long else 20)}
            if self._chance.random() < 0.3:
                headers, text = {"Headline": f"{mark} curl"}, body["body"]
                await self._send(client, operation, "POST", self._curl_door, headers=headers, data=text)
            else:
                body["breaking"] = self._chance.random() < 0.2  # type: ignore[assignment]
                await self._send(client, operation, "POST", self._coverage, json=body)
            if operation.outcome is Outcome.ACKED:
                self._published.append(operation.subject)
            return
        source = self._retracted if verb is Verb.RESTORE else self._published
        operation.subject = source.pop(self._chance.randrange(len(source)))
        address = f"{self._coverage}/{operation.subject}"
        match verb:
            case Verb.REVISE:
                await self._send(client, operation, "PATCH", address, json={"headline": f"{mark} معدل"})
            case Verb.CORRECT:
                body = {"headline": f"{mark} مصحح", "note": f"{mark} تصحيح"}
                await self._send(client, operation, "POST", f"{address}/corrections", json=body)
            case Verb.RETRACT:
                body = {"reason": "اختبار", "note": f"{mark} سحب"}
                await self._send(client, operation, "POST", f"{address}/retraction", json=body)
            case Verb.RESTORE:
                await self._send(client, operation, "DELETE", f"{address}/retraction")
            case Verb.PIN:
                await self._send(client, operation, "POST", f"{address}/pin")
        if operation.outcome is Outcome.UNKNOWN:
            return  # nobody can tell what it is now: it is left alone
        done = operation.outcome is Outcome.ACKED
        withdrawn = done if verb is Verb.RETRACT else verb is Verb.RESTORE and not done
        if verb is not Verb.PIN:  # a second pin of the same one would be no event
            (self._retracted if withdrawn else self._published).append(operation.subject)

    def _choose(self) -> Verb:
        weights = {Verb.PUBLISH: 50, Verb.REVISE: 22, Verb.CORRECT: 8, Verb.RETRACT: 9, Verb.RESTORE: 6}
        if self._pins:
            weights[Verb.PIN] = 6
        possible = {
            verb: weight
            for verb, weight in weights.items()
            if verb is Verb.PUBLISH or (self._retracted if verb is Verb.RESTORE else len(self._published) > 1)
        }
        return self._chance.choices(list(possible), list(possible.values()))[0]

    async def _send(
        self, client: aiohttp.ClientSession, operation: Operation, method: str, path: str, **options: Any
    ) -> None:
        """Ask until the outcome is known."""
        headers = {"Authorization": f"Bearer {self._token}", **options.pop("headers", {})}
        if self._keys:
            headers["Idempotency-Key"] = operation.marker
        clock = asyncio.get_running_loop().time
        deadline = clock() + PATIENCE
        doubt = False
        while clock() < deadline:
            addresses = self.addresses()
            if not addresses:
                await asyncio.sleep(0.05)
                continue
            began = clock()
            try:
                url = self._chance.choice(addresses) + path
                async with client.request(method, url, headers=headers, **options) as response:
                    answer = await response.json(content_type=None)
                    status = response.status
                    replayed = "Idempotency-Replayed" in response.headers
                    retry_after = response.headers.get("Retry-After")
                self.slowest = max(self.slowest, clock() - began)
            except aiohttp.ClientConnectorError:
                self.counts["connections refused"] += 1
            except (aiohttp.ClientError, OSError, TimeoutError):
                doubt = True
                self.counts["answers lost"] += 1
            else:
                if status < 300:
                    self._acknowledge(operation, answer, replayed=replayed)
                    if not self._keys or self._chance.random() > REPEAT:
                        return
                    continue
                if status != 503:
                    self.surprises.append(f"{operation.marker} {operation.verb}: {status} {answer}")
                    operation.outcome = Outcome.UNKNOWN if doubt else Outcome.REFUSED
                    self.counts[operation.outcome] += 1
                    return
                if not retry_after:
                    self.surprises.append(f"{operation.marker}: 503 without Retry-After")
                unknown = answer["type"] == "outcome-unknown"
                doubt = doubt or unknown
                self.counts["answered unknown" if unknown else "answered 503"] += 1
            await asyncio.sleep(self._chance.uniform(0.02, 0.15))
        if operation.outcome is not Outcome.ACKED:
            operation.outcome = Outcome.UNKNOWN if doubt else Outcome.REFUSED
            self.counts[operation.outcome] += 1

    def _acknowledge(self, operation: Operation, answer: dict[str, Any], *, replayed: bool) -> None:
        first = operation.outcome is not Outcome.ACKED
        if not first and answer["id"] != operation.subject:
            self.surprises.append(f"{operation.marker} was {operation.subject}, repeated {answer['id']}")
        if not first and not replayed:
            self.surprises.append(f"{operation.marker} was repeated, and nothing said that it was a replay")
        operation.outcome = Outcome.ACKED
        operation.subject = answer["id"]
        self.counts["replayed" if replayed else "acked"] += 1
        if first:
            operation.revision = answer["revision"]
            operation.position = None if replayed else Position.parse(answer["position"])
