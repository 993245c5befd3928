"""Whose feeds they are, and how that house puts an update and its own words."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from livefeed.feeds.galleys import NONE, Galleys
from livefeed.model import Update


@dataclass(frozen=True, slots=True)
class FeedWords:
    """What a feed says by itself, in one language."""

    withdrawn: str  # the title of a retracted update: «سُحب هذا التحديث»
    withdrawn_note: str  # what stands in it when the desk gave no public note
    breaking: str
    key_event: str
    correction: str
    corrected_update: str  # the link from a correction to what it corrects: «التحديث بعد تصحيحه»


@dataclass(frozen=True, slots=True)
class Publisher:
    """A site as its feeds know it.

    base_url   where it is, without a slash at the end
    title      what it is called; may be empty
    language   that of feeds which no coverage gives one
    fragment   the HTML of an update, with absolute addresses; never asked for a retracted one
    words      the words of a language
    hubs       where its feeds are pushed from
    galleys    what was set before
    """

    base_url: str
    title: str
    language: str
    fragment: Callable[[Update], str]
    words: Callable[[str], FeedWords]
    hubs: tuple[str, ...] = ()
    galleys: Galleys = NONE
