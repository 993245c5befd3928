"""Webhooks: endpoints that are told of every change, and the letters that did not arrive."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime
from ipaddress import ip_network
from typing import Any
from urllib.parse import urlsplit

from aiohttp import web

from livefeed.audit import Act
from livefeed.courier.endpoints import KeyReused, TooManyEndpoints
from livefeed.courier.outside import check_address
from livefeed.events import rfc3339
from livefeed.forms import ReplayForm, WebhookForm
from livefeed.model import Role
from livefeed.newsroom import KeyMisused
from livefeed.web.answers import Problem
from livefeed.web.api.answers import json_answer
from livefeed.web.guard import Caller, Scope, caller_of, needs
from livefeed.web.intake import WriteBudget, body_of, key_of, lengths_of, parsed
from livefeed.web.rooms import rooms_of
from livefeed.webhooks import DeadLetter, Endpoint, secret_bytes, secret_text

SECRET_BYTES = 32

routes = web.RouteTableDef()


@routes.post("/api/v1/webhooks")
@needs(Role.ADMIN, Scope.SITE)
async def add_webhook(request: web.Request) -> web.Response:
    """Add an endpoint; the answer alone shows its secret."""
    rooms = rooms_of(request)
    budget = WriteBudget(request)
    async with budget.spent():
        caller = await caller_of(request)
    body = await body_of(request, rooms.settings.request_bytes)
    async with budget.spent():
        key = key_of(request, caller, body)
        form = parsed(request, body, WebhookForm, lengths_of(rooms.settings))
        try:
            endpoint, replayed = await rooms.endpoints.add(_endpoint(request, form), key)
        except KeyReused as reason:
            raise KeyMisused(str(reason)) from None
        except TooManyEndpoints as reason:
            raise Problem(409, str(reason)) from None
    if endpoint.deleted:
        raise Problem(409, "The webhook that this Idempotency-Key made was deleted since; use another key.")
    if not replayed:
        await rooms.store.note(_act(caller, "add-webhook", endpoint))
    rooms.courier.heal()
    headers = {"Location": f"{rooms.base_url}/api/v1/webhooks/{endpoint.id}"}
    if replayed:
        headers["Idempotency-Replayed"] = "true"
    return json_answer(_document(endpoint) | {"secret": endpoint.secret}, 201, headers)


@routes.get("/api/v1/webhooks")
@needs(Role.ADMIN, Scope.SITE)
async def list_webhooks(request: web.Request) -> web.Response:
    """Every endpoint, the oldest first, without secrets."""
    await caller_of(request)
    endpoints = await rooms_of(request).endpoints.all()
    return json_answer({"webhooks": [_document(endpoint) for endpoint in endpoints]})


@routes.get("/api/v1/webhooks/{id}")
@needs(Role.ADMIN, Scope.SITE)
async def read_webhook(request: web.Request) -> web.Response:
    """One endpoint, without its secret."""
    _, endpoint = await _found(request)
    return json_answer(_document(endpoint))


@routes.delete("/api/v1/webhooks/{id}")
@needs(Role.ADMIN, Scope.SITE)
async def delete_webhook(request: web.Request) -> web.Response:
    """Delete an endpoint with its dead letters; nothing more is sent to it."""
    async with WriteBudget(request).spent():
        caller, endpoint = await _found(request)
        if not await rooms_of(request).endpoints.delete(endpoint.id):
            raise _unknown(endpoint.id)
        await rooms_of(request).store.note(_act(caller, "delete-webhook", endpoint))
    rooms_of(request).courier.heal()
    return web.Response(status=204)


@routes.get("/api/v1/webhooks/{id}/dead-letters")
@needs(Role.ADMIN, Scope.SITE)
async def list_dead_letters(request: web.Request) -> web.Response:
    """What an endpoint did not take, the oldest first."""
    _, endpoint = await _found(request)
    letters = await rooms_of(request).endpoints.letters(endpoint.id)
    return json_answer({"dead_letters": [_letter(letter) for letter in letters]})


@routes.post("/api/v1/webhooks/{id}/replay")
@needs(Role.ADMIN, Scope.SITE)
async def replay_dead_letters(request: web.Request) -> web.Response:
    """Try dead letters again, all of them or those that are named."""
    rooms = rooms_of(request)
    budget = WriteBudget(request)
    async with budget.spent():
        caller, endpoint = await _found(request)
    body = await body_of(request, rooms.settings.request_bytes)
    async with budget.spent():
        form = parsed(request, body, ReplayForm, lengths_of(rooms.settings))
        asked = await rooms.endpoints.replay(endpoint.id, form.letters)
        await rooms.store.note(_act(caller, "replay-webhook", endpoint))
    rooms.courier.heal()
    return json_answer({"dead_letters": [_letter(letter) for letter in asked]}, 202)


def _endpoint(request: web.Request, form: WebhookForm) -> Endpoint:
    """The endpoint that a form asks for; the register fills in the rest."""
    try:
        url = check_address(
            form.url, [ip_network(text) for text in rooms_of(request).settings.private_networks]
        )
    except ValueError as reason:
        raise Problem(422, f"url: {reason}", field="url", value=form.url[:100]) from None
    if form.secret is not None:
        try:
            secret_bytes(form.secret)
        except ValueError as reason:  # without the value: it may be nearly right
            raise Problem(422, f"secret: {reason}", field="secret") from None
    return Endpoint(
        id="",
        url=url,
        secret=form.secret or secret_text(secrets.token_bytes(SECRET_BYTES)),
        description=form.description,
        coverages=None if form.coverages is None else tuple(form.coverages),
        created_at=datetime.now(UTC),
        epoch="",
        baseline={},
        fingerprint="",
    )


async def _found(request: web.Request) -> tuple[Caller, Endpoint]:
    caller = await caller_of(request)
    id = request.match_info["id"]
    endpoint = await rooms_of(request).endpoints.find(id)
    if endpoint is None:
        raise _unknown(id)
    return caller, endpoint


def _act(caller: Caller, deed: str, endpoint: Endpoint) -> Act:
    # The host alone: what follows it may be as secret as a password.
    return Act.of(caller.editor, deed, f"webhook:{endpoint.id}", detail=urlsplit(endpoint.url).netloc)


def _unknown(id: str) -> Problem:
    return Problem(404, f"There is no webhook {id[:64]!r}.")


def _document(endpoint: Endpoint) -> dict[str, Any]:
    return {
        "id": endpoint.id,
        "url": endpoint.url,
        "description": endpoint.description,
        "coverages": None if endpoint.coverages is None else list(endpoint.coverages),
        "created_at": rfc3339(endpoint.created_at),
        "disabled": endpoint.disabled,
    }


def _letter(letter: DeadLetter) -> dict[str, Any]:
    return {
        "id": letter.id,
        "coverage": letter.channel.partition(":")[2],
        "kind": letter.kind,
        "attempts": letter.attempts,
        "failed_at": rfc3339(letter.failed_at),
        "reason": letter.reason,
        "replaying": letter.replaying,
    }
