"""Small keyed documents with compare-and-set; Redis itself removes what has expired."""

from __future__ import annotations

from datetime import datetime

from livefeed.store import Conflict, Record
from livefeed.store.redis.plan import microseconds, moment
from livefeed.store.redis.primary import Primary
from livefeed.store.redis.scripts import script


class RedisRecords:
    """The records on one primary; see `livefeed.store.Records`."""

    def __init__(self, primary: Primary) -> None:
        self._primary = primary

    async def get(self, kind: str, name: str) -> Record | None:
        """The unexpired record of that name."""
        values = await self._primary.ask(
            "HMGET", f"{{livefeed}}:record:{kind}:{name}", "value", "version", "expires"
        )
        return None if values[0] is None else _record(name, *values)

    async def put(
        self,
        kind: str,
        name: str,
        value: str,
        *,
        expected: int | None = None,
        expires_at: datetime | None = None,
    ) -> Record:
        """Keep `value` if version `expected` is there (0: none, None: any); raises `Conflict`."""
        expires = microseconds(expires_at) if expires_at else None
        reply = await self._primary.write(
            script("record_put"),
            kind,
            name,
            value,
            "" if expected is None else expected,
            "" if expires is None else expires,
            "" if expires is None else expires // 1000,
        )
        if reply[0] == "conflict":
            raise Conflict(f"{kind}:{name}")
        return Record(name, value, int(reply[1]), expires_at)

    async def delete(self, kind: str, name: str, *, expected: int | None = None) -> bool:
        """Remove it; False when there was none. Raises `Conflict` when another version is there."""
        reply = await self._primary.write(
            script("record_delete"), kind, name, "" if expected is None else expected
        )
        if reply[0] == "conflict":
            raise Conflict(f"{kind}:{name}")
        return bool(reply[1] == "1")

    async def all(self, kind: str) -> list[Record]:
        """Every unexpired record of a kind, by name."""
        found = await self._primary.evaluate(script("records"), kind)
        return sorted((_record(*fields) for fields in found), key=lambda record: record.name)


def _record(name: str, value: str, version: str, expires: str) -> Record:
    return Record(name, value, int(version), moment(int(expires)) if expires else None)
