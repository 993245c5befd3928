"""The documentation against what it documents: nothing is left out, nothing is promised that is not there."""

from __future__ import annotations

import asyncio
import re
import runpy
import shlex
import subprocess
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest
import typer.main
from live_server import Server
from prometheus_client.metrics import MetricWrapperBase

from livefeed import metrics
from livefeed.cli import app
from livefeed.events import live_channel
from livefeed.pages import template_folder
from livefeed.settings import Settings
from livefeed.web.app import DOORS

ROOT = Path(__file__).resolve().parent.parent
DOCS = sorted((ROOT / "docs").glob("*.md"))
PAGES = [*sorted(ROOT.glob("*.md")), *DOCS, *sorted((ROOT / "docs/decisions").glob("*.md"))]
GUIDE = "\n".join(page.read_text(encoding="utf-8") for page in DOCS)
README = (ROOT / "README.md").read_text(encoding="utf-8")

# Read by the commands, the compose file and the Caddyfile, not by `Settings`.
BESIDE = {"LIVEFEED_URL", "LIVEFEED_TOKEN", "LIVEFEED_PUBLISH", "LIVEFEED_DOMAIN"}


# --- settings, metrics, commands, routes, templates, problem types --------------------------------


def test_the_table_of_settings_is_what_its_script_writes() -> None:
    script = runpy.run_path(str(ROOT / "scripts/settings_table.py"))
    page = (ROOT / "docs/settings.md").read_text(encoding="utf-8")
    assert page == script["with_table"](page), "run python scripts/settings_table.py"
    for name in Settings.model_fields:
        assert f"| `LIVEFEED_{name.upper()}` |" in page


def test_every_setting_has_a_sentence() -> None:
    for name, field in Settings.model_fields.items():
        assert field.description, name
        assert field.description.endswith("."), name


def test_no_page_names_a_setting_that_is_not_there() -> None:
    known = {f"LIVEFEED_{name.upper()}" for name in Settings.model_fields} | BESIDE
    for page in PAGES:
        named = set(re.findall(r"LIVEFEED_[A-Z]+(?:_[A-Z]+)*", page.read_text(encoding="utf-8")))
        assert named <= known, page.name


def test_every_metric_is_in_the_operations_page_as_it_is() -> None:
    page = (ROOT / "docs/operations.md").read_text(encoding="utf-8")
    made = [metric for metric in vars(metrics).values() if isinstance(metric, MetricWrapperBase)]
    assert made
    rows = []
    for metric in made:
        (described,) = metric.describe()
        exposed = described.name + ("_total" if described.type == "counter" else "")
        labels = "".join(f"`{label}` " for label in metric._labelnames)
        rows.append(f"| `{exposed}` | {described.type} | {labels}| {described.documentation} |")
    assert [row for row in rows if row not in page] == []
    named = set(re.findall(r"livefeed_[a-z_]+", page))
    assert named <= {row.split("`")[1] for row in rows}


def commands() -> Iterator[str]:
    """Every command as it is typed, such as `livefeed editor add`."""
    for name, command in typer.main.get_command(app).commands.items():  # type: ignore[attr-defined]
        inner = getattr(command, "commands", None)
        yield from (f"livefeed {name} {part}" for part in inner) if inner else [f"livefeed {name}"]


def test_every_command_is_in_the_guide_or_the_readme() -> None:
    assert [typed for typed in commands() if not re.search(rf"{typed}(?![\w-])", GUIDE + README)] == []


def routes() -> Iterator[str]:
    """Every request that the doors answer, such as `GET /live/{slug}`."""
    for door in DOORS:
        for route in door.routes:
            pattern = re.search(r"\{form:([\w|]+)\}", route.path)
            for form in pattern[1].split("|") if pattern else [""]:
                path = re.sub(r"\{form:[\w|]+\}", form, route.path)
                path = re.sub(r"\{(\w+):[^}]+\}", r"{\1}", path)
                yield f"{route.method} {path}"


