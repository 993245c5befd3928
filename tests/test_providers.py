"""Whose posts can be framed, by which addresses: made here, and never what somebody wrote."""

from __future__ import annotations

from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from livefeed.providers import FRAME_ORIGINS, Shape, player_of, provider_of

KNOWN = [
    (
        "https://www.youtube.com/watch?v=dQw4w9WgXcQ",
        "YouTube",
        "https://www.youtube-nocookie.com/embed/dQw4w9WgXcQ",
    ),
    (
        "https://youtu.be/dQw4w9WgXcQ?t=42s",
        "YouTube",
        "https://www.youtube-nocookie.com/embed/dQw4w9WgXcQ?start=42",
    ),
    (
        "https://m.youtube.com/live/dQw4w9WgXcQ",
        "YouTube",
        "https://www.youtube-nocookie.com/embed/dQw4w9WgXcQ",
    ),
    (
        "https://youtube.com/shorts/dQw4w9WgXcQ",
        "YouTube",
        "https://www.youtube-nocookie.com/embed/dQw4w9WgXcQ",
    ),
    ("https://vimeo.com/76979871", "Vimeo", "https://player.vimeo.com/video/76979871?dnt=1"),
    (
        "https://vimeo.com/76979871/0a1b2c3d4e",
        "Vimeo",
        "https://player.vimeo.com/video/76979871?dnt=1&h=0a1b2c3d4e",
    ),
    (
        "https://x.com/marsa_news/status/20",
        "X",
        "https://platform.twitter.com/embed/Tweet.html?id=20&dnt=true",
    ),
    (
        "https://mobile.twitter.com/a/status/20?s=20",
        "X",
        "https://platform.twitter.com/embed/Tweet.html?id=20&dnt=true",
    ),
    ("https://t.me/marsa_news/7", "Telegram", "https://t.me/marsa_news/7?embed=1"),
    ("https://t.me/s/marsa_news/7", "Telegram", "https://t.me/marsa_news/7?embed=1"),
    (
        "https://www.instagram.com/reel/CxYz_-12345/",
        "Instagram",
        "https://www.instagram.com/p/CxYz_-12345/embed/captioned/",
    ),
    (
        "https://www.tiktok.com/@marsa/video/7106594312292453675",
        "TikTok",
        "https://www.tiktok.com/player/v1/7106594312292453675",
    ),
    ("https://dai.ly/x8abcd", "Dailymotion", "https://geo.dailymotion.com/player.html?video=x8abcd"),
    (
        "https://www.facebook.com/marsa/posts/10?a=b&c",
        "Facebook",
        "https://www.facebook.com/plugins/post.php?href="
        "https%3A%2F%2Fwww.facebook.com%2Fmarsa%2Fposts%2F10%3Fa%3Db%26c&show_text=true",
    ),
    (
        "https://www.facebook.com/marsa/videos/10/",
        "Facebook",
        "https://www.facebook.com/plugins/video.php?href="
        "https%3A%2F%2Fwww.facebook.com%2Fmarsa%2Fvideos%2F10%2F&show_text=true",
    ),
    (
        "https://soundcloud.com/marsa/news",
        "SoundCloud",
        "https://w.soundcloud.com/player/?url=https%3A%2F%2Fsoundcloud.com%2Fmarsa%2Fnews",
    ),
]


@pytest.mark.parametrize(("url", "provider", "frame"), KNOWN, ids=[url for url, _, _ in KNOWN])
def test_a_known_post_has_a_frame_of_its_provider(url: str, provider: str, frame: str) -> None:
    player = player_of(url)
    assert player
    assert (player.provider, player.frame) == (provider, frame)
    assert provider_of(url) == provider


@pytest.mark.parametrize(
    "url",
    [
        "https://example.org/watch?v=dQw4w9WgXcQ",
        "https://www.youtube.com/",
        "https://www.youtube.com/watch?v=short",
        "https://www.youtube.com/watch?v=dQw4w9WgXcQ%22onload=",
        "https://www.youtube.com.example.org/watch?v=dQw4w9WgXcQ",
        "https://example.org@www.youtube.com.example.org/watch?v=dQw4w9WgXcQ",
        "https://notyoutube.com/watch?v=dQw4w9WgXcQ",
        "https://t.me/joinchat",
        "https://t.me/marsa/٧",
        "https://x.com/marsa",
        "javascript:alert(1)//youtu.be/dQw4w9WgXcQ",
        "https://[",
        "",
    ],
)
def test_whatever_else_has_none(url: str) -> None:
    assert player_of(url) is None


@given(
    known=st.sampled_from([url for url, _, _ in KNOWN]),
    at=st.integers(0, 100),
    put=st.text("/?&#=%\"'<>:@.\\ \n;abc012٣ن", max_size=6),
)
def test_no_address_leads_a_frame_elsewhere(known: str, at: int, put: str) -> None:
    player = player_of(known[:at] + put + known[at:])
    if player is not None:
        assert any(player.frame.startswith(f"{origin}/") for origin in FRAME_ORIGINS)
        assert player.frame.isascii()
        assert not set(player.frame) & set("\"'<> \n\\")


def test_every_origin_that_may_be_framed_is_one_that_a_rule_frames() -> None:
    used = {"https://" + urlsplit(player.frame).netloc for url, _, _ in KNOWN if (player := player_of(url))}
    assert used == set(FRAME_ORIGINS)


def test_shapes_are_those_of_what_is_shown() -> None:
    shapes = {url: player.shape for url, _, _ in KNOWN if (player := player_of(url))}
    assert shapes["https://youtu.be/dQw4w9WgXcQ?t=42s"] is Shape.WIDE
    assert shapes["https://youtube.com/shorts/dQw4w9WgXcQ"] is Shape.TALL
    assert shapes["https://t.me/marsa_news/7"] is Shape.POST
    assert shapes["https://soundcloud.com/marsa/news"] is Shape.STRIP


@pytest.mark.parametrize(
    ("url", "name"),
    [("https://www.example.org/a", "example.org"), ("https://Live.Example.org:81/", "live.example.org")],
)
def test_an_unknown_provider_is_called_by_its_host(url: str, name: str) -> None:
    assert provider_of(url) == name
