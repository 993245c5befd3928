"""The audit log: who did what, when and from where. Only ever added to.

An act tells of a deed, not of its text: ids, revisions, names of fields, flags, and notes that were meant for
the desk. What is retracted or deleted later is therefore not kept alive here.
"""

from __future__ import annotations

import csv
import io
import json
from dataclasses import asdict, dataclass
from datetime import datetime
from functools import cache
from typing import Annotated, Any, Literal

from pydantic import PlainSerializer, PlainValidator, TypeAdapter

from livefeed.events import rfc3339
from livefeed.roles import Editor

COMMAND_LINE = "command line"
"""The address of what was done by a command on the server's machine."""

Deed = Literal[
    "publish",
    "draft",
    "submit",
    "schedule",
    "revise",
    "correct",
    "retract",
    "restore",
    "pin",
    "unpin",
    "send-back",
    "recall",
    "delete",
    "open",
    "change",
    "close",
    "reopen",
    "archive",
    "unarchive",
    "release",
    "miss",
    "upload",
    "log-in",
    "log-out",
    "refuse-log-in",
    "refuse-password",
    "set-language",
    "set-password",
    "end-sessions",
    "add-editor",
    "make-link",
    "grant",
    "set-role",
    "disable",
    "enable",
    "add-token",
    "revoke-token",
    "add-snippet",
    "change-snippet",
    "remove-snippet",
    "add-webhook",
    "delete-webhook",
    "replay-webhook",
    "add-note",
    "finish-note",
    "reopen-note",
    "remove-note",
    "add-claim",
    "confirm-claim",
    "deny-claim",
    "reopen-claim",
    "remove-claim",
]
"""What can be told of: a short verb. The desk has words for each."""

COLUMNS = (
    "number",
    "at",
    "by",
    "account",
    "role",
    "address",
    "deed",
    "subject",
    "coverage",
    "revision",
    "changed",
    "detail",
)


@dataclass(frozen=True, slots=True)
class Act:
    """What somebody did.

    by, account, role   the name as it was shown, the account's id and the role used; all empty for what the
                        server does by itself, and `account` for whoever has none
    address             of the client, `COMMAND_LINE`, or empty
    deed                what was done
    subject             `update:ID`, `coverage:SLUG`, `media:ID`, `account:ID`, `token:ID`, `webhook:ID`,
                        `note:ID`, `snippet:ID`
    coverage            where it was done, empty for the whole site
    revision            of the update afterwards, 0 where there is none
    changed             names of the fields that were handed in
    detail              a note for the desk, or what is particular
    """

    # Checked where it is written alone: another version's log is to be read too.
    deed: Annotated[Deed, PlainValidator(str), PlainSerializer(str)]
    subject: str
    by: str = ""
    account: str = ""
    role: str = ""
    address: str = ""
    coverage: str = ""
    revision: int = 0
    changed: tuple[str, ...] = ()
    detail: str = ""

    @classmethod
    def of(cls, editor: Editor, deed: Deed, subject: str, **particulars: Any) -> Act:
        """A deed of `editor`; `particulars` are the fields from `coverage` on."""
        role = editor.role_in(particulars.get("coverage", "")) or editor.role
        return cls(deed, subject, editor.name, editor.account, role.value, editor.address, **particulars)


@dataclass(frozen=True, slots=True)
class Entry:
    """An act in the log: `number` counts from 1 without holes, `at` is the store's clock."""

    number: int
    at: datetime
    act: Act


@dataclass(frozen=True, slots=True)
class Search:
    """Which acts are looked for; empty means any. `by` is a name as it is shown."""

    coverage: str = ""
    by: str = ""

    def finds(self, act: Act) -> bool:
        """True for an act that is looked for."""
        return self.coverage in {"", act.coverage} and self.by in {"", act.by}


def encode_act(act: Act) -> str:
    """The stored form."""
    return _acts().dump_json(act, exclude_defaults=True).decode()


def decode_act(payload: str | bytes) -> Act:
    """The act stored as `payload`."""
    return _acts().validate_json(payload)


def entry_document(entry: Entry) -> dict[str, Any]:
    """An entry as plain JSON values."""
    document = {"number": entry.number, "at": rfc3339(entry.at), **asdict(entry.act)}
    return {name: document[name] for name in COLUMNS} | {"changed": list(entry.act.changed)}


def entry_line(entry: Entry) -> str:
    """An entry as a line of JSON."""
    return json.dumps(entry_document(entry), ensure_ascii=False) + "\n"


def entry_row(entry: Entry | None) -> str:
    """An entry as a line of CSV (RFC 4180); None: the line of the columns' names."""
    if entry is None:
        cells = list(COLUMNS)
    else:
        document = entry_document(entry) | {"changed": " ".join(entry.act.changed)}
        cells = [_inert(str(document[name])) for name in COLUMNS]
    line = io.StringIO()
    csv.writer(line).writerow(cells)
    return line.getvalue()


@cache
def _acts() -> TypeAdapter[Act]:
    return TypeAdapter(Act)  # built on first use, as those of `events`


def _inert(cell: str) -> str:
    # A spreadsheet would run what begins so as a formula, and names and notes are other people's.
    return f"'{cell}" if cell.startswith(("=", "+", "-", "@", "\t", "\r")) else cell
