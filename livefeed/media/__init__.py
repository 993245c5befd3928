"""Uploaded pictures: taken in, rebuilt from their pixels, kept under the hash of their bytes.

Theory of operation. An upload crosses three rooms, each trusting the one before it less:

- `picture` looks at the length and the first bytes only, and refuses what is no JPEG, PNG, GIF or WebP.
- `decoder` hands the bytes to `pixels`, run as a process of its own for this one picture: limited in memory
  and processor time, without the server's environment, killed at the deadline. What it answers is three
  words and bytes, never a pickle, so a decoder taken over by a hostile file can spoil its own picture only.
- `files` writes the result: synced, renamed into place, synced again. Only then does `MediaShelf.add` return.

Invariants. Nothing of an upload but its pixels is ever stored: no EXIF, GPS, XMP, IPTC, profile, comment,
text, trailing byte, file name or upload time, because each can name a source. The same upload gives the
same bytes and so the same name; a file is never changed once it has its name. One picture is decoded at a
time.
"""

from livefeed.media.picture import MediaAway, MediaBusy, MediaFull, MediaRefused, Picture, Reason
from livefeed.media.shelf import MediaShelf

__all__ = ["MediaAway", "MediaBusy", "MediaFull", "MediaRefused", "MediaShelf", "Picture", "Reason"]
