"""Measure feeds and pages from cache beside nginx, rendering, and what publishing costs in a large coverage.

    python scripts/bench_feeds.py [--small 200] [--large 20000] [--rounds 5] [--seconds 2] [--without-nginx]

livefeed runs as its users run it, on SQLite; nginx serves the same bytes from files, compressed beforehand.
One client asks both in turns, many requests ahead on one connection, so that the server and not the client is
the limit. CPU is the servers' own (user and system). Compare the ratios of one run, never the figures of two.
"""

from __future__ import annotations

import argparse
import contextlib
import getpass
import http.client
import json
import os
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

AHEAD = 16  # requests on their way at once
TICKS = os.sysconf("SC_CLK_TCK")
FEED, PAGE = "/live/{slug}/updates.rss", "/live/{slug}"
TEXT = "وصلت القافلة إلى المعبر بعد ساعات من الانتظار، بحسب مصادر محلية. " * 6
NGINX = """daemon off; user {user}; worker_processes 1; pid {folder}/pid; error_log {folder}/error.log;
events {{ worker_connections 512; }}
http {{ access_log off; client_body_temp_path {folder}/body; keepalive_requests 1000000000;
 types {{ application/rss+xml rss; }} default_type text/html;
 server {{ listen 127.0.0.1:{port}; root {folder}/files; gzip_static on;
  add_header Cache-Control "max-age=60"; add_header Vary Accept-Encoding; }} }}
"""


