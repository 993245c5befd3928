"""How the machine is: for load balancers and for Prometheus."""

from __future__ import annotations

from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from livefeed.web.answers import Problem
from livefeed.web.rooms import rooms_of

routes = web.RouteTableDef()


@routes.get("/healthz")
async def healthz(_: web.Request) -> web.Response:
    """The process lives."""
    return web.json_response({"status": "ok"}, headers={"Cache-Control": "no-store"})


@routes.get("/readyz")
async def readyz(request: web.Request) -> web.Response:
    """Whether to send readers here. A store that is away keeps it ready, or every node of a fleet would be
    taken out at once; before the first sync and while stopping it is not."""
    rooms = rooms_of(request)
    ready = rooms.synced and not rooms.draining
    document = {
        "status": "ready" if ready else "draining" if rooms.draining else "starting",
        "store": "away" if rooms.store.away else "here",
    }
    headers = {"Cache-Control": "no-store"}
    return web.json_response(document, status=200 if ready else 503, headers=headers)


@routes.get("/metrics")
async def metrics_text(request: web.Request) -> web.Response:
    """Prometheus' text, for this machine or for who has the token."""
    token = rooms_of(request).settings.metrics_token.get_secret_value()
    if token:
        allowed = request.headers.get("Authorization") == f"Bearer {token}"
    else:
        # Behind a proxy on this machine everybody seems to come from here: a forwarded request does not
        # count.
        allowed = request.remote in {"127.0.0.1", "::1"} and "X-Forwarded-For" not in request.headers
    if not allowed:
        raise Problem(403, "Metrics are for this machine, or for who sends the metrics token.")
    return web.Response(body=generate_latest(), headers={"Content-Type": CONTENT_TYPE_LATEST})
