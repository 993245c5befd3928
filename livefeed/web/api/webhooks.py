"""Webhooks: endpoints that are told of every change, and the letters that did not arrive."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from livefeed.courier.endpoints import KeyReused, TooManyEndpoints
from livefeed.events import rfc3339
from livefeed.forms import ReplayForm, WebhookForm
from livefeed.newsroom import KeyMisused
from livefeed.roles import Role
from livefeed.web.answers import Problem
from livefeed.web.api.answers import json_answer
from livefeed.web.endpoints import add_endpoint, delete_endpoint, found_endpoint, replay_letters
from livefeed.web.guard import Caller, Scope, caller_of, needs
from livefeed.web.intake import WriteBudget, key_of, lengths_of, parsed, received
from livefeed.web.rooms import rooms_of
from livefeed.webhooks import DeadLetter, Endpoint

routes = web.RouteTableDef()


@routes.post("/api/v1/webhooks")
@needs(Role.ADMIN, Scope.SITE)
async def add_webhook(request: web.Request) -> web.Response:
    """Add an endpoint; the answer alone shows its secret."""
    rooms = rooms_of(request)
    async with received(request) as (caller, body):
        key = key_of(request, caller, body)
        form = parsed(request, body, WebhookForm, lengths_of(rooms.settings))
        try:
            endpoint, replayed = await add_endpoint(request, caller, form, key)
        except KeyReused as reason:
            raise KeyMisused(str(reason)) from None
        except TooManyEndpoints as reason:
            raise Problem(409, str(reason)) from None
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
        await delete_endpoint(request, caller, endpoint)
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
    async with received(request) as (caller, body):
        endpoint = await found_endpoint(request)
        form = parsed(request, body, ReplayForm, lengths_of(rooms.settings))
        asked = await replay_letters(request, caller, endpoint, form.letters)
    return json_answer({"dead_letters": [_letter(letter) for letter in asked]}, 202)


async def _found(request: web.Request) -> tuple[Caller, Endpoint]:
    caller = await caller_of(request)
    return caller, await found_endpoint(request)


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
