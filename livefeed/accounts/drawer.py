"""A drawer: the store's records of one kind, as values."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Generic, TypeVar

from pydantic import TypeAdapter

from livefeed.store import Record, Records

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Filed(Generic[T]):
    """A value as it lies in the drawer; `version` is what a change of it must name."""

    name: str
    value: T
    version: int


class Drawer(Generic[T]):
    """Values of one frozen dataclass in `records`, kept as JSON under `kind`."""

    def __init__(self, records: Records, kind: str, of: type[T]) -> None:
        self._records = records
        self._kind = kind
        self._of = of

    async def find(self, name: str) -> Filed[T] | None:
        """The value of that name, unless it expired."""
        record = await self._records.get(self._kind, name)
        return self._filed(record) if record else None

    async def all(self) -> list[Filed[T]]:
        """Every unexpired value, by name."""
        return [self._filed(record) for record in await self._records.all(self._kind)]

    async def file(self, name: str, value: T, *, expected: int, expires_at: datetime | None = None) -> None:
        """Keep `value` in place of version `expected` (0: of nothing). Raises `Conflict`."""
        text = self._json.dump_json(value).decode()
        await self._records.put(self._kind, name, text, expected=expected, expires_at=expires_at)

    async def remove(self, name: str) -> bool:
        """True for the one caller who removed it."""
        return await self._records.delete(self._kind, name)

    @cached_property
    def _json(self) -> TypeAdapter[T]:
        # On first use: building one costs a millisecond, and a start needs none of a dozen.
        return TypeAdapter(self._of)

    def _filed(self, record: Record) -> Filed[T]:
        return Filed(record.name, self._json.validate_json(record.value), record.version)
