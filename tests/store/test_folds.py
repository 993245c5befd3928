"""Whatever is written, a store's fronts are the fold of its log. Run on each store in turn."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from itertools import count
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from store_desk import NOW, Desk, ids, offsets, whole

from livefeed.events import SITE, Event
from livefeed.model import Coverage, Position, Status, Update
from livefeed.store import Store
from livefeed.timeline import Front, Limits, SiteFront, fold, fold_site

ALL = Limits(updates=10_000, breaking=10_000)
FEW = Limits(updates=3, breaking=2)  # so few that lists lose entries all the time
FEW_ON_SITE = 2

Verb = Callable[[Desk, Update, int, bool], Awaitable[tuple[Event, ...]]]

# What may be done to an update in a status, with a small number and a flag to vary it.
PRIVATE: dict[str, Verb] = {
    "submit": lambda desk, update, number, flag: desk.draft(update.id, Status.SUBMITTED, breaking=flag),
    "schedule": lambda desk, update, number, flag: desk.draft(
        update.id, Status.SCHEDULED, publish_at=NOW + timedelta(minutes=number)
    ),
    "release": lambda desk, update, number, flag: desk.publish(update.id),
    "delete": lambda desk, update, number, flag: desk.delete(update.id),
}
PUBLISHED: dict[str, Verb] = {
    "revise": lambda desk, update, number, flag: desk.revise(update.id, headline=secret(update.id)),
    "breaking": lambda desk, update, number, flag: desk.revise(update.id, breaking=flag),
    "key_event": lambda desk, update, number, flag: desk.revise(update.id, key_event=flag),
    "pin": lambda desk, update, number, flag: desk.pin(update.id),
    "retract": lambda desk, update, number, flag: desk.retract(update.id),
    "correct": lambda desk, update, number, flag: desk.correct(
        update.id, secret(update.id), NOW + timedelta(minutes=number, seconds=len(update.corrections))
    ),
}
PINNED: dict[str, Verb] = {"unpin": lambda desk, update, number, flag: desk.unpin(update.id)}
RETRACTED: dict[str, Verb] = {
    "restore": lambda desk, update, number, flag: desk.restore(update.id, headline=secret(update.id)),
}
# Ranks are given, taken back and given again where few updates turn breaking, are cleared and withdrawn.
RANKED = ("breaking", "breaking", "breaking", "retract", "restore")
VERBS = ("cover", "publish", "draft", *PRIVATE, *PUBLISHED, *PINNED, *RETRACTED)

_slugs = count(1)
_examples: list[asyncio.Task[Any]] = []


def secret(id: str) -> str:
    """What only the text of that update says."""
    return f"<<{id}>>"


@dataclass
class Follower:
    """Loads fronts once and keeps them fresh from the log alone, as a process does."""

    desk: Desk
    few: Front
    whole: Front
    site: SiteFront

    @classmethod
    async def load(cls, desk: Desk) -> Follower:
        alone()
        site = await desk.store.site(FEW_ON_SITE)
        unopened = Front(Position(site.position.epoch, 0), Coverage(desk.slug, ""))
        return cls(desk, unopened, unopened, site)

    async def follow(self, events: tuple[Event, ...]) -> None:
        """Fold the events of one batch, load anew where the fold says so, and compare with the store."""
        few: Front | None = self.few
        complete: Front | None = self.whole
        site: SiteFront | None = self.site
        for event in events:
            if event.channel == self.desk.live:
                few = few and fold(few, event, FEW)
                complete = complete and fold(complete, event, ALL)
            elif event.channel == SITE:
                site = site and fold_site(site, event, FEW_ON_SITE)
        stored_few = await self.desk.store.front(self.desk.slug, FEW)
        stored_whole = await self.desk.store.front(self.desk.slug, ALL)
        stored_site = await self.desk.store.site(FEW_ON_SITE)
        assert stored_few
        assert stored_whole
        assert complete, "nothing was cut off, so nothing needs loading"
        self.few = few or stored_few
        self.whole = complete
        self.site = site or stored_site
        assert self.few == stored_few
        assert numbers(self.few) == numbers(stored_few)
        assert self.whole == stored_whole
        assert numbers(self.whole) == numbers(stored_whole)
        assert without_pins(self.site) == without_pins(stored_site)


def alone() -> None:
    """Refuse an example that would share the site with another one.

    The limit of a test interrupts the event loop, not the example: Hypothesis begins the next one, and what
    is left of the first would go on writing beside it.
    """
    example = asyncio.current_task()
    assert example
    assert all(former.done() for former in _examples if former.get_loop() is example.get_loop()), (
        "the test reached its limit, most likely: an example before this one was interrupted and still writes"
    )
    _examples[:] = [example]


def numbers(front: Front) -> list[object]:
    """What equality of states leaves out."""
    states = (*front.updates, *front.key_events, *front.breaking)
    return [front.coverage.position, *((update.id, update.order, update.position) for update in states)]


def without_pins(site: SiteFront) -> SiteFront:
    """The site's channel does not tell of pins: they are no matter of the index."""
    return replace(site, coverages=tuple(replace(known, pinned_id=None) for known in site.coverages))


