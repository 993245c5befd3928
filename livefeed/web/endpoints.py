"""What the API and the desk do with webhooks' endpoints: add, find, delete, and try dead letters again."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import UTC, datetime
from ipaddress import ip_network
from urllib.parse import urlsplit

from aiohttp import web

from livefeed.audit import Act, Deed
from livefeed.courier.outside import check_address
from livefeed.forms import WebhookForm
from livefeed.store import Key
from livefeed.web.answers import Problem, Unfit
from livefeed.web.guard import Caller
from livefeed.web.rooms import rooms_of
from livefeed.webhooks import DeadLetter, Endpoint, secret_bytes, secret_text

SECRET_BYTES = 32


async def add_endpoint(
    request: web.Request, caller: Caller, form: WebhookForm, key: Key
) -> tuple[Endpoint, bool]:
    """Keep what a form asks for; and whether `key` had made it before.

    Raises `Problem` 422 for what is wrong in the form, 409 when it was deleted since; `KeyReused`,
    `TooManyEndpoints`.
    """
    rooms = rooms_of(request)
    endpoint, replayed = await rooms.endpoints.add(_endpoint(request, form), key)
    if endpoint.deleted:
        raise Problem(409, "The webhook that this Idempotency-Key made was deleted since; use another key.")
    if not replayed:
        await rooms.store.note(_act(caller, "add-webhook", endpoint))
    rooms.courier.heal()
    return endpoint, replayed


async def found_endpoint(request: web.Request) -> Endpoint:
    """The endpoint that the address names. Raises `Problem` 404."""
    id = request.match_info["id"]
    endpoint = await rooms_of(request).endpoints.find(id)
    if endpoint is None:
        raise _unknown(id)
    return endpoint


async def delete_endpoint(request: web.Request, caller: Caller, endpoint: Endpoint) -> None:
    """Send nothing to it any more, and forget its dead letters. Raises `Problem` 404."""
    rooms = rooms_of(request)
    if not await rooms.endpoints.delete(endpoint.id):
        raise _unknown(endpoint.id)
    await rooms.store.note(_act(caller, "delete-webhook", endpoint))
    rooms.courier.heal()


async def replay_letters(
    request: web.Request, caller: Caller, endpoint: Endpoint, wanted: Sequence[str] | None
) -> list[DeadLetter]:
    """Have dead letters tried again, all of them when `wanted` is None; those that will be."""
    rooms = rooms_of(request)
    asked = await rooms.endpoints.replay(endpoint.id, wanted)
    await rooms.store.note(_act(caller, "replay-webhook", endpoint))
    rooms.courier.heal()
    return asked


def _endpoint(request: web.Request, form: WebhookForm) -> Endpoint:
    """The endpoint that a form asks for; the register fills in the rest."""
    try:
        url = check_address(
            form.url, [ip_network(text) for text in rooms_of(request).settings.private_networks]
        )
    except ValueError as reason:
        raise Unfit("url", form.url, "an address outside", f"url: {reason}") from None
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


def _act(caller: Caller, deed: Deed, endpoint: Endpoint) -> Act:
    # The host alone: what follows it may be as secret as a password.
    return Act.of(caller.editor, deed, f"webhook:{endpoint.id}", detail=urlsplit(endpoint.url).netloc)


def _unknown(id: str) -> Problem:
    return Problem(404, f"There is no webhook {id[:64]!r}.")
