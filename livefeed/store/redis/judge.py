"""Whether a Redis server may be used, and which life of the log it holds.

Every run of a server has an id of its own. The `meta` hash notes the one that the epoch was judged for, so
that a server which may have lost what it acknowledged is found out by the first script that meets it.
"""

from __future__ import annotations

import logging
import secrets
from collections.abc import Sequence

from redis.exceptions import ResponseError

from livefeed.store import StoreAway, StoreRefused
from livefeed.store.redis.persistence import SETTINGS, Weakness, weaknesses
from livefeed.store.redis.primary import Primary
from livefeed.store.redis.scripts import script

_logger = logging.getLogger(__name__)


class Judge:
    """Judges the server behind `primary`. `watched`: sentinels name it, so that another may take over;
    `accept` names the weaknesses it may have."""

    def __init__(self, primary: Primary, *, watched: bool, accept: Sequence[str]) -> None:
        self._primary = primary
        self._watched = watched
        self._accept = frozenset(accept)
        self._warned: set[str] = set()

    async def epoch(self, instead_of: str = "", *, knock: bool = True) -> str:
        """Check the server, note which run of it this is, and name the epoch.

        Raises `StoreRefused` for a server that must not be used, `StoreAway`.
        """
        facts = dict(
            line.split(":", 1)
            for line in (await self._primary.ask("INFO", knock=knock)).splitlines()
            if ":" in line
        )
        if facts["role"] != "master":
            if self._watched:
                raise StoreAway("Sentinel names a server that is not a primary: a failover is under way")
            raise StoreRefused(
                f"LIVEFEED_STORE names a replica of {facts.get('master_host')}:{facts.get('master_port')}, "
                "which takes no writes: name its primary, or its sentinels with redis+sentinel://"
            )
        found = await self.weaknesses(knock=knock)
        refused = [weakness.sentence for weakness in found if weakness.name not in self._accept]
        if refused:
            raise StoreRefused("; ".join(refused))
        for weakness in found:
            if weakness.name not in self._warned:
                self._warned.add(weakness.name)
                _logger.warning("accepted by LIVEFEED_ACCEPT: %s", weakness.sentence)
        # A replica that takes over may lack what its primary had acknowledged.
        alone = facts["connected_slaves"] == "0" and facts["second_repl_offset"] == "-1"
        durable = alone and not found and not self._watched
        epoch: str | None = await self._primary.evaluate(
            script("sync"), facts["run_id"], int(durable), secrets.token_hex(4), instead_of, knock=knock
        )
        if epoch is None:
            raise StoreAway("Redis was started again while it was judged")
        return epoch

    async def weaknesses(self, *, knock: bool) -> list[Weakness]:
        """What its settings leave to luck, accepted or not."""
        config: dict[str, str] = {}
        try:
            for setting in SETTINGS:
                pair = await self._primary.ask("CONFIG", "GET", setting, knock=knock)
                config |= dict([pair]) if pair else {}
        except ResponseError:  # a managed server, or a user without that right
            return weaknesses(None)
        return weaknesses(config)
