"""How an editor signs: byline, dateline and place of the last update they wrote, on whatever device.

Nothing is kept for it. The audit log knows what an editor added, and the update what it was signed with: a
record beside them could only disagree, and would be one more write behind every post.
"""

from __future__ import annotations

from dataclasses import dataclass

from livefeed.audit import Act, Search
from livefeed.model import Status
from livefeed.roles import Editor
from livefeed.store import Store

LOOKED_AT = 100  # of an editor's last acts; who did so much since has another story's name at hand by now


@dataclass(frozen=True, slots=True)
class Signature:
    """What an update is signed with; empty where nothing is known."""

    byline: tuple[str, ...] = ()
    dateline: str = ""
    place: str = ""


async def signature_of(store: Store, editor: Editor, slug: str) -> Signature:
    """The signature of the last update that `editor` wrote in a coverage; where they wrote none, the byline
    of their last one anywhere: another story is another place. Raises the store's errors."""
    byline: tuple[str, ...] | None = None
    for entry in await store.acts(Search(by=editor.name), limit=LOOKED_AT):
        act = entry.act
        if not _signed(act, editor) or not (act.coverage == slug or byline is None):
            continue
        update = await store.update(act.subject.partition(":")[2])
        if update is None or update.status is Status.RETRACTED:  # what it was signed with is gone
            continue
        if act.coverage == slug:
            return Signature(update.byline, update.dateline, update.place)
        byline = update.byline
    return Signature(byline or ())


def _signed(act: Act, editor: Editor) -> bool:
    # Added, by nobody of the same name, with a byline that was handed in, be it empty: what a program posts
    # with an editor's token need not be signed, and says nothing of how they sign.
    return act.revision == 1 and act.account == editor.account and "byline" in act.changed
