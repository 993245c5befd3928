"""Every write of the JSON API as a table: address, least role, form, verb, status.

The door (`writes`) and the documentation (`openapi`) are both made from it, so a route that is not in it does
not exist, and one that is in it is documented.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Literal

from livefeed.forms import (
    CorrectionForm,
    CoverageChanges,
    CoverageForm,
    EmptyForm,
    Form,
    PublicationForm,
    RetractionForm,
    SubmissionForm,
    UpdateChanges,
    UpdateForm,
)
from livefeed.model import Status
from livefeed.newsroom import Newsroom, Written, permit_addition
from livefeed.roles import Editor, Role
from livefeed.store import Key


@dataclass(frozen=True, slots=True)
class Asked:
    """What a verb needs of its request; `revision` None means that any will do."""

    newsroom: Newsroom
    slug: str
    id: str
    by: Editor
    key: Key
    revision: int | None


Verb = Callable[[Asked, Any], Awaitable[Written]]


@dataclass(frozen=True, slots=True)
class Write:
    """One write: its address, who may try, what it takes, and the status of its success.

    The role is the least that can ever be enough; the newsroom knows the finer rules (a contributor's own
    drafts, the breaking flag). `admit` is told what a body asks for before it is validated, and raises
    `Forbidden`: the contract tells who may not sooner than what is wrong.
    """

    method: Literal["POST", "PATCH", "DELETE"]
    path: str
    role: Role
    form: type[Form]
    verb: Verb
    summary: str
    status: int = 200
    on_update: bool = False
    admit: Callable[[Editor, str, object], None] | None = None


_COVERAGE = "/api/v1/coverages/{slug}"
_UPDATE = _COVERAGE + "/updates/{id}"


def _admit_addition(by: Editor, slug: str, document: object) -> None:
    asked = document if isinstance(document, dict) else {}
    status = asked.get("status") or Status.PUBLISHED  # with a time it is scheduled, which takes the same role
    if status in tuple(Status):
        permit_addition(by, slug, Status(status), breaking=asked.get("breaking") is True)


WRITES = (
    Write(
        "POST",
        "/api/v1/coverages",
        Role.CHIEF,
        CoverageForm,
        lambda asked, form: asked.newsroom.open(form, by=asked.by, key=asked.key),
        "Open a coverage",
        201,
    ),
    Write(
        "PATCH",
        _COVERAGE,
        Role.CHIEF,
        CoverageChanges,
        lambda asked, form: asked.newsroom.change(asked.slug, form, by=asked.by, key=asked.key),
        "Change a coverage",
    ),
    Write(
        "POST",
        _COVERAGE + "/closure",
        Role.CHIEF,
        EmptyForm,
        lambda asked, _: asked.newsroom.close(asked.slug, by=asked.by, key=asked.key),
        "Close a coverage",
    ),
    Write(
        "DELETE",
        _COVERAGE + "/closure",
        Role.CHIEF,
        EmptyForm,
        lambda asked, _: asked.newsroom.reopen(asked.slug, by=asked.by, key=asked.key),
        "Reopen a coverage",
    ),
    Write(
        "POST",
        _COVERAGE + "/archive",
        Role.CHIEF,
        EmptyForm,
        lambda asked, _: asked.newsroom.archive(asked.slug, by=asked.by, key=asked.key),
        "Archive a closed coverage: the index lists it apart",
    ),
    Write(
        "DELETE",
        _COVERAGE + "/archive",
        Role.CHIEF,
        EmptyForm,
        lambda asked, _: asked.newsroom.unarchive(asked.slug, by=asked.by, key=asked.key),
        "List an archived coverage among the others again",
    ),
    Write(
        "POST",
        _COVERAGE + "/updates",
        Role.CONTRIBUTOR,
        UpdateForm,
        lambda asked, form: asked.newsroom.add(asked.slug, form, by=asked.by, key=asked.key),
        "Publish an update, or keep it as a draft, a submission or for later",
        201,
        admit=_admit_addition,
    ),
    Write(
        "PATCH",
        _UPDATE,
        Role.CONTRIBUTOR,
        UpdateChanges,
        lambda asked, form: asked.newsroom.revise(asked.slug, asked.id, form, **_decision(asked)),
        "Revise an update",
        on_update=True,
    ),
    Write(
        "DELETE",
        _UPDATE,
        Role.CONTRIBUTOR,
        EmptyForm,
        lambda asked, _: asked.newsroom.delete(asked.slug, asked.id, **_decision(asked)),
        "Delete an update that was never published, text and history",
        204,
        on_update=True,
    ),
    Write(
        "POST",
        _UPDATE + "/corrections",
        Role.EDITOR,
        CorrectionForm,
        lambda asked, form: asked.newsroom.correct(asked.slug, asked.id, form, **_decision(asked)),
        "Correct an update and say what was wrong",
        201,
        on_update=True,
    ),
    Write(
        "POST",
        _UPDATE + "/retraction",
        Role.EDITOR,
        RetractionForm,
        lambda asked, form: asked.newsroom.retract(asked.slug, asked.id, form, **_decision(asked)),
        "Retract an update",
        on_update=True,
    ),
    Write(
        "DELETE",
        _UPDATE + "/retraction",
        Role.EDITOR,
        EmptyForm,
        lambda asked, _: asked.newsroom.restore(asked.slug, asked.id, **_decision(asked)),
        "Undo a retraction",
        on_update=True,
    ),
    Write(
        "POST",
        _UPDATE + "/pin",
        Role.CHIEF,
        EmptyForm,
        lambda asked, _: asked.newsroom.pin(asked.slug, asked.id, **_decision(asked)),
        "Pin an update, instead of the one that is pinned",
        on_update=True,
    ),
    Write(
        "DELETE",
        _UPDATE + "/pin",
        Role.CHIEF,
        EmptyForm,
        lambda asked, _: asked.newsroom.unpin(asked.slug, asked.id, **_decision(asked)),
        "Unpin an update",
        on_update=True,
    ),
    Write(
        "POST",
        _UPDATE + "/publication",
        Role.EDITOR,
        PublicationForm,
        lambda asked, form: asked.newsroom.publish(asked.slug, asked.id, form, **_decision(asked)),
        "Publish what was not, now or at a time",
        on_update=True,
    ),
    Write(
        "DELETE",
        _UPDATE + "/publication",
        Role.EDITOR,
        EmptyForm,
        lambda asked, _: asked.newsroom.recall(asked.slug, asked.id, **_decision(asked)),
        "Take back what was to be published and has not gone out yet",
        on_update=True,
    ),
    Write(
        "POST",
        _UPDATE + "/submission",
        Role.CONTRIBUTOR,
        SubmissionForm,
        lambda asked, form: asked.newsroom.submit(asked.slug, asked.id, form, **_decision(asked)),
        "Submit a draft to the desk",
        on_update=True,
    ),
    Write(
        "DELETE",
        _UPDATE + "/submission",
        Role.CONTRIBUTOR,
        SubmissionForm,
        lambda asked, form: asked.newsroom.send_back(asked.slug, asked.id, form, **_decision(asked)),
        "Send a submission back, or take it back",
        on_update=True,
    ),
)


def _decision(asked: Asked) -> dict[str, Any]:
    return {"by": asked.by, "key": asked.key, "revision": asked.revision}
