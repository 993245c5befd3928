"""What the hub takes, and how it asks back."""

from __future__ import annotations

import hashlib
import hmac
from datetime import UTC, datetime
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from livefeed.rubrics import Rubric
from livefeed.websub import (
    DEFAULT_LEASE,
    LONGEST_LEASE,
    SHORTEST_LEASE,
    HubRefused,
    Known,
    Mark,
    Subscription,
    Topic,
    parse_intent,
    push_headers,
)

BASE = "https://live.example.org"
NEWS = Rubric("section", "أخبار")
REQUEST = {
    "hub.mode": "subscribe",
    "hub.callback": "https://reader.example.net/in",
    "hub.topic": f"{BASE}/feeds/breaking.rss",
}


@pytest.mark.parametrize(
    ("asked", "granted"),
    [
        ("", DEFAULT_LEASE),
        ("0", SHORTEST_LEASE),
        ("1", SHORTEST_LEASE),
        ("86400", 86400),
        (str(1_000_000 * 86400), LONGEST_LEASE),
        ("9" * 20, LONGEST_LEASE),
    ],
)
def test_a_lease_is_bounded_and_never_perpetual(asked: str, granted: int) -> None:
    assert parse_intent({**REQUEST, "hub.lease_seconds": asked}).lease == granted


@pytest.mark.parametrize(
    ("parameters", "field", "wrong"),
    [
        ({"hub.mode": ""}, "hub.mode", "subscribe and unsubscribe"),
        ({"hub.mode": "publish"}, "hub.mode", "publish"),
        ({"hub.callback": ""}, "hub.callback", "missing"),
        ({"hub.topic": ""}, "hub.topic", "missing"),
        ({"hub.secret": "s" * 200}, "hub.secret", "200 bytes"),
        ({"hub.secret": "س" * 100}, "hub.secret", "200 bytes"),
        ({"hub.lease_seconds": "-1"}, "hub.lease_seconds", "a number"),
        ({"hub.lease_seconds": "ten"}, "hub.lease_seconds", "'ten'"),
        ({"hub.lease_seconds": "٣٠٠"}, "hub.lease_seconds", "a number"),
        ({"hub.lease_seconds": "1" * 21}, "hub.lease_seconds", "a number"),
    ],
)
def test_a_wrong_parameter_is_named(parameters: dict[str, str], field: str, wrong: str) -> None:
    with pytest.raises(HubRefused, match=wrong) as refused:
        parse_intent(REQUEST | parameters)
    assert refused.value.field == field


def test_the_longest_secret_and_unknown_parameters_are_taken() -> None:
    intent = parse_intent({**REQUEST, "hub.secret": "s" * 199, "hub.verify": "sync", "foo": "bar"})
    assert intent.secret == "s" * 199


@pytest.mark.parametrize("query", ["", "?a=%2F&b", "?a=1&a=2"])
def test_the_callbacks_own_query_stays_in_front(query: str) -> None:
    callback = f"https://reader.example.net/in{query}"
    url = parse_intent({**REQUEST, "hub.callback": callback}).question("c&d")
    assert url.startswith(callback + ("&" if query else "?"))
    asked = parse_qs(urlsplit(url).query)
    assert asked["hub.challenge"] == ["c&d"]
    assert asked["hub.topic"] == [REQUEST["hub.topic"]]
    assert asked["hub.lease_seconds"] == [str(DEFAULT_LEASE)]


@pytest.mark.parametrize(
    ("path", "topic"),
    [
        ("/feeds/breaking.rss", Topic(None, True, "rss")),
        ("/live/storm/updates.atom", Topic("storm", False, "atom")),
        ("/live/%D8%A5%D8%AF%D9%84%D8%A8/breaking.json", Topic("إدلب", True, "json")),
        (
            "/feeds/sections/%D8%A3%D8%AE%D8%A8%D8%A7%D8%B1.rss",
            Topic(None, False, "rss", NEWS),
        ),
        ("/feeds/tags/a%2Fb.rss.atom", Topic(None, False, "atom", Rubric("tag", "a/b.rss"))),
        ("/feeds/tags/A.atom", None),
        ("/feeds/tags/.atom", None),
        ("/feeds/authors/a.atom", None),
        ("/live/storm", None),
        ("/live/storm/updates.xml", None),
        ("/live/a/b/updates.rss", None),
        ("/feeds/breaking.rss?x=1", None),
        ("", None),
    ],
)
def test_only_feeds_of_the_site_are_topics(path: str, topic: Topic | None) -> None:
    assert Topic.parse(BASE + path, BASE) == topic
    assert Topic.parse("https://live.example.org.evil.example" + path, BASE) is None


