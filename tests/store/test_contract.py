"""What every store promises. Sentences about behaviour, run on each store in turn."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, timedelta

import pytest
from redis_server import PATIENCE
from store_desk import NOW, Desk, Heard, ids, offsets, whole

from livefeed.events import SITE, Kind
from livefeed.model import Coverage, CoverageStatus, Media, Position, Status
from livefeed.store import Batch, Conflict, Expected, Fact, FirstResult, Key, KeyUsed, Revision, Store
from livefeed.timeline import KEY_EVENTS, Limits

LIMITS = Limits(updates=20, breaking=20)


@pytest.fixture
async def desk(store: Store) -> Desk:
    """An open coverage."""
    desk = Desk(store)
    await desk.open()
    return desk


async def everything(desk: Desk) -> list[object]:
    """All that can be read of a coverage, numbers included."""
    store = desk.store
    channels = [desk.live, desk.desk, SITE]
    published = await store.published_before(desk.slug, None, 1000)
    hidden = await store.unpublished(desk.slug, limit=1000)
    return [
        repr(await store.tops(channels)),
        [repr(await whole(store, channel)) for channel in channels],
        repr(await store.coverage(desk.slug)),
        repr(await store.front(desk.slug, LIMITS)),
        repr(await store.site(100)),
        repr(published),
        repr(hidden),
        repr(await store.due(NOW + timedelta(days=1000), 1000)),
        [repr(await store.revisions(id)) for id in ids(published) + ids(hidden)],
    ]


# numbers


async def test_offsets_of_each_channel_are_contiguous_from_one(desk: Desk) -> None:
    for number in range(5):
        await desk.publish(f"u{number}", breaking=number % 2 == 0)
        await desk.draft(f"d{number}")
    assert offsets(await whole(desk.store, desk.live)) == [1, 2, 3, 4, 5, 6]
    assert offsets(await whole(desk.store, SITE)) == [1, 2, 3, 4]
    assert offsets(await whole(desk.store, desk.desk)) == [1, 2, 3, 4, 5]


async def test_append_answers_with_the_numbered_events_in_the_order_of_the_facts(desk: Desk) -> None:
    first, second = (replace(desk.new(id), status=Status.PUBLISHED) for id in ("a", "b"))
    facts = (
        Fact(SITE, Kind.PUBLISHED, first),
        Fact(desk.live, Kind.PUBLISHED, second),
        Fact(desk.live, Kind.PUBLISHED, first),
    )
    events = await desk.store.append(Batch(facts=facts, updates=(first, second)))
    assert [(event.channel, event.offset) for event in events] == [(SITE, 2), (desk.live, 2), (desk.live, 3)]
    assert [event.update for event in events] == [first, second, first]
    assert [event.update.order for event in events if event.update] == [3, 2, 3]


async def test_every_position_carries_the_epoch_of_the_store(desk: Desk) -> None:
    events = await desk.publish("u")
    epoch, _ = await desk.store.tops([])
    assert epoch.isalnum()
    assert {event.position.epoch for event in events} == {epoch}
    assert (await desk.update("u")).position == Position(epoch, 2)


async def test_a_read_gives_exactly_the_events_that_append_answered_with(desk: Desk) -> None:
    events = await desk.publish("u", breaking=True, media=(Media("m", "/m.jpg", alt="صورة"),))
    live, site = events
    assert (await whole(desk.store, desk.live))[-1] == live
    assert (await whole(desk.store, SITE))[-1] == site
    assert repr((await whole(desk.store, desk.live))[-1]) == repr(live), "numbers too"


async def test_the_order_of_an_update_is_the_offset_that_published_it_and_stays(desk: Desk) -> None:
    await desk.publish("first")
    await desk.publish("second")
    await desk.revise("first", headline="مصحح")
    update = await desk.update("first")
    assert update.order == 2
    assert update.position is not None
    assert update.position.offset == 4
    assert (await whole(desk.store, desk.live))[-1].update.order == 2  # type: ignore[union-attr]


async def test_an_update_that_one_batch_publishes_and_pins_has_the_order_of_the_first(desk: Desk) -> None:
    update = replace(desk.new("u"), status=Status.PUBLISHED, pinned=True)
    facts = (Fact(desk.live, Kind.PUBLISHED, update), Fact(desk.live, Kind.PINNED, update))
    events = await desk.store.append(Batch(facts=facts, updates=(update,)))
    stored = await desk.update("u")
    assert stored.order == 2
    assert stored.position == events[1].position
    assert [event.update.order for event in events if event.update] == [2, 2]


async def test_every_stored_change_raises_the_version_by_one(desk: Desk) -> None:
    await desk.draft("u")
    assert (await desk.update("u")).version == 1
    await desk.publish("u")
    await desk.revise("u", headline="ب")
    assert (await desk.update("u")).version == 3
    await desk.open(headline="آخر")
    coverage = await desk.store.coverage(desk.slug)
    assert coverage is not None
    assert coverage.version == 2


async def test_a_coverage_has_the_position_of_its_own_last_event(desk: Desk) -> None:
    await desk.publish("u")
    await desk.open(headline="آخر")
    await desk.publish("v")
    coverage = await desk.store.coverage(desk.slug)
    assert coverage is not None
    assert coverage.position is not None
    assert coverage.position.offset == 3


async def test_what_was_never_published_has_neither_order_nor_position(desk: Desk) -> None:
    await desk.draft("u")
    update = await desk.update("u")
    assert (update.order, update.position) == (0, None)
    assert ids(await desk.store.published_before(desk.slug, None, 10)) == []


async def test_private_facts_leave_no_holes_in_what_readers_follow(desk: Desk) -> None:
    await desk.publish("a")
    await desk.draft("b")
    await desk.publish("c")
    assert offsets(await whole(desk.store, desk.live)) == [1, 2, 3]


async def test_a_value_survives_with_every_character_of_it(desk: Desk) -> None:
    text = "قال \"مصدر\" 'ميداني' \\ 🕊 \u200f\n%s ? :id -- ; {livefeed}"
    await desk.publish("u", headline=text, body=text * 100, tags=("أ", ""), displayed_at=NOW)
    update = await desk.update("u")
    assert (update.headline, update.body, update.tags, update.displayed_at) == (
        text,
        text * 100,
        ("أ", ""),
        NOW,
    )


async def test_what_is_not_there_is_none(store: Store) -> None:
    assert await store.coverage("nothing") is None
    assert await store.update("nothing") is None
    assert await store.front("nothing", LIMITS) is None
    assert await store.first_result("nothing") is None
    assert await store.revisions("nothing") == []
    assert await store.unpublished("nothing", limit=5) == []
    assert await store.published_before("nothing", None, 5) == []
    assert (await store.site(5)).coverages == ()


# announcements


async def test_events_are_announced_after_the_commit_in_its_order(desk: Desk, heard: Heard) -> None:
    events = [
        *await desk.publish("a", breaking=True),
        *await desk.revise("a", headline="ب"),
        *await desk.draft("d"),
    ]
    assert (await heard.until(2 + len(events)))[2:] == events


async def test_a_refused_batch_is_not_announced(desk: Desk, heard: Heard) -> None:
    with pytest.raises(Conflict):
        await desk.store.append(
            Batch(
                facts=desk.facts(Kind.PUBLISHED, None, replace(desk.new("u"), status=Status.PUBLISHED)),
                expected=(Expected("update:u", 7),),
            )
        )
    [event] = await desk.publish("after")
    assert (await heard.until(3))[2] == event


async def test_concurrent_writers_are_announced_without_a_hole(desk: Desk, heard: Heard) -> None:
    await asyncio.gather(*(desk.publish(f"u{number}") for number in range(30)))
    live = [event.offset for event in await heard.until(32) if event.channel == desk.live]
    assert live == list(range(1, 32))


# keys


async def test_a_key_used_again_gets_the_first_result_and_changes_nothing(desk: Desk) -> None:
    await desk.publish("u", key=Key("lina POST /live/idlib 1", "print"))
    before = await everything(desk)
    with pytest.raises(KeyUsed) as refused:
        await desk.publish("v", key=Key("lina POST /live/idlib 1", "another"))
    assert refused.value.first == FirstResult("print", "update:u")
    assert await desk.store.first_result("lina POST /live/idlib 1") == FirstResult("print", "update:u")
    assert await everything(desk) == before
    assert await desk.store.update("v") is None


async def test_fifty_retries_at_once_make_one_event(desk: Desk) -> None:
    answers = await asyncio.gather(
        *(desk.publish(f"u{number}", key=Key("one", "print")) for number in range(50)),
        return_exceptions=True,
    )
    [made] = [answer for answer in answers if isinstance(answer, tuple)]
    refused = [answer.first for answer in answers if isinstance(answer, KeyUsed)]
    assert len(refused) == 49
    assert set(refused) == {FirstResult("print", f"update:{made[0].update.id}")}
    assert offsets(await whole(desk.store, desk.live)) == [1, 2]
    assert ids(await desk.store.published_before(desk.slug, None, 100)) == [made[0].update.id]


async def test_a_known_key_wins_over_a_conflict_so_that_a_late_retry_finds_its_result(desk: Desk) -> None:
    await desk.publish("u", key=Key("one", "print"))
    with pytest.raises(KeyUsed):
        await desk.store.append(Batch(expected=(Expected("update:u", 99),), key=Key("one", "print")))


async def test_a_batch_may_hold_only_a_key(store: Store) -> None:
    assert await store.append(Batch(key=Key("upload", "print"), subject="media:m1")) == ()
    assert await store.first_result("upload") == FirstResult("print", "media:m1")


async def test_the_key_of_a_refused_batch_stays_free(desk: Desk) -> None:
    with pytest.raises(Conflict):
        await desk.store.append(Batch(expected=(Expected("update:u", 1),), key=Key("one", "print")))
    assert await desk.store.first_result("one") is None
    assert await desk.publish("u", key=Key("one", "print"))


# conflicts


async def test_a_writer_who_saw_an_older_version_is_refused_without_a_trace(desk: Desk) -> None:
    await desk.publish("u")
    before = await everything(desk)
    stale = replace(await desk.update("u"), headline="متأخر", media=(Media("m9", "/m9"),))
    batch = Batch(
        facts=desk.facts(Kind.REVISED, stale, stale),
        updates=(stale, replace(desk.new("other"), status=Status.PUBLISHED)),
        coverages=(Coverage("fresh", "جديدة"),),
        expected=(Expected("coverage:idlib", 1), Expected("update:u", 0)),
        revisions=(Revision(stale, Kind.REVISED, NOW, "sami"),),
        emptied=(stale.erased(),),
        deleted=(stale,),
        key=Key("stale", "print"),
        subject="update:u",
    )
    with pytest.raises(Conflict) as refused:
        await desk.store.append(batch)
    assert refused.value.subject == "update:u"
    assert await everything(desk) == before
    assert await desk.store.first_result("stale") is None
    assert await desk.store.coverage("fresh") is None
    assert await desk.store.update("other") is None
    assert await desk.store.media_withdrawn("m9") is False


async def test_a_state_that_cannot_be_written_down_is_refused_without_a_trace(desk: Desk) -> None:
    await desk.publish("u")
    before = await everything(desk)
    seen = await desk.update("u")
    good = replace(seen, headline="جديد")
    broken = replace(desk.new("broken"), status=Status.PUBLISHED, body="half a character: \ud800")
    facts = (*desk.facts(Kind.REVISED, seen, good), *desk.facts(Kind.PUBLISHED, None, broken))
    with pytest.raises(ValueError, match="surrogate"):
        await desk.store.append(Batch(facts=facts, updates=(good, broken), key=Key("one", "print")))
    assert await everything(desk) == before
    assert await desk.store.first_result("one") is None


async def test_of_twenty_writers_who_saw_the_same_version_one_wins(desk: Desk) -> None:
    await desk.publish("u")
    seen = await desk.update("u")
    batches = [
        Batch(
            facts=(Fact(desk.live, Kind.REVISED, replace(seen, headline=f"{number}")),),
            updates=(replace(seen, headline=f"{number}"),),
            expected=(Expected("update:u", seen.version),),
        )
        for number in range(20)
    ]
    answers = await asyncio.gather(*map(desk.store.append, batches), return_exceptions=True)
    [(event,)] = [answer for answer in answers if isinstance(answer, tuple)]
    assert sum(isinstance(answer, Conflict) for answer in answers) == 19
    assert (await desk.update("u")).headline == event.update.headline
    assert offsets(await whole(desk.store, desk.live)) == [1, 2, 3]


async def test_version_zero_means_that_nobody_may_have_made_it_yet(desk: Desk) -> None:
    for subject in ("update:u", "coverage:fresh"):
        await desk.store.append(Batch(expected=(Expected(subject, 0),)))
        with pytest.raises(Conflict, match=subject):
            await desk.store.append(Batch(expected=(Expected(subject, 1),)))
    with pytest.raises(Conflict, match="coverage:idlib"):
        await desk.store.append(Batch(expected=(Expected("coverage:idlib", 0),)))


# erasing


async def test_a_retraction_leaves_no_byte_of_the_text_in_anything_a_reader_can_read(desk: Desk) -> None:
    secret = "المصدر المسمى"
    await desk.draft("u", headline=secret)
    await desk.publish("other", headline="باق", breaking=True)
    await desk.publish("u", breaking=True, key_event=True, byline=(secret,))
    await desk.revise("u", body=secret, media=(Media("m", "/m", caption=secret),))
    await desk.pin("u")
    before = {channel: await whole(desk.store, channel) for channel in (desk.live, desk.desk, SITE)}
    await desk.retract("u")
    for channel, known in before.items():
        now = await whole(desk.store, channel)
        assert secret not in repr(now), channel
        assert [(event.kind, event.position) for event in now[: len(known)]] == [
            (event.kind, event.position) for event in known
        ]
        assert [event.update.order for event in now[: len(known)] if event.update] == [
            event.update.order for event in known if event.update
        ]
        assert all(
            event.update.status is Status.RETRACTED
            for event in now
            if event.update and event.update.id == "u"
        )
    assert secret not in repr(await desk.store.front(desk.slug, LIMITS))
    assert secret not in repr(await desk.store.site(20))
    assert secret not in repr(await desk.store.recent(desk.live, 50))
    assert secret not in repr(await desk.store.published_range(desk.slug, 1, 9))
    assert secret not in repr(await desk.store.published_before(desk.slug, None, 9))
    assert "باق" in repr(await whole(desk.store, desk.live)), "others keep theirs"
    assert secret in repr(await desk.store.revisions("u")), "the desk keeps the history"


async def test_a_restored_update_is_read_again_from_its_own_event_on(desk: Desk) -> None:
    await desk.publish("u")
    await desk.retract("u")
    await desk.restore("u", headline="عاد")
    events = await whole(desk.store, desk.live)
    assert [event.update.headline for event in events if event.update] == ["", "", "عاد"]
    assert [event.update.order for event in events if event.update] == [2, 2, 2]
    assert (await desk.update("u")).status is Status.PUBLISHED
    await desk.retract("u")
    assert "عاد" not in repr(await whole(desk.store, desk.live))


async def test_a_coverage_with_the_name_of_an_update_is_not_emptied_with_it(store: Store) -> None:
    desk = Desk(store, "same")
    await desk.open(headline="باق")
    await desk.publish("same")
    await desk.retract("same")
    assert (await whole(store, desk.live))[0].coverage.headline == "باق"  # type: ignore[union-attr]


async def test_a_deleted_draft_is_gone_with_its_history_and_its_text(desk: Desk) -> None:
    await desk.draft("u", body="سر", media=(Media("m", "/m"),))
    await desk.draft("u", Status.SCHEDULED, publish_at=NOW, body="سر آخر")
    await desk.delete("u")
    assert await desk.store.update("u") is None
    assert await desk.store.unpublished(desk.slug, limit=10) == []
    assert await desk.store.due(NOW, 10) == []
    assert await desk.store.revisions("u") == []
    assert await desk.store.media_withdrawn("m") is True
    events = await whole(desk.store, desk.desk)
    assert [event.kind for event in events] == [Kind.DRAFTED, Kind.SCHEDULED, Kind.DELETED]
    assert "سر" not in repr(events)


# pages and lists


async def test_pages_count_from_the_oldest_and_retracted_updates_keep_their_place(desk: Desk) -> None:
    await desk.draft("late")
    for number in range(1, 8):
        await desk.publish(f"u{number}")
    await desk.publish("late")
    await desk.retract("u3")
    store = desk.store
    assert ids(await store.published_range(desk.slug, 2, 4)) == ["u2", "u3", "u4"]
    assert ids(await store.published_range(desk.slug, 7, 99)) == ["u7", "late"]
    assert ids(await store.published_range(desk.slug, 9, 12)) == []
    assert await store.ordinal(desk.slug, "u1") == 1
    assert await store.ordinal(desk.slug, "u3") == 3
    assert await store.ordinal(desk.slug, "late") == 8
    await desk.draft("unseen")
    assert await store.ordinal(desk.slug, "unseen") is None
    assert await store.ordinal("another", "u1") is None
    front = await store.front(desk.slug, Limits(2, 2))
    assert front is not None
    assert (ids(front.updates), front.total) == (["late", "u7"], 8)


async def test_backfill_goes_down_from_an_order(desk: Desk) -> None:
    for number in range(1, 6):
        await desk.publish(f"u{number}")
    newest = await desk.store.published_before(desk.slug, None, 2)
    assert ids(newest) == ["u5", "u4"]
    assert ids(await desk.store.published_before(desk.slug, newest[-1].order, 2)) == ["u3", "u2"]
    assert ids(await desk.store.published_before(desk.slug, 3, 9)) == ["u1"]
    assert ids(await desk.store.published_before(desk.slug, 2, 9)) == []


async def test_coverages_do_not_mix(store: Store) -> None:
    one, two = Desk(store, "one"), Desk(store, "two")
    await one.open()
    await two.open()
    await one.publish("a", breaking=True, key_event=True)
    await two.publish("b", breaking=True, key_event=True)
    await two.draft("c")
    for desk, id in ((one, "a"), (two, "b")):
        front = await store.front(desk.slug, LIMITS)
        assert front is not None
        assert [ids(front.updates), ids(front.breaking), ids(front.key_events)] == [[id], [id], [id]]
        assert front.total == 1
        assert front.position.offset == 2
    assert ids(await store.unpublished("one", limit=9)) == []


async def test_a_front_holds_the_newest_of_each_list(desk: Desk) -> None:
    for number in range(1, 7):
        await desk.publish(f"u{number}", breaking=number < 4, key_event=number % 2 == 0)
    await desk.retract("u2")
    await desk.pin("u5")
    front = await desk.store.front(desk.slug, Limits(updates=3, breaking=2))
    assert front is not None
    assert ids(front.updates) == ["u6", "u5", "u4"]
    assert ids(front.breaking) == ["u3", "u2"], "a retracted one stays breaking"
    assert ids(front.key_events) == ["u6", "u4"], "a retracted one is no key event"
    assert front.pinned == await desk.update("u5")
    assert front.position.offset == 9


async def test_a_front_holds_no_more_key_events_than_it_says(desk: Desk) -> None:
    updates = tuple(
        replace(desk.new(f"u{number}"), status=Status.PUBLISHED, key_event=True)
        for number in range(KEY_EVENTS + 5)
    )
    facts = tuple(Fact(desk.live, Kind.PUBLISHED, update) for update in updates)
    await desk.store.append(Batch(facts=facts, updates=updates))
    front = await desk.store.front(desk.slug, Limits(1, 1))
    assert front is not None
    assert len(front.key_events) == KEY_EVENTS
    assert front.key_events[-1].id == "u5"
    assert front.total == KEY_EVENTS + 5


async def test_the_index_lists_coverages_as_they_were_opened(store: Store) -> None:
    for slug in ("b", "a", "c"):
        await Desk(store, slug).open()
    await Desk(store, "a").open(status=CoverageStatus.CLOSED, archived_at=NOW)
    site = await store.site(5)
    assert [coverage.slug for coverage in site.coverages] == ["b", "a", "c"]
    assert site.coverages[1].status is CoverageStatus.CLOSED
    assert site.coverages[1].archived_at == NOW
    assert site.position.offset == 4


async def test_the_index_ranks_breaking_updates_by_when_they_became_so(desk: Desk) -> None:
    await desk.publish("late")
    await desk.publish("early", breaking=True)
    await desk.revise("late", breaking=True)
    await desk.revise("early", headline="ب")
    assert [(rank, update.id) for rank, update in (await desk.store.site(5)).breaking] == [
        (3, "late"),
        (2, "early"),
    ]
    await desk.revise("early", breaking=False)
    assert [update.id for _, update in (await desk.store.site(5)).breaking] == ["late"]
    await desk.revise("early", breaking=True)
    site = await desk.store.site(1)
    assert [(rank, update.id) for rank, update in site.breaking] == [(6, "early")]
    assert site.position.offset == 6


async def test_a_breaking_draft_is_on_no_list_of_readers(desk: Desk) -> None:
    await desk.draft("u", breaking=True, key_event=True)
    front = await desk.store.front(desk.slug, LIMITS)
    assert front is not None
    assert (front.breaking, front.key_events, front.updates) == ((), (), ())
    assert (await desk.store.site(5)).breaking == ()


async def test_a_front_read_while_others_write_is_of_one_moment(desk: Desk) -> None:
    async def write(name: str) -> None:
        for number in range(15):
            await desk.publish(f"{name}{number}")

    async def look() -> None:
        for _ in range(20):
            front = await desk.store.front(desk.slug, Limits(1000, 1000))
            assert front is not None
            assert front.total == len(front.updates) == front.position.offset - 1
            assert front.total == 0 or front.updates[0].order == front.position.offset

    await asyncio.gather(write("a"), look(), write("b"), look())


async def test_unpublished_updates_come_last_written_first(desk: Desk) -> None:
    await desk.draft("draft")
    await desk.draft("sent", Status.SUBMITTED)
    await desk.draft("timed", Status.SCHEDULED, publish_at=NOW)
    await desk.publish("seen")
    assert ids(await desk.store.unpublished(desk.slug, limit=9)) == ["timed", "sent", "draft"]
    await desk.draft("draft", body="ثانية")
    assert ids(await desk.store.unpublished(desk.slug, limit=2)) == ["draft", "timed"]
    await desk.publish("timed")
    assert ids(await desk.store.unpublished(desk.slug, limit=9)) == ["draft", "sent"]


async def test_due_updates_come_earliest_first_and_not_before_their_time(desk: Desk) -> None:
    for id, minutes in (("third", 30), ("first", 10), ("second", 20)):
        await desk.draft(id, Status.SCHEDULED, publish_at=NOW + timedelta(minutes=minutes))
    await desk.draft("draft", publish_at=NOW)
    due = desk.store.due
    assert ids(await due(NOW + timedelta(minutes=9, seconds=59.999), 9)) == []
    assert ids(await due(NOW + timedelta(minutes=10), 9)) == ["first"], "the very moment is due"
    assert ids(await due(NOW + timedelta(minutes=40), 2)) == ["first", "second"]
    await desk.publish("first")
    await desk.draft("second", publish_at=NOW)  # taken off the schedule
    await desk.draft("third", Status.SCHEDULED, publish_at=NOW + timedelta(days=1))
    assert ids(await due(NOW + timedelta(minutes=40), 9)) == []
    assert ids(await due(NOW + timedelta(days=1), 9)) == ["third"]


async def test_a_history_is_kept_whole_and_oldest_first(desk: Desk) -> None:
    await desk.publish("u", headline="أول")
    await desk.publish("other")
    update = replace(await desk.update("u"), headline="ثان")
    line = Revision(update, Kind.CORRECTED, NOW, "سامي", note="تصحيح", reason="خطأ في الاسم")
    await desk.store.append(Batch(updates=(update,), revisions=(line,)))
    first, second = await desk.store.revisions("u")
    assert (first.kind, first.update.headline, first.by, first.at) == (Kind.PUBLISHED, "أول", "lina", NOW)
    assert second == line


# pictures


async def test_a_picture_is_withdrawn_when_no_update_shows_it_any_more(desk: Desk) -> None:
    picture = Media("m", "/m.jpg")
    withdrawn = desk.store.media_withdrawn
    assert await withdrawn("m") is False, "never used"
    await desk.publish("a", media=(picture, picture))
    await desk.publish("b", media=(picture, Media("n", "/n.jpg")))
    await desk.retract("a")
    assert await withdrawn("m") is False
    await desk.revise("b", media=(Media("n", "/n.jpg"),))
    assert await withdrawn("m") is True
    assert await withdrawn("n") is False
    await desk.restore("a", media=(picture,))
    assert await withdrawn("m") is False


async def test_a_lead_picture_counts_as_a_use(desk: Desk) -> None:
    await desk.open(lead_media=Media("m", "/m.jpg"))
    await desk.publish("u", media=(Media("m", "/m.jpg"),))
    await desk.retract("u")
    assert await desk.store.media_withdrawn("m") is False
    await desk.open(lead_media=None)
    assert await desk.store.media_withdrawn("m") is True


# reading the log


async def test_a_replay_pages_through_the_log_without_hole_or_double(desk: Desk) -> None:
    for number in range(10):
        await desk.publish(f"u{number}")
    seen: list[int] = []
    while True:
        page = await desk.store.read(desk.live, seen[-1] if seen else 0, 4)
        seen += offsets(page.events)
        assert page.top == 11
        if seen[-1] == page.top:
            break
    assert seen == list(range(1, 12))


async def test_a_page_is_bounded_in_bytes_but_never_empty(desk: Desk) -> None:
    for number in range(6):
        await desk.publish(f"u{number}", body="ن" * 10_000)
    pages = [
        await desk.store.read(desk.live, 1, 100, max_bytes=max_bytes) for max_bytes in (1, 50_000, 1 << 20)
    ]
    assert [len(page.events) for page in pages] == [1, 2, 6]
    assert [offsets(page.events)[0] for page in pages] == [2, 2, 2]
    assert {page.top for page in pages} == {7}


async def test_reading_past_the_end_or_an_unknown_channel_gives_an_empty_page(desk: Desk) -> None:
    page = await desk.store.read(desk.live, 1, 10)
    assert (page.events, page.top) == ((), 1)
    assert (await desk.store.read(desk.live, 99, 10)).events == ()
    nothing = await desk.store.read("live:nothing", 0, 10)
    assert (nothing.events, nothing.top) == ((), 0)
    assert (await desk.store.recent("live:nothing", 10)).events == ()


async def test_recent_events_are_the_last_ones_oldest_first(desk: Desk) -> None:
    for number in range(5):
        await desk.publish(f"u{number}")
    page = await desk.store.recent(desk.live, 3)
    assert (offsets(page.events), page.top) == ([4, 5, 6], 6)
    assert page.events == (await whole(desk.store, desk.live))[-3:]
    assert offsets((await desk.store.recent(desk.live, 99)).events) == [1, 2, 3, 4, 5, 6]


async def test_tops_are_told_for_every_channel_that_was_asked_for(desk: Desk) -> None:
    await desk.publish("u")
    epoch, tops = await desk.store.tops([desk.live, SITE, "live:nothing"])
    assert tops == {desk.live: 2, SITE: 1, "live:nothing": 0}
    assert (await desk.store.read(desk.live, 0, 1)).position == Position(epoch, 2)


# epochs


async def test_a_new_epoch_begins_once_however_many_ask_for_it(desk: Desk) -> None:
    await desk.publish("u")
    old, _ = await desk.store.tops([])
    answers = await asyncio.gather(*(desk.store.begin_epoch(old) for _ in range(5)))
    [new] = set(answers)
    assert new != old
    assert await desk.store.begin_epoch(old) == new
    assert (await desk.store.tops([]))[0] == new


async def test_after_a_new_epoch_every_position_carries_it_and_nothing_is_lost(desk: Desk) -> None:
    await desk.publish("u")
    old, _ = await desk.store.tops([])
    new = await desk.store.begin_epoch(old)
    [event] = await desk.publish("v")
    assert event.position == Position(new, 3)
    assert {known.position.epoch for known in await whole(desk.store, desk.live)} == {new}
    assert (await desk.update("u")).position == Position(new, 2)


# corrections


async def test_corrections_come_newest_first_and_in_pages(desk: Desk) -> None:
    for number in range(3):
        await desk.publish(f"u{number}")
    moments = {
        id: [NOW + timedelta(minutes=minute) for minute in minutes]
        for id, minutes in (("u1", (1, 4)), ("u0", (2, 3)), ("u2", (3,)))
    }
    for id, times in moments.items():
        for at in times:
            await desk.correct(id, f"{id} {at:%M}", at)
    whole_list = await desk.store.corrections(desk.slug, None, 10)
    assert [(entry.update.id, entry.number) for entry in whole_list] == [
        *(("u1", 2), ("u2", 1), ("u0", 2), ("u0", 1), ("u1", 1))
    ]
    assert [entry.correction.note for entry in whole_list][:2] == ["u1 19", "u2 18"]
    assert whole_list[0].update == await desk.update("u1")
    paged, before = [], None
    while part := await desk.store.corrections(desk.slug, before, 1):
        paged += part
        before = part[-1].rank
    assert paged == whole_list
    assert await desk.store.corrections("another", None, 10) == []


async def test_retracted_updates_come_newest_first_and_in_pages(desk: Desk) -> None:
    for id in "abcde":
        await desk.publish(id)
    for id in "dabe":
        await desk.retract(id)
    await desk.draft("x")
    first = await desk.store.retracted(desk.slug, None, 2)
    assert [update.id for update in first] == ["e", "d"]
    rest = await desk.store.retracted(desk.slug, first[-1].order, 5)
    assert [(update.id, update.status) for update in rest] == [
        ("b", Status.RETRACTED),
        ("a", Status.RETRACTED),
    ]
    assert rest == [await desk.store.update("b"), await desk.store.update("a")]
    await desk.restore("b")
    assert [update.id for update in await desk.store.retracted(desk.slug, None, 9)] == ["e", "d", "a"]
    assert await desk.store.retracted("another", None, 9) == []


async def test_a_retraction_takes_its_corrections_from_the_list_and_undoing_it_brings_them_back(
    desk: Desk,
) -> None:
    await desk.publish("u")
    await desk.correct("u", "note", NOW)
    [listed] = await desk.store.corrections(desk.slug, None, 10)
    await desk.retract("u")
    assert await desk.store.corrections(desk.slug, None, 10) == []
    await desk.restore("u", corrections=listed.update.corrections)
    [again] = await desk.store.corrections(desk.slug, None, 10)
    assert again.rank == listed.rank


# records


async def test_a_record_is_kept_and_its_version_counts(store: Store) -> None:
    records = store.records
    first = await records.put("account", "lina", '{"role":"محرر"}')
    assert (first.name, first.value, first.version, first.expires_at) == (
        "lina",
        '{"role":"محرر"}',
        1,
        None,
    )
    second = await records.put("account", "lina", "two")
    assert second.version == 2
    assert await records.get("account", "lina") == second
    assert await records.get("session", "lina") is None
    assert await records.get("account", "sami") is None


async def test_a_record_is_only_replaced_by_who_saw_it(store: Store) -> None:
    records = store.records
    with pytest.raises(Conflict):
        await records.put("lease", "courier", "a", expected=1)
    await records.put("lease", "courier", "a", expected=0)
    with pytest.raises(Conflict):
        await records.put("lease", "courier", "b", expected=0)
    assert (await records.put("lease", "courier", "c", expected=1)).version == 2
    with pytest.raises(Conflict):
        await records.delete("lease", "courier", expected=1)
    assert (await records.get("lease", "courier")).value == "c"  # type: ignore[union-attr]
    assert await records.delete("lease", "courier", expected=2) is True
    assert await records.delete("lease", "courier") is False
    assert await records.get("lease", "courier") is None


async def test_of_many_who_want_a_lease_one_gets_it(store: Store) -> None:
    answers = await asyncio.gather(
        *(store.records.put("lease", "courier", f"{number}", expected=0) for number in range(20)),
        return_exceptions=True,
    )
    [won] = [answer for answer in answers if not isinstance(answer, BaseException)]
    assert sum(isinstance(answer, Conflict) for answer in answers) == 19
    assert await store.records.get("lease", "courier") == won


async def test_an_expired_record_is_not_there(store: Store) -> None:
    records = store.records
    now = await store.now()
    await records.put("session", "old", "x", expires_at=now - timedelta(seconds=1))
    kept = await records.put("session", "new", "y", expires_at=now + timedelta(hours=1))
    assert await records.get("session", "old") is None
    assert await records.all("session") == [kept]
    assert await records.delete("session", "old") is False
    assert (await records.put("session", "old", "again", expected=0)).value == "again"


async def test_a_record_disappears_when_its_time_has_come(store: Store) -> None:
    expires_at = await store.now() + timedelta(milliseconds=200)
    await store.records.put("session", "short", "x", expires_at=expires_at)
    async with asyncio.timeout(PATIENCE):
        while await store.records.get("session", "short"):  # noqa: ASYNC110 - only the store knows its time
            await asyncio.sleep(0.01)
    assert await store.now() >= expires_at


async def test_a_record_put_again_without_expiry_stays(store: Store) -> None:
    soon = await store.now() + timedelta(milliseconds=50)
    await store.records.put("session", "s", "x", expires_at=soon)
    await store.records.put("session", "s", "y")
    async with asyncio.timeout(PATIENCE):
        while await store.now() <= soon:  # noqa: ASYNC110 - only the store knows its time
            await asyncio.sleep(0.01)
    kept = await store.records.get("session", "s")
    assert kept is not None
    assert (kept.value, kept.expires_at) == ("y", None)


async def test_all_records_of_a_kind_come_by_name(store: Store) -> None:
    for name in ("b", "a:1", "c"):
        await store.records.put("token", name, name)
    await store.records.put("account", "z", "z")
    assert [record.name for record in await store.records.all("token")] == ["a:1", "b", "c"]
    assert await store.records.all("nothing") == []


# whispers


async def test_a_whisper_is_heard_in_its_order_and_kept_nowhere(desk: Desk, heard: Heard) -> None:
    before = await everything(desk)
    for word in ("هنا", "two\nlines", "three"):
        await desk.store.whisper(word)
    assert await heard.until_whispered(3) == ["هنا", "two\nlines", "three"]
    assert await everything(desk) == before


async def test_whoever_comes_later_hears_nothing_of_a_whisper_and_nobody_needs_to_listen(
    unopened: Callable[[], Store],
) -> None:
    deaf = unopened()
    await deaf.start()
    await deaf.whisper("too early")
    await deaf.aclose()
    heard, store = Heard(), unopened()
    await store.start(heard, heard.hear)
    try:
        await store.whisper("in time")
        assert await heard.until_whispered(1) == ["in time"]
    finally:
        await store.aclose()


# the store itself


async def test_a_reopened_store_has_everything_it_acknowledged(unopened: Callable[[], Store]) -> None:
    store = unopened()
    await store.start()
    desk = Desk(store)
    await desk.open()
    await desk.publish("u", breaking=True, key_event=True, key=Key("one", "print"))
    await desk.draft("d")
    record = await store.records.put("account", "lina", "x")
    before = await everything(desk)
    await store.aclose()
    again = unopened()
    await again.start()
    try:
        assert await everything(Desk(again)) == before
        assert await again.first_result("one") == FirstResult("print", "update:u")
        assert await again.records.get("account", "lina") == record
        [event] = await Desk(again).publish("v")
        assert event.offset == 3
    finally:
        await again.aclose()


async def test_a_healthy_store_complains_of_nothing_and_is_not_away(store: Store) -> None:
    assert await store.check() == []
    assert store.away is False


async def test_the_clock_of_the_store_knows_its_zone(store: Store) -> None:
    now = await store.now()
    assert now.tzinfo is UTC
    assert await store.now() >= now
