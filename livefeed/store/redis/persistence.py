"""Whether a Redis server keeps what it acknowledges. Pure.

With `appendonly yes` and `appendfsync always` Redis writes and syncs its log before it sends any reply or
pub/sub message, so an answered append survives `kill -9` and a power cut. `everysec` lost thousands of
acknowledged writes at a power cut when it was measured. Any policy but `noeviction` deletes the log when
memory runs short.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

SETTINGS = ("appendonly", "appendfsync", "maxmemory-policy")
_WANTED = {
    "appendonly": ("yes", "without the append-only file a restart loses what was acknowledged"),
    "appendfsync": ("always", "a power cut loses what was acknowledged in the last seconds"),
    "maxmemory-policy": ("noeviction", "Redis deletes coverages when its memory is full"),
}


@dataclass(frozen=True, slots=True)
class Weakness:
    """A way in which a server may lose what it acknowledged. `name` is what `LIVEFEED_ACCEPT` lists."""

    name: str
    sentence: str


def weaknesses(config: Mapping[str, str] | None) -> list[Weakness]:
    """What is weak about a server with these settings (None: it does not tell them)."""
    if config is None:
        return [
            Weakness(
                "persistence=unknown",
                "Redis does not tell its settings (CONFIG GET is refused), so nobody knows whether it keeps "
                "what it acknowledges: allow `config|get` to this user, or, if you know that it has "
                "appendonly yes, appendfsync always and maxmemory-policy noeviction, set "
                "LIVEFEED_ACCEPT=persistence=unknown",
            )
        ]
    return [
        _weakness(setting, config.get(setting, "unknown"), wanted, consequence)
        for setting, (wanted, consequence) in _WANTED.items()
        if config.get(setting) != wanted
        # Without the file it does not matter how it is synced: one weakness, one name to accept.
        and not (setting == "appendfsync" and config.get("appendonly") != "yes")
    ]


def _weakness(setting: str, value: str, wanted: str, consequence: str) -> Weakness:
    name = f"{setting}={value}"
    return Weakness(
        name,
        f"Redis has {setting} {value}, not {wanted}: {consequence}; mend it with `redis-cli config set "
        f"{setting} {wanted}` and in redis.conf, or accept it with LIVEFEED_ACCEPT={name}",
    )