def test_every_route_is_in_the_guide() -> None:
    answered = list(routes())
    assert len(answered) > 40
    assert [route for route in answered if not re.search(re.escape(f"`{route}") + r"[`:?]", GUIDE)] == []


def test_the_guide_names_no_route_that_is_not_there() -> None:
    named = re.findall(r"`((?:GET|POST|PATCH|DELETE|PUT) /[^`\s?:]*)", GUIDE)
    assert len(named) > 40
    assert set(named) <= set(routes())


def test_every_template_that_may_be_replaced_is_in_the_theming_page() -> None:
    page = (ROOT / "docs/theming.md").read_text(encoding="utf-8")
    shipped = {path.name for path in template_folder().glob("*.html")}
    assert shipped
    assert set(re.findall(r"`(\w+\.html)`", page)) == shipped


def test_every_problem_type_has_its_part_and_every_part_its_type() -> None:
    given = set()
    for module in (ROOT / "livefeed/web").rglob("*.py"):
        given |= set(re.findall(r"\btype=\"([a-z]+(?:-[a-z]+)+)\"", module.read_text(encoding="utf-8")))
    page = (ROOT / "docs/problems.md").read_text(encoding="utf-8")
    assert "outcome-unknown" in given
    assert set(re.findall(r"^## (.+)$", page, re.MULTILINE)) == given


# --- links and commands ---------------------------------------------------------------------------


