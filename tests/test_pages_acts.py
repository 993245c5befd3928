"""The audit log in words: whatever the server can write has them, in both languages."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import get_args

import pytest
from lxml import html as html5

from livefeed.accounts import Account
from livefeed.audit import COMMAND_LINE, Act, Deed, Entry, Search
from livefeed.forms import CorrectionForm, CoverageChanges, CoverageForm, UpdateForm
from livefeed.pages import Pages
from livefeed.roles import Editor, Role

PACKAGE = Path(__file__).parent.parent / "livefeed"
AT = datetime(2026, 11, 27, 8, 30, tzinfo=UTC)
DEEDS = get_args(Deed)
FORMS = (UpdateForm, CorrectionForm, CoverageChanges, CoverageForm)  # which `told` has the fields of
FIELDS = sorted({name for form in FORMS for name in form.model_fields} - {"format", "note"})
NAME, ID = "رنا", "123"  # neither has a letter that could be taken for a word of English


def lines(language: str, acts: Iterable[Act]) -> list[str]:
    """What the page says of each act."""
    pages = Pages(base_url="https://x.example", site_title="X", site_language=language, page_size=5)
    admin, known = Editor("9", NAME, Role.ADMIN), Account(ID, NAME, Role.EDITOR, None, AT)
    entries = [Entry(number, AT, act) for number, act in enumerate(acts, 1)]
    page = html5.fromstring(pages.desk.audit(admin, Search(), entries, [known], [], older=None))
    said = [item.text_content() for item in page.find_class("acts")[0]]
    return [" ".join(line.replace("08:30 UTC", "").split()) for line in said]


def sorts() -> set[str]:
    """What acts can be done to, as the code writes it: the first words of subjects."""
    found = set()
    for path in PACKAGE.rglob("*.py"):
        text = path.read_text(encoding="utf-8")
        if re.search(r"\b(Act|Batch)\b", text):
            for node in ast.walk(ast.parse(text)):
                if isinstance(node, ast.JoinedStr) and isinstance(first := node.values[0], ast.Constant):
                    found |= set(re.findall(r"^([a-z]+):$", str(first.value)))
    return found - {"deleted"}  # of a batch alone: the audit log calls it an update, see `told`


def everything() -> list[Act]:
    """An act with each deed, each sort of subject, each field, each way to log in and each role."""
    details = ["link", "password"]
    grants = [" ".join((role, f"{ID}={role}")) for role in Role]
    return [
        *(Act(deed, f"account:{ID}", NAME) for deed in DEEDS),
        *(Act("delete", f"{sort}:{ID}", NAME, address=COMMAND_LINE) for sort in sorted(sorts())),
        Act("revise", f"update:{ID}", NAME, changed=tuple(FIELDS), revision=3),
        Act("revise", f"update:{ID}", NAME, changed=("breaking:yes", "key_event:no")),
        *(Act("log-in", f"account:{ID}", NAME, detail=detail) for detail in details),
        *(Act("grant", f"account:{ID}", NAME, detail=f"{NAME} {grant}") for grant in grants),
        Act("end-sessions", f"account:{ID}", NAME, detail=f"{NAME} 3"),
        Act("refuse-log-in", "account:", address="192.0.2.7"),
        Act("release", f"update:{ID}"),
    ]


def test_the_code_is_read_for_what_it_writes() -> None:
    assert sorts() >= {"update", "coverage", "media", "account", "token", "webhook", "note", "snippet"}
    assert {"headline", "breaking", "lead_media", "publish_local"} <= set(FIELDS)


def test_nothing_of_an_act_is_said_in_code_or_in_english_to_who_reads_arabic() -> None:
    for act, line in zip(everything(), lines("ar", everything()), strict=True):
        assert not re.findall("[A-Za-z]+", line), (act, line)


def test_every_deed_sort_and_field_has_words_in_english_too() -> None:
    said = lines("en", everything())
    for deed, line in zip(DEEDS, said, strict=False):
        assert not re.search(rf"\b{deed}\b", line), line
    fields = next(line for line in said if "revision 3" in line)
    for field in FIELDS:
        assert not re.search(rf"\b{field}\b", fields), fields


@pytest.mark.parametrize(
    ("act", "arabic", "english"),
    [
        (
            Act(
                "grant", f"account:{ID}", "منى", "9", address=COMMAND_LINE, detail=f"{NAME} editor 7 8=chief"
            ),
            "منى غيّر الدور أو التغطيات · المحرّر رنا 2026.11.27 · سطر الأوامر محرّر، 7، 8: رئيس تحرير",
            "منى changed role or coverages · editor رنا 2026.11.27 · command line Editor, 7, 8: Chief editor",
        ),
        (
            Act("log-in", f"account:{ID}", NAME, ID, address="192.0.2.7", detail="link"),
            "رنا سجّل الدخول 2026.11.27 · 192.0.2.7 برابط لمرة واحدة",
            "رنا logged in 2026.11.27 · 192.0.2.7 by a one-time link",
        ),
        (
            Act("refuse-log-in", "account:", address="192.0.2.7"),
            "شخص مجهول أدخل كلمة مرور خاطئة عند الدخول 2026.11.27 · 192.0.2.7",
            "Somebody gave a wrong password at a login 2026.11.27 · 192.0.2.7",
        ),
        (
            Act("revise", f"update:{ID}", NAME, coverage="7", revision=2, changed=("body", "breaking:no")),
            "رنا عدّل 2026.11.27 · التحديث 123 · 7 · المراجعة 2 · النص، عاجل: لا",
            "رنا revised 2026.11.27 · update 123 · 7 · revision 2 · Text, Breaking: No",
        ),
        (
            Act("set-language", f"account:{ID}", NAME, ID, detail="ar"),
            "رنا اختار لغة غرفة التحرير لديه 2026.11.27 العربية",
            "رنا chose the language of their desk 2026.11.27 العربية",
        ),
        (
            Act("retract", f"update:{ID}", NAME, coverage="7", detail="خطأ في الاسم"),
            "رنا سحب 2026.11.27 · التحديث 123 · 7 خطأ في الاسم",
            "رنا retracted 2026.11.27 · update 123 · 7 خطأ في الاسم",
        ),
    ],
)
def test_an_act_is_told_in_words(act: Act, arabic: str, english: str) -> None:
    assert [re.sub("[\u2066-\u2069]", "", line) for line in lines("ar", [act])] == [arabic]
    assert [re.sub("[\u2066-\u2069]", "", line) for line in lines("en", [act])] == [english]


def test_what_another_version_wrote_stands_as_it_was_written() -> None:
    act = Act("fly", "rocket:7", NAME, changed=("wings", "fuel:yes"), detail="fast")  # type: ignore[arg-type]  # what it is about
    (line,) = lines("ar", [act])
    for word in ("fly", "rocket 7", "wings", "fuel: نعم", "fast"):
        assert word in line
