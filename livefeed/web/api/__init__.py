"""All writes, and what editors read: JSON under `/api/v1`, pictures, and the curl door.

Every write keeps the contract's order of checks: authenticate, authorise, Idempotency-Key, If-Match,
validate; see `writes`.
"""

from livefeed.web.api import (
    audience,
    audit,
    autosaves,
    curl,
    notes,
    pictures,
    presence,
    previews,
    reading,
    reference,
    snippets,
    webhooks,
    writes,
)

routes = (
    *writes.routes,
    *curl.routes,
    *pictures.routes,
    *previews.routes,
    *reading.routes,
    *webhooks.routes,
    *audit.routes,
    *autosaves.routes,
    *audience.routes,
    *snippets.routes,
    *presence.routes,
    *notes.routes,
    *reference.routes,
)
