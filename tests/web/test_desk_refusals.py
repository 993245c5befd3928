"""Whatever the server refuses a desk, the desk has words for it in its own language."""

from __future__ import annotations

import json
import re
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from live_server import Server

import livefeed
from livefeed import forms
from livefeed.forms import Form

SENT = (
    forms.UpdateForm,
    forms.CorrectionForm,
    forms.RetractionForm,
    forms.SubmissionForm,
    forms.PublicationForm,
    forms.CoverageForm,
    forms.NoteForm,
    forms.NoteChanges,
    forms.PreviewForm,
    forms.AutosaveForm,
    forms.PresenceForm,
)
"""What desks send."""
MADE_BY_THE_PAGE = {
    *("id", "format", "status", "state", "kind", "hold", "breaking", "key_event", "displayed_at"),
    *("kept", "editing"),
}
"""Fields that nobody fills in: a wrong one is the page's mistake, not the editor's."""
NOT_AT_THE_DESK = {
    401: "the outbox asks for a login",
    408: "asked again with the same key",
    426: "of sockets",
    429: "asked again with the same key",
    500: "asked again with the same key",
    501: "of the hub",
    503: "asked again with the same key",
    505: "of streams",
}
CLEARED_UP_BY_ASKING_AGAIN = {"outcome-unknown", "store-away"}


async def template(server: Server, language: str) -> tuple[dict[str, str], dict[str, str]]:
    """The words and the names of fields on a desk in `language`."""
    await server.open()
    headers = await server.session("chief")
    await server.ask(
        "POST", "/desk/account/language", role=None, headers=headers, data={"language": language}
    )
    page = (await server.ask("GET", "/desk/story", role=None, headers=headers)).text
    found = re.search("id=\"refusals\" data-words='(.*?)' data-fields='(.*?)'>", page)
    assert found
    words, fields = (json.loads(unescape(text)) for text in found.groups())
    return words, fields


def raised() -> tuple[set[int], set[str]]:
    """Statuses and types of the problems that our code answers with."""
    statuses: set[int] = set()
    types: set[str] = set()
    for path in Path(livefeed.__file__).parent.glob("web/**/*.py"):
        text = path.read_text(encoding="utf-8")
        statuses |= {int(number) for number in re.findall(r"Problem\(\s*([0-9]{3})", text)}
        types |= set(re.findall(r"Problem\(.{0,200}?type=\"([a-z-]+)\"", text, re.S))
    return statuses, types


@pytest.mark.parametrize("language", ["ar", "en"])
async def test_every_refusal_has_words_in_the_language_of_the_desk(server: Server, language: str) -> None:
    words, fields = await template(server, language)
    statuses, types = raised()
    assert {403, 404, 409, 412, 413, 415, 422, 428, 507} <= statuses
    assert {f"{status}" for status in statuses - set(NOT_AT_THE_DESK)} <= set(words)
    assert "coverage-closed" in types
    assert types - CLEARED_UP_BY_ASKING_AGAIN <= set(words) | {"idempotency-key-reused"}
    filled_in = {name for form in SENT for name in form.model_fields} - MADE_BY_THE_PAGE
    assert filled_in <= set(fields)
    for sentence in (*words.values(), *fields.values()):
        assert bool(re.search("[\u0600-\u06ff]", sentence)) is (language == "ar"), sentence


def test_every_form_is_one_that_desks_send_or_is_known_not_to_be() -> None:
    others = {"WebhookForm", "ReplayForm", "EmptyForm", "UpdateChanges", "CoverageChanges"}
    parts = {"FocusForm", "PictureForm", "RelatedForm", "EmbedForm"}
    every = {
        name
        for name, form in vars(forms).items()
        if isinstance(form, type) and issubclass(form, Form) and form is not Form
    }
    assert every - others - parts == {form.__name__ for form in SENT}


@pytest.mark.parametrize(
    ("fields", "field", "limit"),
    [
        ({"headline": "ع" * 301}, "headline", 300),
        ({"body": "ع" * 50_001}, "body", 100_000),
        ({"body": "a", "byline": ["a"] * 31}, "byline", 30),
        ({"body": "a", "media": [{"id": "x", "alt": "ع" * 301}]}, "media[0].alt", 300),
        ({"body": "a", "breaking": "a"}, "breaking", "true or false"),
    ],
)
async def test_a_field_that_is_too_long_is_refused_with_the_limit_as_a_number(
    server: Server, fields: dict[str, Any], field: str, limit: int | str
) -> None:
    await server.open()
    answer = await server.ask("POST", "/api/v1/coverages/story/updates", json=fields)
    assert answer.status == 422
    document = answer.json()
    assert (document["field"], document.get("limit")) == (field, limit)
    assert document["errors"][0]["field"] == field
