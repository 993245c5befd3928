"""Why the newsroom says no. Each is a sentence for the editor; a refused verb changes nothing."""

from __future__ import annotations

from livefeed.model import Update


class Refused(Exception):
    """The newsroom did not do it."""


class Unknown(Refused):
    """There is no such coverage, update or picture."""


class NoCoverage(Unknown):
    """There is no coverage of that slug."""

    def __init__(self, slug: str) -> None:
        super().__init__(f"There is no coverage {slug!r}.")


class NoUpdate(Unknown):
    """There is no update of that id in the coverage, or none that whoever asks may see."""

    def __init__(self, slug: str, id: str) -> None:
        super().__init__(f"There is no update {id[:64]!r} in the coverage {slug!r}.")


class Forbidden(Refused):
    """This person may not do that."""


class NotNow(Refused):
    """It does not fit the state that the update or coverage is in."""


class Closed(NotNow):
    """The coverage takes no new updates."""

    def __init__(self, slug: str) -> None:
        super().__init__(f"The coverage {slug!r} is closed and takes no new updates. Reopen it first.")


class SlugTaken(NotNow):
    """There is a coverage of that slug already."""

    def __init__(self, slug: str) -> None:
        super().__init__(f"There is a coverage {slug!r} already. Choose another slug.")


class Stale(Refused):
    """The editor decided on an older revision; `current` is what there is now."""

    def __init__(self, current: Update, asked: int) -> None:
        super().__init__(
            f"You changed revision {asked}, but revision {current.revision} is the current one. "
            "Look at it and try again."
        )
        self.current = current


class Invalid(Refused):
    """A field's value cannot be taken. `limit` is what can: a number, or words."""

    def __init__(self, field: str, sentence: str, *, value: str, limit: int | str) -> None:
        super().__init__(sentence)
        self.field = field
        self.value = value
        self.limit = limit


class KeyMisused(Refused):
    """The idempotency key stands for another request."""
