"""Whatever editors do through the newsroom, on a real SQLite file: the fronts are the fold of the log."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from redis_server import PATIENCE
from store_desk import Desk, whole
from test_folds import ALL, Follower

from livefeed.events import SITE, Event, Kind
from livefeed.forms import (
    CorrectionForm,
    CoverageChanges,
    CoverageForm,
    Form,
    PublicationForm,
    RetractionForm,
    SubmissionForm,
    UpdateChanges,
    UpdateForm,
)
from livefeed.model import Coverage, Position, Status, Update, Verification, Verified
from livefeed.newsroom import Newsroom, Refused, Written
from livefeed.roles import Editor, Role
from livefeed.store import Key
from livefeed.store.sqlite import SQLiteStore
from livefeed.timeline import Front, SiteFront, fold, fold_site

CHIEF = Editor("chief", "Lina", Role.CHIEF)
COUNTED = (Kind.REVISED, Kind.CORRECTED, Kind.RETRACTED, Kind.RESTORED)
# Ranks are given, taken back and given again where what turns breaking is cleared and withdrawn.
RANKED = ("revise", "revise", "revise", "retract", "restore")
_numbers = count(1)


class Clock:
    """Moves by what a test says, backwards too."""

    def __init__(self) -> None:
        self.now = datetime(2026, 11, 23, 17, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now


def said(number: int, flag: bool) -> Verification | None:
    """Something of a claim, or nothing."""
    return [*Verification, None][(number + 2 * flag) % 4]


@dataclass
class Story:
    """One coverage, worked on through the newsroom; `told` is what the verbs announced."""

    store: SQLiteStore
    clock: Clock
    slug: str
    ids: list[str] = field(default_factory=list)
    told: list[Event] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.newsroom = Newsroom(self.store, announce=self.told.append, new_id=self._new_id)

    def _new_id(self) -> str:
        self.ids.append(f"{self.slug}-{len(self.ids)}")
        return self.ids[-1]

    async def do(self, verb: str, number: int, flag: bool) -> None:
        """One verb on one of the updates there are; a refused one tells of nothing."""
        self.told.clear()
        if verb == "wait":
            self.clock.now += timedelta(minutes=number - 3)
            return
        try:
            await VERBS[verb](self, number, flag)
        except Refused:
            assert self.told == []

    async def pick(self, verb: str, number: int) -> str:
        """One of the updates that the verb fits, or, where there is none, one that it does not."""
        known = [update for id in self.ids if (update := await self.store.update(id))]
        ids = [update.id for update in known if FITS.get(verb, lambda _: True)(update)] or self.ids
        return ids[number % len(ids)] if ids else "none"

    def key(self) -> Key:
        return Key(f"key {next(_numbers)}", "print")

    async def add(self, number: int, flag: bool) -> Written:
        status = (None, "published", "draft", "submitted")[number % 4]
        text = f"<<{self.slug}-{len(self.ids)}>>"
        form = UpdateForm(
            headline=text,
            body=text,
            byline=[text],
            breaking=flag,
            key_event=number > 6,
            status=status,
            verification=said(number, flag),
        )
        return await self.newsroom.add(self.slug, form, by=CHIEF, key=self.key())

    async def schedule(self, number: int, flag: bool) -> Written:
        form = UpdateForm(body="x", breaking=flag, publish_at=self.clock.now + timedelta(minutes=1 + number))
        return await self.newsroom.add(self.slug, form, by=CHIEF, key=self.key())

    async def decided(self, verb: str, number: int, form: Callable[[str], Form] | None = None) -> Written:
        """A verb on an update; `form` makes what is handed in from a text that only this update has."""
        id = await self.pick(verb, number)
        filled = [form(f"<<{id}>>")] if form else []
        act: Callable[..., Awaitable[Written]] = getattr(self.newsroom, verb)
        return await act(self.slug, id, *filled, by=CHIEF, key=self.key(), revision=None)


FITS: dict[str, Callable[[Update], bool]] = {
    "correct": lambda update: update.status is Status.PUBLISHED,
    "retract": lambda update: update.status is Status.PUBLISHED,
    "restore": lambda update: update.status is Status.RETRACTED,
    "pin": lambda update: update.status is Status.PUBLISHED,
    "unpin": lambda update: update.pinned,
    "publish": lambda update: not update.status.public,
    "submit": lambda update: update.status is Status.DRAFT,
    "send_back": lambda update: update.status is Status.SUBMITTED,
    "delete": lambda update: not update.status.public,
}
VERBS: dict[str, Callable[[Story, int, bool], Awaitable[object]]] = {
    "add": Story.add,
    "schedule": Story.schedule,
    "revise": lambda story, number, flag: story.decided(
        "revise",
        number,
        lambda text: UpdateChanges(
            headline=text, breaking=flag, key_event=not flag, verification=said(number, not flag)
        ),
    ),
    "correct": lambda story, number, flag: story.decided(
        "correct",
        number,
        lambda text: CorrectionForm(note=text, key_event=flag, verification=said(number, flag)),
    ),
    "retract": lambda story, number, flag: story.decided(
        "retract", number, lambda text: RetractionForm(note="n", reason=text)
    ),
    "restore": lambda story, number, flag: story.decided("restore", number),
    "pin": lambda story, number, flag: story.decided("pin", number),
    "unpin": lambda story, number, flag: story.decided("unpin", number),
    "publish": lambda story, number, flag: story.decided("publish", number, lambda _: PublicationForm()),
    "submit": lambda story, number, flag: story.decided("submit", number, lambda _: SubmissionForm()),
    "send_back": lambda story, number, flag: story.decided("send_back", number, lambda _: SubmissionForm()),
    "delete": lambda story, number, flag: story.decided("delete", number),
    "change": lambda story, number, flag: story.newsroom.change(
        story.slug, CoverageChanges(headline=f"h{number}"), by=CHIEF, key=story.key()
    ),
    "close": lambda story, number, flag: story.newsroom.close(story.slug, by=CHIEF, key=story.key()),
    "reopen": lambda story, number, flag: story.newsroom.reopen(story.slug, by=CHIEF, key=story.key()),
    "release": lambda story, number, flag: story.newsroom.release_due(),
}


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def store(tmp_path: Path, clock: Clock) -> AsyncIterator[SQLiteStore]:
    opened = SQLiteStore(tmp_path / "live.db", serving=True, write_timeout=PATIENCE, clock=clock)
    await opened.start()
    yield opened
    await opened.aclose()


@pytest.mark.timeout(600)
@settings(
    max_examples=40,
    # Every example works on a coverage of its own, and a site that has a past is the harder case.
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    moves=st.lists(
        st.tuples(st.sampled_from(("wait", "unpin", *RANKED, *VERBS)), st.integers(0, 9), st.booleans()),
        min_size=15,
        max_size=50,
    ),
    again=st.integers(0, 40),
)
async def test_any_work_of_editors_leaves_fronts_that_are_the_fold_of_the_log(
    store: SQLiteStore, clock: Clock, moves: list[tuple[str, int, bool]], again: int
) -> None:
    story = Story(store, clock, f"story{next(_numbers)}")
    follower = await Follower.load(Desk(store, story.slug))
    start = follower.whole
    await story.newsroom.open(CoverageForm(slug=story.slug, headline="h"), by=CHIEF, key=story.key())
    await follower.follow(tuple(story.told))
    # Something to work on from the first move: published ones, a breaking one among them, a draft.
    beginning = [("add", 0, False), ("add", 8, True), ("add", 1, False), ("add", 2, False), ("pin", 0, False)]
    for verb, number, flag in (*beginning, *moves):
        await story.do(verb, number, flag)
        await follower.follow(tuple(story.told))  # compares with the store after each step

    live = await whole(store, f"live:{story.slug}")
    front: Front | None = start
    for event in live:
        front = front and fold(front, event, ALL)
    assert front == await store.front(story.slug, ALL)
    site: SiteFront | None = SiteFront(Position(start.position.epoch, 0))
    for event in await whole(store, SITE):
        site = site and fold_site(site, event, ALL.breaking)
    stored = await store.site(ALL.breaking)
    assert site is not None
    assert site.breaking == stored.breaking
    assert [known.slug for known in site.coverages] == [known.slug for known in stored.coverages]

    published = await store.published_before(story.slug, None, 1000)
    twice = (*live, *live[min(again, len(live)) :])
    upserted = {event.update.id: event.update for event in twice if event.update}
    assert upserted == {update.id: update for update in published}, "doubles are harmless"
    assert len([update for update in published if update.pinned]) <= 1
    coverage = await store.coverage(story.slug)
    assert isinstance(coverage, Coverage)
    assert coverage.pinned_id == next((update.id for update in published if update.pinned), None)

    shown = repr((live, await whole(store, SITE), await whole(store, f"desk:{story.slug}"), published))
    for update in published:
        counted = [event for event in live if event.update and event.update.id == update.id]
        lines = await store.revisions(update.id)
        assert update.revision == 1 + sum(line.kind in COUNTED for line in lines)
        assert counted[-1].update == update
        times = [event.update.revised_at or event.update.published_at for event in counted if event.update]
        assert list(update.verifications) == told(update, [line.update for line in lines])
        if update.status is Status.RETRACTED:
            assert f"<<{update.id}>>" not in shown, "no byte of what was retracted"
        else:
            assert times == sorted(times, key=lambda moment: moment or clock.now)
    for id in story.ids:
        if await store.update(id) is None:
            assert f"<<{id}>>" not in shown, "no byte of what was deleted"


def told(update: Update, history: list[Update]) -> list[Verified]:
    """What readers of the update were told of its claim, from the states that its history has."""
    changes: list[Verified] = []
    for state in history:
        former = changes[-1].verification if changes else None
        if state.status is Status.PUBLISHED and state.verification != former:
            at = state.revised_at or state.published_at
            assert at
            changes.append(Verified(at, state.verification))
    return [] if update.status is Status.RETRACTED else changes
