"""Everything a door may need, made once by `app` and found through the request."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from datetime import UTC, datetime

from aiohttp import web

from livefeed.accounts import Accounts, Logins
from livefeed.audience import Audiences
from livefeed.autosaves import Autosaves
from livefeed.courier import Courier
from livefeed.courier.endpoints import Endpoints
from livefeed.courier.hub import Subscriptions
from livefeed.desks import Desks
from livefeed.fanout import Fanout
from livefeed.feeds import Galleys
from livefeed.fetches import Fetches
from livefeed.filings import Filings
from livefeed.fronts import Fronts
from livefeed.media import MediaShelf
from livefeed.newsroom import Newsroom
from livefeed.notes import Notes
from livefeed.pages import Pages
from livefeed.presence import Presence
from livefeed.previews import Previews
from livefeed.settings import Settings
from livefeed.snippets import Snippets
from livefeed.store import Store
from livefeed.web.documents import Documents
from livefeed.web.repeats import Repeats


@dataclass(slots=True)
class Rooms:
    """The rooms of one running server. `draining` is set when it has begun to stop; `clock` says what time it
    is where a document depends on it."""

    settings: Settings
    store: Store
    accounts: Accounts
    autosaves: Autosaves
    presence: Presence
    notes: Notes
    desks: Desks
    snippets: Snippets
    logins: Logins
    media: MediaShelf
    newsroom: Newsroom
    fanout: Fanout
    fronts: Fronts
    filings: Filings
    pages: Pages
    documents: Documents
    galleys: Galleys
    endpoints: Endpoints
    subscriptions: Subscriptions
    courier: Courier
    fetches: Fetches
    audiences: Audiences
    previews: Previews
    draining: bool = False
    synced: bool = False
    clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    repeats: Repeats = field(init=False)

    def __post_init__(self) -> None:
        self.repeats = Repeats(self._world)

    @property
    def base_url(self) -> str:
        """The public address. Kept by the pages alone: on port 0 it is known only once the port is open."""
        return self.pages.base_url

    @base_url.setter
    def base_url(self, address: str) -> None:
        self.pages.base_url = address

    @property
    def hub(self) -> str:
        """The WebSub hub that feeds name: the external one, or our own."""
        return self.settings.hub or f"{self.base_url}/hub"

    def _world(self) -> Hashable:
        """Everything that a public page or feed depends on, besides what is asked."""
        now = int(self.clock().timestamp())
        return now, self.fronts.turn, self.store.away, self.draining, self.base_url


ROOMS = web.AppKey("rooms", Rooms)


def rooms_of(request: web.Request) -> Rooms:
    """The rooms that a request is answered from."""
    return request.app[ROOMS]


def wants_lite(request: web.Request) -> bool:
    """Whether the text-only page is asked for."""
    return request.query.get("lite") == "1"


def pages_of(request: web.Request) -> Pages:
    """The pages in the form that is asked for: whole, or text only."""
    pages = rooms_of(request).pages
    return pages.text_only() if wants_lite(request) else pages
