"""What every process on one store must share: the site's secret and the folder of its pictures.

The first process that starts leaves a record of each; a later one that differs is refused, because half a
fleet with another secret logs editors out at random, and half a fleet with another folder loses pictures.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets

from livefeed.store import Conflict, Records, StoreRefused

KIND = "site"
_GENERATED, _FINGERPRINT = "generated:", "sha256:"


async def site_secret(records: Records, configured: str) -> str:
    """The secret of this site: `configured`, or when that is empty one that is made once and kept.

    Of a configured secret only the fingerprint is kept. It may take the place of a made one, which only this
    store knew. Raises `StoreRefused` when another secret was configured before, or one was and now is not.
    A made one is in the store, so whoever can read the store can read it: a configured one is safer.
    """
    fresh = _fingerprint(configured) if configured else _GENERATED + secrets.token_urlsafe(32)
    kept = await _first(records, "secret", fresh)
    if kept.startswith(_GENERATED) and configured:
        kept = await _instead(records, "secret", kept, fresh)
    if kept.startswith(_GENERATED):
        return kept.removeprefix(_GENERATED)
    if not configured:
        raise StoreRefused(
            "LIVEFEED_SECRET is empty, but this store has been used with one: set the same one again"
        )
    if not hmac.compare_digest(kept, fresh):
        raise StoreRefused(
            "LIVEFEED_SECRET is not the one that this store has been used with: every process on it needs "
            "the same one"
        )
    return configured


async def same_media(records: Records, marker: str) -> None:
    """Raise `StoreRefused` when `marker`, of the media folder, is not the one this store knows."""
    kept = await _first(records, "media", marker)
    if kept != marker:
        raise StoreRefused(
            f"LIVEFEED_MEDIA is a folder with the marker {marker}, but this store's pictures are in the one "
            f"with the marker {kept}: every process on it needs the same folder"
        )


async def _first(records: Records, name: str, value: str) -> str:
    """What is kept under `name`: `value` when nothing was."""
    while True:  # losing the race to be first means that there is something to read
        record = await records.get(KIND, name)
        if record is not None:
            return record.value
        try:
            return (await records.put(KIND, name, value, expected=0)).value
        except Conflict:
            continue


async def _instead(records: Records, name: str, old: str, value: str) -> str:
    """What is kept under `name`, after `value` took the place of `old` if that was still there."""
    while True:
        record = await records.get(KIND, name)
        if record is None or record.value != old:
            return await _first(records, name, value)
        try:
            return (await records.put(KIND, name, value, expected=record.version)).value
        except Conflict:
            continue


def _fingerprint(secret: str) -> str:
    return _FINGERPRINT + hashlib.sha256(b"livefeed site secret\0" + secret.encode()).hexdigest()
