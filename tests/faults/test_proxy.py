"""The proxy takes apart what Redis sends, however it is cut into pieces."""

from __future__ import annotations

from proxy import replies

MESSAGES = (
    b"*3\r\n$9\r\nsubscribe\r\n$17\r\n{livefeed}:events\r\n:1\r\n",
    b"*3\r\n$7\r\nmessage\r\n$17\r\n{livefeed}:events\r\n$4\r\na\r\nb\r\n",
    b"+PONG\r\n",
    b"$-1\r\n",
    b"*-1\r\n",
    b"*0\r\n",
)


def test_replies_are_found_whole_wherever_the_stream_is_cut() -> None:
    stream = b"".join(MESSAGES)
    for cut in range(len(stream) + 1):
        first, pending = replies(stream[:cut])
        rest, left = replies(pending + stream[cut:])
        assert (*first, *rest) == MESSAGES
        assert left == b""