def main() -> None:
    """Run the whole benchmark."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--small", type=int, default=200, help="updates in the small coverage")
    parser.add_argument("--large", type=int, default=20_000, help="updates in the large one")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=2.0, help="of one measurement from cache")
    parser.add_argument("--without-nginx", action="store_true")
    asked = parser.parse_args()
    if not asked.without_nginx and not shutil.which("nginx"):
        sys.exit("nginx is the measure here and is not on the PATH: install it, or say --without-nginx.")
    with tempfile.TemporaryDirectory() as place, _livefeed(Path(place)) as newsroom:
        for slug, count in (("small", asked.small), ("large", asked.large)):
            newsroom.open(slug)
            for _ in range(count):
                newsroom.publish(slug)
        _from_cache(newsroom, Path(place), asked)
        _changing(newsroom, asked)


@dataclass(frozen=True)
class Peer:
    """Where a server has a document, and the validator that it gives it."""

    port: int
    pid: int
    path: str
    tag: str


class Newsroom:
    """A running livefeed, with the right to write."""

    def __init__(self, port: int, pid: int, token: str) -> None:
        self.port, self.pid = port, pid
        self._token = token
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)

    def open(self, slug: str) -> None:
        self._post("/api/v1/coverages", {"slug": slug, "headline": "التغطية الحية", "section": "قياس"})

    def publish(self, slug: str) -> None:
        self._post(f"/api/v1/coverages/{slug}/updates", {"headline": "خبر للقياس", "body": TEXT})

    def get(self, path: str, encoding: str = "identity") -> http.client.HTTPResponse:
        self._connection.request("GET", path, headers={"Accept-Encoding": encoding})
        return self._connection.getresponse()

    def _post(self, path: str, document: dict[str, str]) -> None:
        headers = {"Authorization": f"Bearer {self._token}", "Content-Type": "application/json"}
        self._connection.request("POST", path, json.dumps(document), headers)
        answer = self._connection.getresponse()
        body = answer.read()
        if answer.status != 201:
            sys.exit(f"POST {path} answered {answer.status}: {body.decode()}")


def _from_cache(newsroom: Newsroom, place: Path, asked: argparse.Namespace) -> None:
    print(f"from cache, {asked.seconds:g} s each, median of {asked.rounds}")
    for name, path in (("feed", FEED.format(slug="small")), ("page", PAGE.format(slug="small"))):
        plain = newsroom.get(path)
        files = place / "files"
        file = files / f"{name}.{'rss' if name == 'feed' else 'html'}"
        files.mkdir(exist_ok=True)
        file.write_bytes(plain.read())
        packed = newsroom.get(path, "gzip")
        tag = packed.headers["ETag"]
        file.with_name(f"{file.name}.gz").write_bytes(packed.read())
        with contextlib.ExitStack() as running:
            peers = {"livefeed": Peer(newsroom.port, newsroom.pid, path, tag)}
            if not asked.without_nginx:
                port, pid = running.enter_context(_nginx(place))
                peers["nginx"] = Peer(port, pid, f"/{file.name}", _tag(port, f"/{file.name}"))
            for kind in ("plain", "gzip", "304"):
                found: dict[str, list[tuple[float, float]]] = {peer: [] for peer in peers}
                for _ in range(asked.rounds):
                    for server, peer in peers.items():
                        found[server].append(_storm(peer, kind, asked.seconds))
                _tell(f"{name} {kind}", found)


def _changing(newsroom: Newsroom, asked: argparse.Namespace) -> None:
    slugs = {"small": asked.small, "large": asked.large}
    times = 20 * asked.rounds
    print(f"while it changes, median of {times}: coverages of {asked.small} and {asked.large} updates")
    steps: dict[str, Callable[[str], None]] = {
        "publish": newsroom.publish,
        **{
            f"render {form}": lambda slug, form=form: _read(newsroom, f"/live/{slug}/updates.{form}")
            for form in ("rss", "atom", "json")
        },
        "render page": lambda slug: _read(newsroom, PAGE.format(slug=slug)),
        "section feed": lambda slug: _read(newsroom, "/feeds/sections/%D9%82%D9%8A%D8%A7%D8%B3.rss"),
    }
    took: dict[str, dict[str, list[float]]] = {step: {slug: [] for slug in slugs} for step in steps}
    spent = dict.fromkeys(slugs, 0.0)
    for _ in range(times):
        for slug in slugs:
            before = _cpu(newsroom.pid)
            for step, act in steps.items():
                began = time.perf_counter()
                act(slug)
                took[step][slug].append(time.perf_counter() - began)
            spent[slug] += _cpu(newsroom.pid) - before
    for step, by_slug in took.items():
        small, large = (statistics.median(by_slug[slug]) * 1000 for slug in slugs)
        print(f"  {step:<14} {small:8.2f} ms  {large:8.2f} ms   large/small {large / small:.2f}")
    small, large = (spent[slug] * 1000 / times for slug in slugs)
    ratio = large / max(small, 1e-9)
    print(f"  {'CPU of all':<14} {small:8.2f} ms  {large:8.2f} ms   large/small {ratio:.2f}")


def _read(newsroom: Newsroom, path: str) -> None:
    answer = newsroom.get(path)
    answer.read()
    if answer.status != 200:
        sys.exit(f"GET {path} answered {answer.status}")


def _storm(peer: Peer, kind: str, seconds: float) -> tuple[float, float]:
    """Requests a second, and microseconds of the server's CPU for each."""
    lines = [f"GET {peer.path} HTTP/1.1", "Host: 127.0.0.1"]
    lines += {"plain": [], "gzip": ["Accept-Encoding: gzip"], "304": [f"If-None-Match: {peer.tag}"]}[kind]
    request = ("\r\n".join(lines) + "\r\n\r\n").encode()
    with socket.create_connection(("127.0.0.1", peer.port), timeout=10) as connection:
        connection.sendall(request)
        size = _answer_size(connection, kind)
        before, began, answered = _cpu(peer.pid), time.perf_counter(), 0
        while (passed := time.perf_counter() - began) < seconds:
            connection.sendall(request * AHEAD)
            missing = size * AHEAD
            while missing:
                missing -= len(_received(connection, min(missing, 1 << 20)))
            answered += AHEAD
        return answered / passed, (_cpu(peer.pid) - before) * 1e6 / answered


