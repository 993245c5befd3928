"""Subscribers of the WebSub hub, for admins."""

from __future__ import annotations

from urllib.parse import urlsplit

from aiohttp import web

from livefeed.pages.desk import Subscriber
from livefeed.roles import Role
from livefeed.web.desk.entrance import at_the_desk, page
from livefeed.web.guard import Scope, needs
from livefeed.web.rooms import rooms_of

routes = web.RouteTableDef()


@routes.get("/desk/subscribers")
@needs(Role.ADMIN, Scope.SITE)
async def subscribers_page(request: web.Request) -> web.Response:
    """Who is pushed which feed, and until when; or the external hub, which alone knows."""
    caller = await at_the_desk(request)
    rooms = rooms_of(request)
    kept = [filed.value for filed in await rooms.subscriptions.subscriptions.all()]
    subscribers = [
        # The host alone: what follows it may be as secret as a password.
        Subscriber(urlsplit(one.callback).netloc, one.topic, one.expires_at, bool(one.secret))
        for one in kept
    ]
    waiting = len(await rooms.subscriptions.intents.all())
    html = rooms.pages.desk.subscribers(caller.editor, subscribers, waiting, rooms.settings.hub)
    return page(html)
