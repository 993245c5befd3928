"""Who a coverage reaches now: open pages, and what is told by other ways."""

from __future__ import annotations

from dataclasses import asdict

from aiohttp import web

from livefeed.events import rfc3339
from livefeed.roles import Role
from livefeed.web.api.answers import json_answer
from livefeed.web.guard import caller_of, needs
from livefeed.web.rooms import rooms_of

routes = web.RouteTableDef()


@routes.get("/api/v1/coverages/{slug}/audience")
@needs(Role.CONTRIBUTOR)
async def read_audience(request: web.Request) -> web.Response:
    """Open pages of a coverage, how many have everything, and who else is told."""
    slug = request.match_info["slug"]
    await caller_of(request)
    rooms = rooms_of(request)
    coverage = await rooms.newsroom.coverage(slug)
    closing = await rooms.newsroom.closing(coverage, rooms.settings.close_after)
    audience = await rooms.audiences.of(slug)
    webhooks = [
        endpoint
        for endpoint in await rooms.endpoints.all()
        if not endpoint.disabled and (endpoint.coverages is None or slug in endpoint.coverages)
    ]
    return json_answer(
        {
            "closes_at": rfc3339(closing) if closing else None,
            "readers": audience.readers,
            "reached": audience.reached,
            "websocket": audience.websocket,
            "sse": audience.sse,
            "polling": audience.polling,
            "arrived_after": audience.arrival and round(audience.arrival.seconds, 4),
            "feeds": asdict(audience.feeds),
            "site_feeds": asdict(audience.site_feeds),
            "webhooks": len(webhooks),
            "subscribers": len(await rooms.subscriptions.subscriptions.all()),
        }
    )