def anchors(page: Path) -> set[str]:
    """The fragments that a page's headings can be linked by."""
    headings = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    text = re.sub(r"^```.*?^```", "", page.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
    broken = []
    for address in re.findall(r"\]\(([^)\s]+)\)", text):
        if re.match(r"[a-z]+:", address):
            continue
        path, _, fragment = unquote(address).partition("#")
        target = (page.parent / path).resolve() if path else page
        if not target.exists() or (fragment and fragment not in anchors(target)):
            broken.append(address)
    assert broken == []


def test_every_page_of_the_guide_and_every_decision_is_on_the_map() -> None:
    index = (ROOT / "docs/index.md").read_text(encoding="utf-8")
    linked = set(re.findall(r"\]\(([^)#\s]+)", index))
    expected = {page.name for page in DOCS if page.name != "index.md"}
    expected |= {f"decisions/{page.name}" for page in (ROOT / "docs/decisions").glob("*.md")}
    assert expected <= linked


def shell_lines(text: str) -> Iterator[list[str]]:
    """The words of each command in a page's shell blocks, those inside `$(livefeed …)` and after `&&` too."""
    for block in re.findall(r"^```sh\n(.*?)^```", text, re.MULTILINE | re.DOTALL):
        for line in block.replace("\\\n", " ").splitlines():
            inner = re.findall(r"\$\((livefeed [^)]*)\)", line)
            for part in [*re.sub(r"\$\(livefeed [^)]*\)", "", line).split("&&"), *inner]:
                words = shlex.split(part, comments=True)
                while words and re.fullmatch(r"export|[A-Z_]+=.*", words[0]):
                    words.pop(0)
                if words:
                    yield words


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_command_and_option_that_a_page_shows_exists(page: Path) -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    for words in shell_lines(page.read_text(encoding="utf-8")):
        if words[0] == "make" and len(words) > 1:
            assert words[1] in targets, words
        if words[0] == "livefeed":
            command: Any = typer.main.get_command(app)
            rest = words[1:]
            while hasattr(command, "commands"):
                assert rest, words
                assert rest[0] in command.commands, words
                command = command.commands[rest.pop(0)]
            options = {option for parameter in command.params for option in parameter.opts}
            used = {word for word in rest if word.startswith("--")}
            assert used <= options, words


def test_the_readme_shows_the_two_commands_and_the_test_command_of_a_clean_clone() -> None:
    shown = [words for words in shell_lines(README) if words[0] in {"git", "make"}]
    assert shown[0][:2] == ["git", "clone"]
    assert shown[1] == ["make", "run"]
    script = (ROOT / ".ci/run").read_text(encoding="utf-8")
    assert ["make", "test"] in shown
    assert script.rstrip().endswith("make --no-print-directory test")


def test_the_makefile_runs_the_demonstration() -> None:
    printed = subprocess.run(
        ["make", "--dry-run", "run"], cwd=ROOT, capture_output=True, check=True, text=True, timeout=60
    ).stdout
    assert "livefeed demo" in printed


# --- the client that the guide prints -------------------------------------------------------------


@pytest.fixture
def follow() -> Callable[..., AsyncIterator[dict[str, Any]]]:
    """The function of the guide's Python client."""
    page = (ROOT / "docs/reading.md").read_text(encoding="utf-8")
    (source,) = re.findall(r"^```python\n(.*?)^```", page, re.MULTILINE | re.DOTALL)
    names: dict[str, Any] = {}
    exec(compile(source, "docs/reading.md", "exec"), names)
    client: Callable[..., AsyncIterator[dict[str, Any]]] = names["follow"]
    return client


async def test_the_guides_client_gives_each_event_once_across_lost_connections(
    server: Server, follow: Callable[..., AsyncIterator[dict[str, Any]]]
) -> None:
    await server.open("storm")
    frames = follow(f"{server.url}/live/storm", "0")
    seen = [await anext(frames)]
    for number in range(4):
        update = await server.publish("storm", headline=f"{number}")
        seen.append(await anext(frames))
        assert seen[-1]["update"]["id"] == update["id"]
        channel = await server.rooms.fanout.open(live_channel("storm"))
        for connection in list(channel.readers):
            connection.transport.abort()
    assert [frame["kind"] for frame in seen] == ["coverage", *["published"] * 4]
    assert [frame["position"].rpartition("-")[2] for frame in seen] == ["1", "2", "3", "4", "5"]
    await asyncio.wait_for(frames.aclose(), 10)  # type: ignore[attr-defined]


async def test_the_guides_client_resumes_and_hears_of_a_worthless_position(
    server: Server, follow: Callable[..., AsyncIterator[dict[str, Any]]]
) -> None:
    await server.open("storm")
    first = await server.publish("storm", headline="first")
    second = await server.publish("storm", headline="second")
    resumed = follow(f"{server.url}/live/storm", first["position"])
    assert (await anext(resumed))["update"]["id"] == second["id"]
    await resumed.aclose()  # type: ignore[attr-defined]
    lost = follow(f"{server.url}/live/storm", "nonsense")
    assert (await anext(lost))["kind"] == "reload"
    await lost.aclose()  # type: ignore[attr-defined]


async def test_caches_are_told_what_the_guide_says(server: Server) -> None:
    await server.open("storm")
    update = await server.publish("storm", headline="x")
    async with server.client.post(
        f"{server.url}/api/v1/media",
        data={"file": (ROOT / "livefeed/demo/lead.jpg").open("rb")},
        headers={"Authorization": f"Bearer {await server.token()}"},
    ) as uploaded:
        picture = (await uploaded.json())["url"].rpartition("/")[2]
    version = server.rooms.pages.theme.static_version
    table = (ROOT / "docs/deployment.md").read_text(encoding="utf-8").partition("## Caches and CDNs")[2]
    rows = re.findall(r"^\| (`/.+) \| `([^`]+)` \|$", table, re.MULTILINE)
    for named, caching in rows:
        for address in re.findall(r"`(/[^`]*)`", named):
            path = address.replace("PICTURE", picture).replace("VERSION", version)
            answer = await server.ask("GET", path.replace("ID", update["id"]), role=None)
            assert (answer.headers["Cache-Control"], address) == (caching, address)
            assert "Set-Cookie" not in answer.headers, address
            assert answer.headers.get("Vary", "Accept-Encoding") == "Accept-Encoding", address
    assert len(rows) == 8
