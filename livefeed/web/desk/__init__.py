"""Editors' pages: one noun a file. Server-rendered, for a logged-in person at a browser."""

from livefeed.web.desk import coverage_form, coverages, history, login, preview

routes = (*login.routes, *coverage_form.routes, *coverages.routes, *history.routes, *preview.routes)
