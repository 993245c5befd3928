"""Addresses that a page or its data may name."""

from __future__ import annotations


def absolute(address: str, base_url: str) -> str:
    """`address` as an absolute web address, or nothing.

    Addresses are checked when they are written; an old or imported record must still never put a
    `javascript:` link into a page or a feed.
    """
    if address.startswith("/") and not address.startswith("//"):
        return base_url + address
    return address if address.lower().startswith(("http://", "https://")) else ""
