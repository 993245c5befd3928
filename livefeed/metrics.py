"""Every metric, by name. Nothing else creates one."""

from prometheus_client import Counter, Gauge, Histogram

READERS = Gauge("livefeed_readers", "Readers connected.", ["transport"])
DELIVERIES = Counter("livefeed_deliveries", "Writes to readers; one may carry several events.")
EVENTS = Counter("livefeed_events", "Events taken into a tail.", ["kind"])
HEALS = Counter("livefeed_heals", "Gaps healed from the log.", ["cause"])
RELOADS = Counter("livefeed_reloads", "Readers told that their cursor is worthless.")
STALLED = Counter("livefeed_stalled_readers", "Readers dropped for taking nothing.")
PASS_SECONDS = Histogram(
    "livefeed_pass_seconds",
    "Time from an event to the end of its pass over the readers.",
    buckets=(0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2),
)
APPEND_SECONDS = Histogram(
    "livefeed_append_seconds",
    "Time to commit a batch.",
    buckets=(0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2),
)
OUTSIDE = Counter(
    "livefeed_outside_deliveries", "Requests to webhooks, WebSub callbacks and hubs.", ["kind", "outcome"]
)
STORE_AWAY = Gauge("livefeed_store_away", "1 while the store is out of reach.")
RENDERS = Counter("livefeed_renders", "Documents rendered.", ["document"])
REQUESTS = Counter("livefeed_requests", "Requests answered.", ["route", "status"])
