"""The desk's pages about people, keys and deliveries."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlencode

from livefeed.accounts import Account, Session, Token
from livefeed.accounts.passwords import LONGEST, SHORTEST
from livefeed.audit import COMMAND_LINE, Entry, Search
from livefeed.model import Coverage
from livefeed.roles import Editor
from livefeed.snippets import NAME_LIMIT, TEXT_LIMIT, Snippet
from livefeed.webhooks import DeadLetter, Endpoint


@dataclass(frozen=True, slots=True)
class Subscriber:
    """Somebody whom the hub pushes the feed at `topic` to."""

    host: str
    topic: str
    expires_at: datetime
    signed: bool


class DeskPages:
    """Renders them in the language of who asks. `error` and `done` are words that the templates turn into
    sentences; what is shown once (a link, a token) is never in an address."""

    def __init__(self, render: Callable[..., str], languages: Callable[[], Mapping[str, str]]) -> None:
        self._render = render
        self._languages = languages

    def login(
        self, language: str = "", *, code: str = "", name: str = "", error: str = "", seconds: int = 0
    ) -> str:
        """The forms for a one-time code, which is not spent before it is sent, or for name and password, in
        `language` (empty: the site's)."""
        return self._render(
            "login.html",
            None,
            language,
            languages=self._languages(),
            code=code,
            name=name,
            error=error,
            seconds=seconds,
        )

    def account(
        self,
        editor: Editor,
        sessions: Sequence[Session],
        current: str,
        *,
        has_password: bool,
        needs_current: bool,
        languages: Mapping[str, str],
        error: str = "",
        done: str = "",
    ) -> str:
        """One's own password, language and sessions; `current` is the id of the one that asks, `languages`
        gives the desk's by their codes, each in its own words."""
        return self._page(
            "desk_account.html",
            editor,
            sessions=sessions,
            current=current,
            has_password=has_password,
            needs_current=needs_current,
            languages=languages,
            shortest=SHORTEST,
            longest=LONGEST,
            error=error,
            done=done,
        )

    def people(
        self,
        editor: Editor,
        accounts: Sequence[Account],
        coverages: Iterable[Coverage],
        *,
        link: str = "",
        link_name: str = "",
        name: str = "",
        error: str = "",
        done: str = "",
    ) -> str:
        """Every account, and what can be done about it. `link` is shown once, and is `link_name`'s."""
        return self._page(
            "desk_people.html",
            editor,
            accounts=accounts,
            coverages=list(coverages),
            link=link,
            link_name=link_name,
            name=name,
            error=error,
            done=done,
        )

    def tokens(
        self,
        editor: Editor,
        accounts: Sequence[Account],
        tokens: Sequence[tuple[str, Token]],
        coverages: Iterable[Coverage],
        *,
        secret: str = "",
        error: str = "",
        done: str = "",
    ) -> str:
        """Every token with its editor's name. `secret` is shown once."""
        return self._page(
            "desk_tokens.html",
            editor,
            accounts=accounts,
            tokens=tokens,
            coverages=list(coverages),
            secret=secret,
            error=error,
            done=done,
        )

    def audit(
        self,
        editor: Editor,
        search: Search,
        entries: Sequence[Entry],
        accounts: Sequence[Account],
        coverages: Iterable[Coverage],
        *,
        older: int | None,
        error: str = "",
    ) -> str:
        """A page of the audit log; `older` is the number that the next one is before."""
        return self._page(
            "desk_audit.html",
            editor,
            search=search,
            entries=entries,
            accounts=accounts,
            names={account.id: account.name for account in accounts},
            languages=self._languages(),
            COMMAND_LINE=COMMAND_LINE,
            coverages=list(coverages),
            query=urlencode({"by": search.by, "coverage": search.coverage}),
            older=older,
            error=error,
        )

    def webhooks(
        self,
        editor: Editor,
        endpoints: Sequence[tuple[Endpoint, Sequence[DeadLetter]]],
        coverages: Iterable[Coverage],
        *,
        key: str,
        secret: str = "",
        url: str = "",
        description: str = "",
        chosen: Sequence[str] | None = None,
        error: str = "",
        detail: str = "",
        done: str = "",
    ) -> str:
        """Every endpoint with its dead letters. `secret` is shown once; `url`, `description` and `chosen` are
        what was filled in and refused, `detail` the sentence that says why; `key` lets a form that is sent
        twice make one endpoint."""
        return self._page(
            "desk_webhooks.html",
            editor,
            endpoints=endpoints,
            coverages=list(coverages),
            key=key,
            secret=secret,
            url=url,
            description=description,
            chosen=chosen,
            error=error,
            detail=detail,
            done=done,
        )

    def coverages(self, editor: Editor, coverages: Iterable[Coverage], readers: Mapping[str, int]) -> str:
        """Every coverage, and how many pages of some are open, by slug."""
        return self._page("desk_coverages.html", editor, coverages=coverages, readers=readers)

    def subscribers(self, editor: Editor, subscribers: Iterable[Subscriber], waiting: int, hub: str) -> str:
        """Who is pushed what, and how many are still to be asked; or the external `hub`."""
        listed = sorted(subscribers, key=lambda one: (one.topic, one.host))
        return self._page("desk_subscribers.html", editor, subscribers=listed, waiting=waiting, hub=hub)

    def snippets(
        self,
        editor: Editor,
        snippets: Sequence[Snippet],
        *,
        key: str,
        error: str = "",
        at: str = "",
        name: str = "",
        text: str = "",
        done: str = "",
    ) -> str:
        """Every snippet. `name` and `text` are what was typed and refused, in the form of the snippet with
        the id `at`, or (empty) of the new one; `key` lets a form that is sent twice make one snippet."""
        return self._page(
            "desk_snippets.html",
            editor,
            snippets=snippets,
            key=key,
            name_limit=NAME_LIMIT,
            text_limit=TEXT_LIMIT,
            error=error,
            at=at,
            name=name,
            text=text,
            done=done,
        )

    def administration(self, editor: Editor) -> str:
        """What there is for admins, and what each part is for."""
        return self._page("desk_administration.html", editor)

    def limits(self, editor: Editor, limits: Mapping[str, str]) -> str:
        """What `limits_of` shows of the settings."""
        return self._page("desk_limits.html", editor, limits=limits)

    def _page(self, template: str, editor: Editor, **values: object) -> str:
        return self._render(template, editor, **values)


# What is in the name that a browser gives itself, the telling ones first: most claim to be several.
_BROWSERS = (
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("SamsungBrowser", "Samsung Internet"),
    ("Firefox", "Firefox"),
    ("FxiOS", "Firefox"),
    ("CriOS", "Chrome"),
    ("Chrome", "Chrome"),
    ("Safari", "Safari"),
    ("curl", "curl"),
)
_SYSTEMS = (
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("Windows", "Windows"),
    ("Mac OS X", "macOS"),
    ("CrOS", "ChromeOS"),
    ("Linux", "Linux"),
)


def device_of(agent: str) -> str:
    """A few words for what a browser calls itself, such as "Firefox, Android"; its first word where nothing
    is known of it, and empty for none."""
    words = [next((name for sign, name in known if sign in agent), "") for known in (_BROWSERS, _SYSTEMS)]
    named = ", ".join(word for word in words if word)
    return named or re.split(r"[\s/]", agent, maxsplit=1)[0][:40]
