"""One scenario's stage: a fleet, readers and writers at work, and the verdict on what they lived through."""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections import Counter
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
from fleet import ServerProcess, make_token
from history import Document, History, Operation, Reading, Seen, Verb, Violation, folded, violations
from readers import Habits, Reader, seen_in
from writer import Writer

from livefeed.store import StoreAway
from livefeed.tasks import cancel

SLUG = "faults"
LIVE, SITE = f"/live/{SLUG}", ""  # where the two channels are read
SECONDS = float(os.environ.get("LIVEFEED_FAULT_SECONDS", "0.7"))  # of load before, between and after faults
ROUNDS = int(os.environ.get("LIVEFEED_FAULT_ROUNDS", "1"))  # how often each fault is repeated
SEED = int(os.environ.get("LIVEFEED_FAULT_SEED", "1"))
ANSWERED = 2.0  # seconds in which every write is answered
SETTLE_TIMEOUT = 60.0  # seconds in which every reader has everything, once nothing is wrong any more
READERS = 24
NEWEST = 15  # updates looked for on the first page and in the feed
KEPT = "nothing lost, doubled, out of order, stale or phantom"
REPORT: list[str] = []  # what each scenario did and saw

# The transports and views take turns, and some readers begin with a page.
CROWD = (
    Habits(),
    Habits(view="html"),
    Habits(start="page"),
    Habits(stall=0.15, longest_stall=0.8),
    Habits(lifetime=5.0),
    Habits(transports=("websocket",)),
    Habits(transports=("sse",)),
    Habits(transports=("polling",)),
)


