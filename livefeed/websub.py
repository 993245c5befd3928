"""WebSub: what a subscriber may ask of the hub, and how it is asked back and told. Pure.

Source: W3C Recommendation WebSub, 23 January 2018 (§5 subscribing, §6 denial, §7 content distribution,
§8 authenticated content distribution).
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal
from urllib.parse import unquote, urlencode, urlsplit

from livefeed.rubrics import Rubric

Mode = Literal["subscribe", "unsubscribe"]

SHORTEST_LEASE, DEFAULT_LEASE, LONGEST_LEASE = 300, 10 * 86400, 30 * 86400  # seconds
SECRET_LIMIT = 200  # bytes; §5.1 says "less than"

_TOPIC = re.compile(
    r"/(?:feeds/(?:breaking|(?P<sort>section|tag)s/(?P<name>[^/]+))|live/(?P<slug>[^/]+)/(?P<stem>breaking|updates))"
    r"\.(?P<form>rss|atom|json)"
)


class HubRefused(ValueError):
    """A request that the hub does not take; `field` is the parameter, the message a sentence, `limit` what is
    taken instead of `value`."""

    def __init__(self, field: str, sentence: str, *, value: str, limit: int | str) -> None:
        super().__init__(sentence)
        self.field = field
        self.value = value
        self.limit = limit


@dataclass(frozen=True, slots=True)
class Topic:
    """A feed that can be subscribed to: of the coverage `slug`, of a rubric, or else of the site."""

    slug: str | None
    breaking_only: bool
    form: Literal["rss", "atom", "json"]
    rubric: Rubric | None = None

    @classmethod
    def parse(cls, url: str, base_url: str) -> Topic | None:
        """The topic at an address of the site, or None."""
        path = url.removeprefix(base_url)
        found = _TOPIC.fullmatch(path) if url.startswith(base_url) else None
        if found is None:
            return None
        form, slug, name = found["form"], found["slug"], found["name"]
        if name is None:
            return cls(slug and unquote(slug), found["stem"] != "updates", form)  # type: ignore[arg-type]  # the pattern lets no other in
        rubric = Rubric.of(found["sort"], unquote(name))  # type: ignore[arg-type]  # as above
        # Each feed is one topic: under another spelling of its address nobody would be told of a push.
        return cls(None, False, form, rubric) if f"{rubric.path}.{form}" == path else None  # type: ignore[arg-type]  # as above


@dataclass(frozen=True, slots=True)
class Intent:
    """What somebody says a subscriber wants. Nothing comes of it until the callback agrees."""

    mode: Mode
    callback: str
    topic: str
    secret: str
    lease: int

    @property
    def name(self) -> str:
        """The same for every request about this callback and topic: the last one counts."""
        return subscription_name(self.callback, self.topic)

    def question(self, challenge: str) -> str:
        """The address to ask the callback at (§5.3). Its own query stays as it is, in front."""
        asked = {"hub.mode": self.mode, "hub.topic": self.topic, "hub.challenge": challenge}
        if self.mode == "subscribe":
            asked["hub.lease_seconds"] = str(self.lease)
        return f"{self.callback}{'&' if urlsplit(self.callback).query else '?'}{urlencode(asked)}"


@dataclass(frozen=True, slots=True)
class Mark:
    """One entry of a feed, for comparing: `id` and `state` are digests, `updated` is in Unix seconds."""

    id: str
    state: str
    updated: float


@dataclass(frozen=True, slots=True)
class Known:
    """What a subscriber has of a feed: the state of each entry by its id, and when the last one changed."""

    states: Mapping[str, str] = field(default_factory=dict)
    updated: float = 0.0

    def missing(self, marks: Sequence[Mark]) -> tuple[str, ...]:
        """The ids of the entries in a feed of `marks`, newest first, that the subscriber has not got.

        One that is older than all that is known and did not change is not new: it came back into the feed
        because another one left it.
        """
        places = [place for place, mark in enumerate(marks) if mark.id in self.states]
        oldest = places[-1] if places else len(marks)
        return tuple(
            mark.id
            for place, mark in enumerate(marks)
            if self.states.get(mark.id) != mark.state
            and (mark.id in self.states or place < oldest or mark.updated > self.updated)
        )

    def after(self, marks: Sequence[Mark]) -> Known:
        """What the subscriber has once it was sent what was missing."""
        changed = max((mark.updated for mark in marks), default=0.0)
        return Known({mark.id: mark.state for mark in marks}, max(self.updated, changed))


@dataclass(frozen=True, slots=True)
class Subscription:
    """A callback that agreed. `known` is the topic at that time: what comes later is pushed."""

    callback: str
    topic: str
    secret: str
    expires_at: datetime
    known: Known

    @property
    def name(self) -> str:
        return subscription_name(self.callback, self.topic)


def subscription_name(callback: str, topic: str) -> str:
    """The name that a subscription is kept under: (topic, callback) is its key (§5.1)."""
    return hashlib.sha256(f"{callback}\n{topic}".encode(errors="replace")).hexdigest()[:32]


def parse_intent(parameters: Mapping[str, str]) -> Intent:
    """The request in a form. What the hub does not know is ignored (§5.1). Raises `HubRefused`."""
    mode = parameters.get("hub.mode", "")
    if mode not in {"subscribe", "unsubscribe"}:
        sentence = f"hub.mode is {mode[:40]!r}; subscribe and unsubscribe are taken"
        raise HubRefused("hub.mode", sentence, value=mode, limit="subscribe or unsubscribe")
    for name in ("hub.callback", "hub.topic"):
        if not parameters.get(name):
            raise HubRefused(name, f"{name} is missing", value="", limit="an address")
    secret = parameters.get("hub.secret", "")
    size = len(secret.encode(errors="replace"))
    if size >= SECRET_LIMIT:
        # A secret is not told back to whoever reads the answer.
        sentence = f"hub.secret has {size} bytes; it must have less than {SECRET_LIMIT}"
        raise HubRefused("hub.secret", sentence, value=f"{size} bytes", limit=SECRET_LIMIT - 1)
    text = parameters.get("hub.lease_seconds") or str(DEFAULT_LEASE)
    if not (text.isascii() and text.isdigit() and len(text) <= 20):
        sentence = f"hub.lease_seconds is {text[:40]!r}; a number is taken"
        raise HubRefused("hub.lease_seconds", sentence, value=text, limit="a number of seconds")
    lease = min(max(int(text), SHORTEST_LEASE), LONGEST_LEASE)
    mode_taken: Mode = "subscribe" if mode == "subscribe" else "unsubscribe"
    return Intent(mode_taken, parameters["hub.callback"], parameters["hub.topic"], secret, lease)


def push_headers(subscription: Subscription, hub: str, content_type: str, body: bytes) -> dict[str, str]:
    """The headers of a push (§7, §8)."""
    headers = {
        "Content-Type": content_type,
        "Link": f'<{hub}>; rel="hub", <{subscription.topic}>; rel="self"',
        # The same when a crash has it sent again.
        "Livefeed-Delivery": hashlib.sha256(body).hexdigest()[:32],
    }
    if subscription.secret:
        digest = hmac.new(subscription.secret.encode(errors="replace"), body, hashlib.sha256)
        headers["X-Hub-Signature"] = f"sha256={digest.hexdigest()}"
    return headers