def _answer_size(connection: socket.socket, kind: str) -> int:
    """The bytes of one whole answer; all that follow have as many."""
    received = b""
    while b"\r\n\r\n" not in received:
        received += _received(connection, 65536)
    head, _, body = received.partition(b"\r\n\r\n")
    wanted = b" 304 " if kind == "304" else b" 200 "
    if wanted not in head.splitlines()[0]:
        sys.exit(f"{kind}: {head.decode(errors='replace')}")
    if kind == "304":
        return len(received)
    headers = http.client.parse_headers(BytesIO(head.partition(b"\r\n")[2] + b"\r\n\r\n"))
    if (kind == "gzip") != (headers.get("Content-Encoding") == "gzip"):
        sys.exit(f"{kind}: {head.decode(errors='replace')}")
    length = int(headers["Content-Length"])
    while len(body) < length:
        body += _received(connection, length - len(body))
    return len(head) + 4 + length


def _received(connection: socket.socket, most: int) -> bytes:
    piece = connection.recv(most)
    if not piece:
        sys.exit("a server closed the connection in the middle of a measurement")
    return piece


def _tell(what: str, found: dict[str, list[tuple[float, float]]]) -> None:
    medians = {
        peer: (statistics.median(rate for rate, _ in rounds), statistics.median(cpu for _, cpu in rounds))
        for peer, rounds in found.items()
    }
    cells = [f"{peer} {rate:8.0f}/s {cpu:7.1f} us" for peer, (rate, cpu) in medians.items()]
    if "nginx" in medians and medians["nginx"][1]:
        cells.append(f"livefeed/nginx CPU {medians['livefeed'][1] / medians['nginx'][1]:.2f}")
    print(f"  {what:<11}", "   ".join(cells))


def _cpu(pid: int) -> float:
    """CPU seconds of a process and its children."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    seconds = 0.0
    for each in (str(pid), *children):
        fields = Path(f"/proc/{each}/stat").read_text().rpartition(")")[2].split()
        seconds += (int(fields[11]) + int(fields[12])) / TICKS
    return seconds


@contextlib.contextmanager
def _livefeed(place: Path) -> Iterator[Newsroom]:
    port = _free_port()
    # A folder of its own, for a `.env` beside us must not decide what is measured.
    environment = {name: value for name, value in os.environ.items() if not name.startswith("LIVEFEED_")}
    environment |= {"LIVEFEED_PORT": str(port), "LIVEFEED_SECRET": "s" * 40}
    environment.setdefault("PYTHONPATH", str(Path(__file__).resolve().parent.parent))

    def command(*words: str) -> str:
        asked = [sys.executable, "-m", "livefeed", *words]
        return subprocess.run(
            asked, cwd=place, env=environment, check=True, capture_output=True, text=True
        ).stdout

    serve = [sys.executable, "-m", "livefeed", "serve"]
    with (place / "log").open("wb") as log:
        server = subprocess.Popen(serve, cwd=place, env=environment, stdout=log, stderr=log)
    try:
        _answering(port, server)
        command("editor", "add", "bench", "--role", "admin")
        token = command("token", "add", "bench").strip()
        yield Newsroom(port, server.pid, token)
    finally:
        server.terminate()
        server.wait(20)


@contextlib.contextmanager
def _nginx(place: Path) -> Iterator[tuple[int, int]]:
    port = _free_port()
    configuration = place / "nginx.conf"
    configuration.write_text(NGINX.format(folder=place, port=port, user=getpass.getuser()))
    server = subprocess.Popen(
        ["nginx", "-c", configuration, "-e", place / "error.log"], stderr=subprocess.DEVNULL
    )
    try:
        _answering(port, server)
        yield port, server.pid
    finally:
        server.terminate()
        server.wait(20)


def _answering(port: int, server: subprocess.Popen[bytes]) -> None:
    for _ in range(400):
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
        if server.poll() is not None:
            break
        time.sleep(0.05)
    sys.exit(f"{server.args!r} did not start")


def _tag(port: int, path: str) -> str:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    connection.request("GET", path)
    answer = connection.getresponse()
    answer.read()
    connection.close()
    return answer.headers["ETag"]


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port: int = free.getsockname()[1]
        return port


if __name__ == "__main__":
    main()
