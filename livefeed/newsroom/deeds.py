"""What the audit log says of a verb. Pure."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from livefeed.audit import Act, Deed
from livefeed.forms import Form
from livefeed.model import Status
from livefeed.roles import Editor
from livefeed.store import Batch

ADDING: dict[Status, Deed] = {
    Status.DRAFT: "draft",
    Status.SUBMITTED: "submit",
    Status.SCHEDULED: "schedule",
    Status.PUBLISHED: "publish",
}
"""The deed of adding an update in a status."""


def told(
    batch: Batch, slug: str, *, by: Editor | None, deed: Deed, form: Form | None = None, detail: str = ""
) -> Batch:
    """`batch` with the act of whoever decided it (None: the server itself); what changes nothing tells
    nothing.

    Of `form` it has the names of the fields that were handed in, and how the flags were set. Never a text,
    nor a correction's note, which may quote one: what is retracted must not live on in the log. `detail` is
    for the desk.
    """
    if not batch.facts:
        return batch
    subject = f"update:{batch.deleted[0].id}" if batch.deleted else batch.subject
    revision = batch.updates[-1].revision if batch.updates else 0
    changed = _changed(form) if form else ()
    particulars: dict[str, Any] = {
        "coverage": slug,
        "revision": revision,
        "changed": changed,
        "detail": detail,
    }
    act = Act(deed, subject, **particulars) if by is None else Act.of(by, deed, subject, **particulars)
    return replace(batch, acts=(act,))


def _changed(form: Form) -> tuple[str, ...]:
    named = []
    for name in sorted(form.model_fields_set - {"format", "note"}):
        flag = getattr(form, name)
        named.append(f"{name}:{'yes' if flag else 'no'}" if isinstance(flag, bool) else name)
    return tuple(named)
