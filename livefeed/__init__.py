"""livefeed: a self-hosted live-coverage server."""

__version__ = "0.1.0"
