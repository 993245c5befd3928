"""Editors' pages: one noun a file. Server-rendered, for a logged-in person at a browser."""

from livefeed.web.desk import coverages, history, login, preview

routes = (*login.routes, *coverages.routes, *history.routes, *preview.routes)