@dataclass
class Stage:
    """A fleet on one store, and who works with it. `before_server` is the port that writers go to instead of
    the servers'; `keys` False takes their Idempotency-Keys away."""

    folder: Path
    store: str
    servers: list[ServerProcess]
    name: str
    token: str = ""
    readers: list[Reader] = field(default_factory=list)
    writers: list[Writer] = field(default_factory=list)
    faults: Counter[str] = field(default_factory=Counter)
    notes: list[str] = field(default_factory=list)
    reader_type: type[Reader] = Reader
    keys: bool = True
    before_server: int | None = None
    wiped: bool = False
    settle_timeout: float = SETTLE_TIMEOUT
    operations: list[Operation] = field(default_factory=list)  # those of the scenario itself
    client: aiohttp.ClientSession = field(init=False)
    # Longest time that a request took which asks nothing of anybody: how busy the machine is.
    pulse: float = 0.0
    _tasks: list[asyncio.Task[None]] = field(default_factory=list)  # readers, and who feels the pulse
    _writing: list[asyncio.Task[None]] = field(default_factory=list)

    @property
    def slack(self) -> float:
        """Seconds by which a busy machine may delay a request that passes through many hands: a writer, a
        server, its threads, a disk, Redis."""
        return 3 * self.pulse

    def addresses(self) -> list[str]:
        """The servers that are up."""
        return [server.url for server in self.servers if server.running]

    def _doors(self) -> list[str]:
        return [f"http://127.0.0.1:{self.before_server}"] if self.before_server else self.addresses()

    async def open(self) -> None:
        """Make the editor and the coverage, and wait until every server knows it."""
        self.token = await make_token(self.store)
        await self.ask(
            "POST", "/api/v1/coverages", json={"slug": SLUG, "headline": "اختبار الأعطال"}, wanted=201
        )

        # A server that missed the hint learns of the coverage when it next compares itself with the log.
        await asyncio.gather(*(server.answers(LIVE) for server in self.servers if server.running))

    async def ask(self, method: str, path: str, *, wanted: int = 200, server: int = 0, **options: Any) -> Any:
        """A request to one server, and the JSON of its answer."""
        headers = {"Authorization": f"Bearer {self.token}", **options.pop("headers", {})}
        url = self.servers[server].url + path
        async with self.client.request(method, url, headers=headers, **options) as response:
            text = await response.text()
            assert response.status == wanted, f"{method} {path}: {response.status} {text[:500]}"
            return await response.json(content_type=None)

    def begin_to_read(
        self, number: int = READERS, habits: Sequence[Habits] = CROWD, channel: str = LIVE
    ) -> None:
        """Set readers of a channel off."""
        for _ in range(number):
            place = len(self.readers)
            reader = self.reader_type(
                f"reader {place}" if channel else f"site reader {place}",
                channel,
                self.addresses,
                habits[place % len(habits)],
                seed=SEED * 1000 + place,
            )
            self.readers.append(reader)
            self._tasks.append(asyncio.create_task(reader.read(), name=reader.reading.name))

    def begin_to_write(self, number: int = 3, **options: Any) -> None:
        """Set writers off; `options` are those of `Writer`."""
        for _ in range(number):
            place = len(self.writers)
            writer = Writer(
                f"w{place}",
                SLUG,
                self.token,
                self._doors,
                seed=SEED * 1000 + place,
                pins=place % number == 0,
                keys=self.keys,
                **options,
            )
            self.writers.append(writer)
            self._writing.append(asyncio.create_task(writer.write(), name=f"writer {place}"))

    async def load(self, seconds: float = SECONDS) -> None:
        """Let everybody work for a while, and notice whoever fails in it."""
        done, _ = await asyncio.wait(
            [*self._tasks, *self._writing], timeout=seconds, return_when="FIRST_EXCEPTION"
        )
        for task in done:
            task.result()

    async def stop_writing(self) -> None:
        """Let the writers finish what is under way."""
        for writer in self.writers:
            writer.stop()
        await asyncio.gather(*self._writing)
        self._writing.clear()

    async def settle(self) -> list[Violation]:
        """Stop writing, let every reader come up to the top, and judge."""
        await self.stop_writing()
        for reader in self.readers:
            reader.calm = True
        operations = [*self.operations, *(one for writer in self.writers for one in writer.operations)]
        acked = max((one.position.offset for one in operations if one.position), default=0)
        log, agreed = await self._agreed_log(acked)
        site, agreed_site = await self._agreed_log(0, SITE)
        states = await self._states({event.subject for event in log})
        tops = {LIVE: log[-1].position, SITE: site[-1].position}
        with contextlib.suppress(TimeoutError):  # who is behind then is found by the verdict
            async with asyncio.timeout(self.settle_timeout):
                while any(reader.position != tops[reader.channel] for reader in self.readers):
                    await self.load(0.05)
        await cancel(self._tasks)
        found = [
            *violations(History(operations, self._readings(LIVE), log, states, self.wiped)),
            *violations(History(None, self._readings(SITE), site, folded(site), self.wiped)),
            *await self._stale_pages(log, states),
        ]
        if not (agreed and agreed_site):
            found.append(Violation("disagreement", "the servers do not have the same log"))
        self._report(log, operations, found)
        return found

    def _readings(self, channel: str) -> list[Reading]:
        return [reader.reading for reader in self.readers if reader.channel == channel]

    async def _agreed_log(self, acked: int, channel: str = LIVE) -> tuple[list[Seen], bool]:
        """The log, and whether every server came to know the same one, with `acked` in it."""
        running = [place for place, server in enumerate(self.servers) if server.running]
        logs: list[list[Seen]] = []
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self.settle_timeout):
                while True:
                    with contextlib.suppress(StoreAway):  # it has yet to come back to the store
                        logs = [await self._log(place, channel) for place in running]
                        if all(log == logs[0] for log in logs) and len(logs[0]) >= acked:
                            return logs[0], True
                    await asyncio.sleep(0.05)
        return max(logs, key=len), False

    async def _states(self, subjects: set[str]) -> dict[str, Document]:
        """What the API says of each update, and of the coverage."""
        states: dict[str, Document] = {}
        for subject in subjects:
            path = f"/updates/{subject}" if subject else ""
            states[subject] = await self.ask("GET", f"/api/v1/coverages/{SLUG}{path}")
        return states

    async def _stale_pages(self, log: list[Seen], states: Mapping[str, Document]) -> list[Violation]:
        """Servers whose page or feed does not show the newest updates as the store has them."""
        published = [event.subject for event in log if event.kind == Verb.PUBLISH][-NEWEST:]
        wanted = [(id, states[id]["headline"] or states[id]["retraction"]["note"]) for id in published]
        found = []
        for address in self.addresses():
            async with self.client.get(f"{address}/live/{SLUG}") as response:
                page = await response.text()
            async with self.client.get(f"{address}/live/{SLUG}/updates.json") as response:
                feed = await response.text()
            if f'data-position="{log[-1].position}"' not in page:
                found.append(Violation("stale page", f"the page of {address} is not at {log[-1].position}"))
            found += [
                Violation("stale page", f"the page or feed of {address} does not show {id} as {text}")
                for id, text in wanted
                if f'id="u-{id}"' not in page or text not in page or f"/updates/{id}" not in feed
            ]
        return found

    async def _log(self, server: int, channel: str) -> list[Seen]:
        log: list[Seen] = []
        cursor, more = "0", True
        while more:
            path = f"{channel}/changes?after={cursor}&limit=1000"
            async with self.client.get(self.servers[server].url + path) as response:
                if response.status == 503:
                    raise StoreAway
                assert response.status == 200, f"{path}: {response.status} {await response.text()}"
                answer = await response.json()
            assert "reload" not in answer, answer
            log += map(seen_in, answer["events"])
            cursor, more = answer["position"], answer["more"]
        return log

    async def metric(self, name: str) -> float:
        """A metric's value, over all servers."""
        total = 0.0
        for address in self.addresses():
            async with self.client.get(f"{address}/metrics") as response:
                lines = (await response.text()).splitlines()
            total += sum(float(line.split()[1]) for line in lines if line.startswith(f"{name} "))
        return total

    def _report(self, log: list[Seen], operations: list[Operation], found: list[Violation]) -> None:
        writing = sum((writer.counts for writer in self.writers), Counter[str]())
        reading = sum((reader.counts for reader in self.readers), Counter[str]())
        outcomes = Counter(str(operation.outcome) for operation in operations)
        slowest = max((writer.slowest for writer in self.writers), default=0.0)
        lines = [
            f"{self.name}: {len(log)} events in the log, {len(self.readers)} readers",
            f"  faults    {_told(self.faults)}",
            f"  outcomes  {_told(outcomes)}, slowest answer {slowest:.2f} s, pulse {self.pulse:.2f} s",
            f"  answers   {_told(writing)}",
            f"  readers   {_told(reading)}",
            *(f"  note      {note}" for note in self.notes),
            f"  verdict   {f'{len(found)} violations' if found else KEPT}",
            *(f"    {str(violation)[:200]}" for violation in found[:10]),
        ]
        REPORT.append("\n".join(lines))
        print("\n".join(lines))
        for reader in self.readers:
            print(f"    {reader.reading.name}: {_told(reader.counts)}; ended at {reader.position}")

    def check_answers(self) -> None:
        """No answer was a surprise or late, and no server met a defect of its own."""
        surprises = [surprise for writer in self.writers for surprise in writer.surprises]
        assert not surprises, surprises[:5]
        defects = [f"{server.name}: {line}" for server in self.servers for line in server.defects()]
        assert not defects, "\n".join(defects[:20])
        slowest = max((writer.slowest for writer in self.writers), default=0)
        assert slowest < ANSWERED + self.slack, f"a write was answered after {slowest:.2f} s"

    async def feel_the_pulse(self) -> None:
        """Keep measuring `pulse`."""
        clock = asyncio.get_running_loop().time
        while True:
            for address in self.addresses():
                began = clock()
                with contextlib.suppress(aiohttp.ClientError, OSError, TimeoutError):
                    async with self.client.get(f"{address}/healthz") as response:
                        await response.read()
                    self.pulse = max(self.pulse, clock() - began)
            await asyncio.sleep(0.02)


@contextlib.asynccontextmanager
async def staged(
    folder: Path,
    name: str,
    store: str,
    servers: int = 1,
    *,
    address: str = "",
    settings: Mapping[str, str] | None = None,
    ready: bool = True,
    **options: Any,
) -> AsyncIterator[Stage]:
    """A running fleet of `servers` on `store`; `address` is what they use instead (a proxy before it).
    Without `ready` the servers are launched only, and the coverage is yet to be opened."""
    fleet = [
        ServerProcess(f"server {number}", folder, address or store, settings or {})
        for number in range(servers)
    ]
    stage = Stage(folder, store, fleet, name, **options)
    try:
        async with aiohttp.ClientSession() as stage.client:
            stage._tasks.append(asyncio.create_task(stage.feel_the_pulse(), name="pulse"))
            if ready:
                await asyncio.gather(*(server.start() for server in fleet))
                await stage.open()
            else:
                for server in fleet:
                    server.launch()
            yield stage
    finally:
        await cancel([*stage._tasks, *stage._writing])
        for server in fleet:
            await server.kill()


def _told(counts: Counter[str]) -> str:
    return ", ".join(f"{what} {number}" for what, number in sorted(counts.items())) or "none"