async def move(desk: Desk, known: list[str], verb: str, number: int, flag: bool) -> tuple[Event, ...]:
    """One verb on one of the updates that it may be used on; no events when there is none."""
    if verb == "cover":
        return await desk.open(headline=f"عنوان {number}")
    if verb in {"publish", "draft"}:
        known.append(f"{desk.slug}-{len(known)}")
        write = desk.publish if verb == "publish" else desk.draft
        return await write(known[-1], headline=secret(known[-1]), breaking=flag, key_event=number % 2 == 0)
    updates = [update for id in known if (update := await desk.store.update(id))]
    fitting = [(update, verbs[verb]) for update in updates if verb in (verbs := possible(update))]
    if not fitting:
        return ()
    update, act = fitting[number % len(fitting)]
    return await act(desk, update, number, flag)


def possible(update: Update) -> dict[str, Verb]:
    if update.status is Status.RETRACTED:
        return RETRACTED
    if update.status is Status.PUBLISHED:
        return {**PUBLISHED, **PINNED} if update.pinned else PUBLISHED
    return PRIVATE


@pytest.mark.parametrize("end", ["breaking", "cleared"])
async def test_a_replay_ranks_what_was_breaking_twice_and_retracted_as_the_store_does(
    store: Store, end: str
) -> None:
    desk = Desk(store)
    await desk.open()
    start = replace(await store.site(ALL.breaking), breaking=())
    # In people's text it says nothing of the flag.
    texts = {"headline": '"breaking":true', "body": '"breaking":false'}
    events = [
        *await desk.publish("twice", breaking=True, **texts),
        *await desk.revise("twice", breaking=False),
        *await desk.publish("between", breaking=True),
        *await desk.revise("twice", breaking=True),
    ]
    if end == "cleared":
        events += await desk.revise("twice", breaking=False)
    events += await desk.retract("twice")
    live: SiteFront | None = start
    for event in (event for event in events if event.channel == SITE):
        live = live and fold_site(live, event, ALL.breaking)
    stored = await store.site(ALL.breaking)
    ranks = [(5, "twice"), (4, "between")] if end == "breaking" else [(4, "between")]
    assert [(rank, update.id) for rank, update in stored.breaking] == ranks
    assert live == stored
    replayed: SiteFront | None = start
    told = (await store.read(SITE, start.position.offset, 1000, max_bytes=1 << 30)).events
    for event in told:
        replayed = replayed and fold_site(replayed, event, ALL.breaking)
    assert replayed == stored
    flags = [event.update.breaking for event in told if event.update and event.update.id == "twice"]
    assert flags[:3] == [True, False, True]
    assert texts["headline"] not in repr(told)


@pytest.mark.timeout(600)
@settings(
    max_examples=40,
    # Every example works on a coverage of its own, and a site that has a past is the harder case.
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    moves=st.lists(
        st.tuples(st.sampled_from((*VERBS, *RANKED)), st.integers(0, 9), st.booleans()),
        min_size=5,
        max_size=40,
    )
)
async def test_whatever_is_written_the_fronts_are_the_fold_of_the_log(
    store: Store, moves: list[tuple[str, int, bool]]
) -> None:
    desk = Desk(store, f"story{next(_slugs)}")
    site_before = await store.site(ALL.breaking)
    follower = await Follower.load(desk)
    start = follower.whole
    known: list[str] = []
    await follower.follow(await desk.open())
    for verb, number, flag in moves:
        await follower.follow(await move(desk, known, verb, number, flag))

    live = await whole(store, desk.live)
    news = (await store.read(SITE, site_before.position.offset, 10_000, max_bytes=1 << 30)).events
    private = await whole(store, desk.desk)
    published = await store.published_before(desk.slug, None, 1000)
    assert offsets(live) == list(range(1, len(live) + 1))
    assert offsets(private) == list(range(1, len(private) + 1))

    replayed: Front | None = start
    for event in live:
        replayed = replayed and fold(replayed, event, ALL)
    assert replayed == follower.whole, "a replay of the whole log leads to the same front"
    twice = (*live, *live[len(live) // 2 :])
    upserted = {event.update.id: event.update for event in twice if event.update}
    assert upserted == {update.id: update for update in published}, "doubles are harmless"
    site: SiteFront | None = site_before
    for event in news:
        site = site and fold_site(site, event, ALL.breaking)
    assert site
    assert without_pins(site) == without_pins(await store.site(ALL.breaking)), "nor to another site"

    in_order = await store.published_range(desk.slug, 1, 1000)
    assert in_order == published[::-1]
    kept = [update for id in known if (update := await store.update(id))]
    hidden = [update for update in kept if not update.status.public]
    assert sorted(ids(await store.unpublished(desk.slug, limit=1000))) == sorted(ids(hidden))
    scheduled = [update for update in hidden if update.status is Status.SCHEDULED]
    due = await store.due(NOW + timedelta(days=1), 1000)
    assert {update.id for update in due if update.coverage == desk.slug} == set(ids(scheduled))

    corrected = await store.corrections(desk.slug, None, 1000)
    assert {(entry.update.id, entry.number) for entry in corrected} == {
        (update.id, number) for update in published for number in range(1, len(update.corrections) + 1)
    }
    ranks = [entry.rank for entry in corrected]
    assert ranks == sorted(ranks, reverse=True)

    shown = repr((live, news, private, published, corrected, await store.front(desk.slug, ALL)))
    retracted = {update.id for update in published if update.status is Status.RETRACTED}
    for id in retracted | (set(known) - set(ids(kept))):
        assert secret(id) not in shown, "no byte of what was retracted or deleted"
    for update in published:
        assert update.id in retracted or secret(update.id) in shown
