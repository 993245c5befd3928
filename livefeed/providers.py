"""Providers: whose posts can be shown in a frame of theirs, and by which address.

The addresses of frames are made here, from the few letters that name a post, and never taken from anybody;
`FRAME_ORIGINS` is what the security policy of pages lets be framed. None of them is asked for anything before
a reader wants to see it.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import NamedTuple
from urllib.parse import parse_qs, quote, urlsplit


class Shape(StrEnum):
    """The room that a frame needs: a picture lying or standing, a post of some length, a strip of sound."""

    WIDE = "wide"
    TALL = "tall"
    POST = "post"
    STRIP = "strip"


@dataclass(frozen=True, slots=True)
class Player:
    """How the post behind an address is shown: by whom, in which frame, of which shape."""

    provider: str
    frame: str
    shape: Shape


class _Address(NamedTuple):
    url: str
    query: dict[str, list[str]]


class _Rule(NamedTuple):
    provider: str
    hosts: tuple[str, ...]
    path: str
    shape: Shape
    frame: Callable[[re.Match[str], _Address], str]


@lru_cache(1000)  # the same posts are rendered again and again
def player_of(url: str) -> Player | None:
    """How to show what is at `url`; None when nobody that is known here has it."""
    try:
        parts = urlsplit(url)
        address = _Address(url, parse_qs(parts.query, max_num_fields=50))
    except ValueError:
        return None
    if parts.scheme not in {"http", "https"}:
        return None
    host = _host(url)
    for rule in _RULES:
        found = re.fullmatch(rule.path, parts.path, re.ASCII) if host in rule.hosts else None
        if found and (frame := rule.frame(found, address)):
            return Player(rule.provider, frame, rule.shape)
    return None


def provider_of(url: str) -> str:
    """The provider's name, or else the host that the address names."""
    player = player_of(url)
    return player.provider if player else _host(url)


def _host(url: str) -> str:
    host = (urlsplit(url).hostname or "").lower()
    return re.sub(r"^(www|m|mobile|music|vm|web)\.(?=[^.]+\.)", "", host)


_YOUTUBE_ID = re.compile(r"[\w-]{11}", re.ASCII)


def _youtube(found: re.Match[str], address: _Address) -> str:
    """The id is in the path, or in the query."""
    id = found[1] if found.re.groups else address.query.get("v", [""])[0]
    if not _YOUTUBE_ID.fullmatch(id):
        return ""
    asked = (address.query.get("t") or address.query.get("start") or [""])[0]
    start = re.fullmatch(r"(\d{1,6})s?", asked, re.ASCII)
    return f"https://www.youtube-nocookie.com/embed/{id}" + (f"?start={start[1]}" if start else "")


def _vimeo(found: re.Match[str], _: _Address) -> str:
    """A video that is not listed has a second part, its key."""
    return f"https://player.vimeo.com/video/{found[1]}?dnt=1" + (f"&h={found[2]}" if found[2] else "")


def _facebook(plugin: str) -> Callable[[re.Match[str], _Address], str]:
    return lambda _, address: (
        f"https://www.facebook.com/plugins/{plugin}.php?href={quote(address.url, safe='')}&show_text=true"
    )


_YOUTUBE_HOSTS = ("youtube.com", "youtube-nocookie.com")
_RULES = (
    _Rule("YouTube", _YOUTUBE_HOSTS, "/watch", Shape.WIDE, _youtube),
    _Rule("YouTube", _YOUTUBE_HOSTS, "/(?:embed|live)/([^/]+)/?", Shape.WIDE, _youtube),
    _Rule("YouTube", _YOUTUBE_HOSTS, "/shorts/([^/]+)/?", Shape.TALL, _youtube),
    _Rule("YouTube", ("youtu.be",), "/([^/]+)/?", Shape.WIDE, _youtube),
    _Rule(
        "Vimeo",
        ("vimeo.com", "player.vimeo.com"),
        r"/(?:video/)?(\d{1,12})(?:/([0-9a-f]{6,20}))?/?",
        Shape.WIDE,
        lambda found, _: (
            f"https://player.vimeo.com/video/{found[1]}?dnt=1" + (f"&h={found[2]}" if found[2] else "")
        ),
    ),
    _Rule(
        "Dailymotion",
        ("dailymotion.com", "dai.ly"),
        "/(?:video/)?([0-9A-Za-z]{5,12})/?",
        Shape.WIDE,
        lambda found, _: f"https://geo.dailymotion.com/player.html?video={found[1]}",
    ),
    _Rule(
        "X",
        ("x.com", "twitter.com"),
        r"/(?:\w{1,20}|i/web)/status/(\d{1,20})(?:/.*)?",
        Shape.POST,
        lambda found, _: f"https://platform.twitter.com/embed/Tweet.html?id={found[1]}&dnt=true",
    ),
    _Rule(
        "Telegram",
        ("t.me", "telegram.me"),
        r"/(?:s/)?(\w{4,32})/(\d{1,10})/?",
        Shape.POST,
        lambda found, _: f"https://t.me/{found[1]}/{found[2]}?embed=1",
    ),
    _Rule(
        "Instagram",
        ("instagram.com",),
        r"/(?:[\w.]+/)?(?:p|reel|tv)/([\w-]{5,40})/?",
        Shape.POST,
        lambda found, _: f"https://www.instagram.com/p/{found[1]}/embed/captioned/",
    ),
    _Rule(
        "TikTok",
        ("tiktok.com",),
        r"/@[\w.]+/video/(\d{5,25})/?",
        Shape.TALL,
        lambda found, _: f"https://www.tiktok.com/player/v1/{found[1]}",
    ),
    _Rule(
        "Facebook",
        ("facebook.com", "fb.watch"),
        r"/(?:watch/?|reel/\d+/?|[^/]+/videos/.+|\w+/)",
        Shape.WIDE,
        _facebook("video"),
    ),
    _Rule(
        "Facebook",
        ("facebook.com",),
        r"/(?:[^/]+/posts/.+|[^/]+/photos/.+|permalink\.php|story\.php|photo(?:\.php|/)?|groups/.+|share/.+)",
        Shape.POST,
        _facebook("post"),
    ),
    _Rule(
        "SoundCloud",
        ("soundcloud.com",),
        r"/[\w-]+/(?:sets/)?[\w-]+/?",
        Shape.STRIP,
        lambda _, at: f"https://w.soundcloud.com/player/?url={quote(at.url, safe='')}",
    ),
)

FRAME_ORIGINS = (
    "https://www.youtube-nocookie.com",
    "https://player.vimeo.com",
    "https://geo.dailymotion.com",
    "https://platform.twitter.com",
    "https://t.me",
    "https://www.instagram.com",
    "https://www.tiktok.com",
    "https://www.facebook.com",
    "https://w.soundcloud.com",
)
"""What pages may frame."""
