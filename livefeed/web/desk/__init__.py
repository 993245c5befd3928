"""Editors' pages: one noun a file. Server-rendered, for a logged-in person at a browser."""

from livefeed.web.desk import (
    account,
    administration,
    all_coverages,
    audit,
    coverage_form,
    coverages,
    history,
    limits,
    login,
    people,
    preview,
    running,
    snippets,
    subscribers,
    tokens,
    webhooks,
)

routes = (
    *login.routes,
    *account.routes,
    *administration.routes,
    *all_coverages.routes,
    *people.routes,
    *tokens.routes,
    *audit.routes,
    *webhooks.routes,
    *snippets.routes,
    *subscribers.routes,
    *limits.routes,
    *coverage_form.routes,
    *history.routes,
    *preview.routes,
    *running.routes,
    *coverages.routes,  # last, for its /desk/{slug} would take the others' addresses
)
