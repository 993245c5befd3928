"""The WebSub hub's door (W3C Recommendation WebSub §5): takes requests, which the courier then verifies."""

from __future__ import annotations

from ipaddress import ip_network
from urllib.parse import parse_qsl

from aiohttp import web

from livefeed.courier.hub import HubFull
from livefeed.courier.outside import check_address
from livefeed.web.answers import RETRY_AFTER, Problem, Unfit
from livefeed.web.guard import anybody
from livefeed.web.intake import WriteBudget, body_of
from livefeed.web.rooms import Rooms, rooms_of
from livefeed.websub import HubRefused, Intent, Topic, parse_intent

REQUEST_BYTES = 16_384
FORM = "application/x-www-form-urlencoded"

routes = web.RouteTableDef()


@routes.post("/hub")
@anybody(ours=False)
async def subscribe(request: web.Request) -> web.Response:
    """Take a request to subscribe or unsubscribe: 202, and the callback is asked whether it agrees."""
    rooms = rooms_of(request)
    if rooms.settings.hub:
        raise Problem(404, f"The hub of this site is {rooms.settings.hub}.")
    if request.content_type != FORM:
        sentence = f"The body is {request.content_type}; send {FORM}."
        raise Unfit("Content-Type", request.content_type, FORM, sentence, status=415)
    body = await body_of(request, REQUEST_BYTES)
    try:
        intent = parse_intent(_parameters(body))
        check_callback(intent, rooms)
    except HubRefused as refused:
        raise Unfit(refused.field, refused.value, refused.limit, f"{refused}.") from None
    async with WriteBudget(request).spent():
        topic = Topic.parse(intent.topic, rooms.base_url)
        known = topic is not None and (topic.slug is None or topic.slug in await rooms.fronts.known())
        if not known:
            raise Unfit("hub.topic", intent.topic, "a feed of this site")
        try:
            await rooms.subscriptions.ask(intent, await rooms.store.now())
        except HubFull:
            raise Problem(
                503,
                "The hub has as many requests as it takes; try again.",
                headers={"Retry-After": RETRY_AFTER},
            ) from None
    rooms.courier.heal()
    return web.Response(status=202)


def check_callback(intent: Intent, rooms: Rooms) -> None:
    """Raise `HubRefused` for a callback that nothing could be delivered to."""
    try:
        check_address(intent.callback, [ip_network(text) for text in rooms.settings.private_networks])
    except ValueError as reason:
        sentence = f"hub.callback: {reason}"
        raise HubRefused(
            "hub.callback", sentence, value=intent.callback, limit="a public http or https address"
        ) from None


def _parameters(body: bytes) -> dict[str, str]:
    try:
        pairs = parse_qsl(body.decode(), keep_blank_values=True, errors="strict", max_num_fields=50)
    except ValueError as reason:
        value = body[:100].decode(errors="replace")
        raise Unfit("body", value, FORM, f"The body is not a form: {str(reason)[:200]}", status=400) from None
    return dict(reversed(pairs))  # the first of several counts
