"""The desk's pages about coverages and their updates."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime

from livefeed.audience import Audience
from livefeed.model import Coverage, Status, Update
from livefeed.notes import Note
from livefeed.pages.amendments import shortened_differences
from livefeed.pages.history import steps_of
from livefeed.pages.rendering import Rendering
from livefeed.roles import Editor
from livefeed.signatures import Signature
from livefeed.standing import Standing
from livefeed.store import Revision
from livefeed.timeline import Front, SiteFront


@dataclass(frozen=True, slots=True)
class Panels:
    """What a desk works through: updates that are not published yet or were retracted, and notes.

    `retracted_before` is set for other than the newest retracted ones, and `more_retracted` when there are
    older ones than those. `authors` are the names of who wrote them, by account, for those who see other
    people's.
    """

    updates: tuple[Update, ...]
    notes: tuple[Note, ...]
    retracted_before: str | None = None
    more_retracted: bool = False
    authors: Mapping[str, str] = field(default_factory=dict)

    @property
    def stamp(self) -> Hashable:
        """Another one after every change of any of it."""
        updates = tuple((update.id, update.version) for update in self.updates)
        notes = tuple((note.id, note.version) for note in self.notes)
        return updates, notes, self.more_retracted


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a form was not taken, in the facts that its sentence is made of.

    `kind` is the problem's type and `field` the one that it is about, if it is about one: it was `empty`,
    more than `most`, or now `stands` otherwise, because somebody else changed it.
    """

    status: int
    kind: str = ""
    field: str = ""
    empty: bool = False
    most: int | None = None
    stands: str = ""


class CoverageDeskPages(Rendering):
    """Renders them in the language of who asks; a preview in its coverage's."""

    def desk_index(self, site: SiteFront, editor: Editor, *, has_password: bool = True) -> str:
        """The coverages an editor may work on, the newest first; who has no password yet is told."""
        return self._at_desk(
            "desk_index.html",
            editor,
            coverages=[coverage for coverage in reversed(site.coverages) if not coverage.archived_at],
            archived=[coverage for coverage in reversed(site.coverages) if coverage.archived_at],
            has_password=has_password,
        )

    def desk_page(
        self,
        front: Front,
        panels: Panels,
        editor: Editor,
        *,
        signature: Signature,
        hold: float,
        breaking_hold: float,
        body_bytes: int,
        nonce: str,
    ) -> str:
        """The composer beside the live stream, and the panels.

        A new update begins with `signature`. `hold` and `breaking_hold` are the seconds in which one can be
        taken back, `body_bytes` is the longest text; `nonce` allows the style sheets that the rich-text
        editor writes by itself.
        """
        return self._desk(
            "desk.html",
            front,
            panels,
            editor,
            signature=asdict(signature),
            hold=hold,
            breaking_hold=breaking_hold,
            body_bytes=body_bytes,
            nonce=nonce,
            **self._stream(front),
        )

    def desk_panels(self, front: Front, panels: Panels, editor: Editor) -> str:
        """The panels alone, for a desk that is open. Of `editor` they show what the role and the language
        are, and whose notes are their own."""
        return self._desk("desk_parts.html", front, panels, editor, front=front, coverage=front.coverage)

    def _desk(self, template: str, at: Front, panels: Panels, editor: Editor, /, **values: object) -> str:
        return self._at_desk(
            template,
            editor,
            slug=at.coverage.slug,
            account=editor.account,
            notes=panels.notes,
            panel_entries=_by_status(panels.updates),
            retracted_before=panels.retracted_before,
            more_retracted=panels.more_retracted,
            authors=panels.authors,
            **values,
        )

    def running_part(
        self,
        front: Front,
        audience: Audience,
        editor: Editor,
        *,
        closing: datetime | None,
        standing: Standing | None,
    ) -> str:
        """How a coverage runs now, for the desk's page: who reads and what has reached them, when silence
        closes it (None while nobody is to be warned), and how its deliveries stand."""
        return self._at_desk(
            "desk_running.html",
            editor,
            slug=front.coverage.slug,
            front=front,
            coverage=front.coverage,
            audience=audience,
            closing=closing,
            standing=standing,
        )

    def coverage_form_page(
        self,
        coverage: Coverage | None,
        texts: Mapping[str, str],
        editor: Editor,
        *,
        key: str,
        seen: str = "",
        patterns: Sequence[Coverage] = (),
        refusal: Refusal | None = None,
    ) -> str:
        """A form in whose fields `texts` stand: for `coverage`, or (None) a new one, which may begin like one
        of `patterns`. `key` makes one write of it, however often it is sent; `seen` comes back with it."""
        return self._at_desk(
            "desk_coverage.html",
            editor,
            coverage=coverage,
            slug=coverage.slug if coverage else "",
            texts=texts,
            key=key,
            seen=seen,
            patterns=patterns,
            refusal=refusal,
        )

    def history_page(
        self, coverage: Coverage, update: Update, history: Sequence[Revision], editor: Editor
    ) -> str:
        """Who did what to an update, newest first, from its history, oldest first."""
        return self._at_desk(
            "desk_history.html",
            editor,
            slug=coverage.slug,
            coverage=coverage,
            update=update,
            steps=steps_of(history),
        )

    def comparison_part(self, coverage: Coverage, saved: Revision, mine: Update, editor: Editor) -> str:
        """What the words of `mine` would change of an update as it was last `saved`."""
        stands = saved.update
        return self._at_desk(
            "desk_comparison.html",
            editor,
            coverage=coverage,
            saved=saved,
            headline=shortened_differences(stands.headline, mine.headline, stands.direction),
            text=shortened_differences(stands.text, mine.text, stands.direction),
        )

    def preview_page(self, coverage: Coverage, update: Update) -> str:
        """An update that is still being written, as readers would see it."""
        return self._render("desk_preview.html", coverage.language, coverage=coverage, update=update)


def _by_status(updates: Iterable[Update]) -> dict[Status, list[Update]]:
    found: dict[Status, list[Update]] = {status: [] for status in Status}
    for update in updates:
        found[update.status].append(update)
    return found