def test_a_push_is_signed_when_a_secret_was_given_and_says_whose_it_is() -> None:
    kept = Subscription("https://r.example/", f"{BASE}/feeds/breaking.rss", "سر", datetime.now(UTC), Known())
    headers = push_headers(kept, f"{BASE}/hub", "application/rss+xml", b"body")
    digest = hmac.new("سر".encode(), b"body", hashlib.sha256).hexdigest()
    assert headers["X-Hub-Signature"] == f"sha256={digest}"
    assert headers["Link"] == f'<{BASE}/hub>; rel="hub", <{BASE}/feeds/breaking.rss>; rel="self"'
    # A push that a crash had sent twice is known by its id; another one has another.
    ids = [push_headers(kept, BASE, "text/xml", body)["Livefeed-Delivery"] for body in (b"a", b"a", b"b")]
    assert ids[0] == ids[1] != ids[2]
    unsigned = Subscription(kept.callback, kept.topic, "", kept.expires_at, Known())
    assert "X-Hub-Signature" not in push_headers(unsigned, BASE, "text/xml", b"body")


def marks(*entries: tuple[str, str, float]) -> list[Mark]:
    return [Mark(*entry) for entry in entries]


def test_what_is_new_or_changed_is_missing_and_nothing_is_after_it_was_sent() -> None:
    known = Known().after(marks(("b", "1", 2), ("a", "1", 1)))
    feed = marks(("c", "1", 3), ("b", "2", 4), ("a", "1", 1))
    assert known.missing(feed) == ("c", "b")
    assert known.after(feed).missing(feed) == ()


def test_an_entry_that_came_back_because_another_left_is_not_missing() -> None:
    known = Known().after(marks(("c", "1", 3), ("b", "1", 2)))
    assert known.missing(marks(("b", "1", 2), ("a", "1", 1))) == ()
    # A change of an entry that had left is one all the same.
    assert known.missing(marks(("b", "1", 2), ("a", "2", 4))) == ("a",)


def test_whoever_was_away_so_long_that_all_is_unknown_misses_all() -> None:
    assert Known().missing(marks(("b", "1", 2), ("a", "1", 1))) == ("b", "a")
    known = Known().after(marks(("a", "1", 9)))
    assert known.missing(marks(("c", "1", 3), ("b", "1", 2))) == ("c", "b")


@given(
    st.lists(
        st.tuples(st.sampled_from(["publish", "change"]), st.integers(0, 30), st.booleans()), max_size=60
    ),
    st.integers(1, 6),
)
def test_whatever_is_written_a_subscriber_ends_with_the_feed_and_gets_each_state_once(
    writes: list[tuple[str, int, bool]], window: int
) -> None:
    feed: list[Mark] = []
    known, got = Known(), {}
    sent: list[tuple[str, str]] = []
    for now, (verb, place, reachable) in enumerate(writes, 1):
        if verb == "publish" or not feed:
            feed.insert(0, Mark(f"{now}", "0", now))
        else:
            old = feed[place % min(len(feed), window)]
            feed[feed.index(old)] = Mark(old.id, f"{now}", now)
        if reachable:
            shown = feed[:window]
            missing = known.missing(shown)
            sent += [(mark.id, mark.state) for mark in shown if mark.id in missing]
            got |= {mark.id: mark.state for mark in shown if mark.id in missing}
            known = known.after(shown)
            assert all(got[mark.id] == mark.state for mark in shown)
    assert len(sent) == len(set(sent))
