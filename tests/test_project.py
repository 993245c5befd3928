"""The project around the code: locks, targets, decisions, and rules that hold for every file."""

from __future__ import annotations

import asyncio
import os
import re
import runpy
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

ROOT = Path(__file__).resolve().parent.parent
LOCKS = ("requirements.lock", "requirements-build.lock", "requirements-dev.lock")


def tracked() -> list[Path]:
    """Every file of the repository, those not yet committed included, those ignored not."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        cwd=ROOT,
        capture_output=True,
        check=True,
        timeout=60,
    ).stdout.decode()
    return [ROOT / name for name in sorted(set(listed.split("\0"))) if name and (ROOT / name).is_file()]


def text_of(path: Path) -> str | None:
    """The file's text, or None for pictures, fonts and other bytes."""
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        return None


# --- locks ----------------------------------------------------------------------------------------


def lock(name: str) -> dict[str, tuple[Requirement, int]]:
    """The pins of a lock by canonical name, each with the number of its hashes."""
    pins: dict[str, tuple[Requirement, int]] = {}
    for entry in re.split(r"\n(?=[A-Za-z0-9])", (ROOT / name).read_text(encoding="utf-8")):
        if not entry.startswith("#"):
            requirement = Requirement(entry.split("\\")[0])
            pins[canonicalize_name(requirement.name)] = requirement, entry.count("--hash=sha256:")
    return pins


def pinned(name: str) -> dict[str, Version]:
    """The one version of each package in a lock."""
    versions = {}
    for package, (requirement, _) in lock(name).items():
        (specifier,) = requirement.specifier
        assert specifier.operator == "==", f"{name}: {requirement} is not pinned to one version"
        versions[package] = Version(specifier.version)
    return versions


def wanted(group: str) -> list[Requirement]:
    """What pyproject.toml asks for: "" is what livefeed itself needs, otherwise a dependency group."""
    pyproject = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    lines = pyproject["dependency-groups"][group] if group else pyproject["project"]["dependencies"]
    return [Requirement(line) for line in lines]


@pytest.mark.parametrize(("name", "group"), list(zip(LOCKS, ("", "build", "dev"), strict=True)))
def test_each_dependency_is_locked_at_a_version_the_project_accepts(name: str, group: str) -> None:
    pins = pinned(name)
    for requirement in wanted(group):
        version = pins[canonicalize_name(requirement.name)]
        assert version in requirement.specifier, f"{name} has {requirement.name} {version}: run `make lock`"


@pytest.mark.parametrize("name", LOCKS)
def test_each_locked_package_has_hashes(name: str) -> None:
    pins = lock(name)
    assert pins
    assert [package for package, (_, hashes) in pins.items() if not hashes] == []


def test_the_three_locks_agree_on_each_version() -> None:
    everything = pinned("requirements-dev.lock")
    assert pinned("requirements.lock").items() <= everything.items()
    build = pinned("requirements-build.lock")
    assert {package: everything.get(package, version) for package, version in build.items()} == build


def test_nothing_that_only_builds_or_tests_is_locked_for_running() -> None:
    running = pinned("requirements.lock").keys()
    only_developing = {canonicalize_name(r.name) for group in ("build", "dev") for r in wanted(group)}
    assert running & only_developing == set()


@pytest.mark.parametrize(
    "floor",
    [
        "aiohttp>=3.14.5,<3.15",  # smuggling through the upgrade; the minor because of the detached socket
        "redis==8.0.1",  # 8.1.0 fails on connections the server closed
        "lxml>=6.1",  # CVE-2026-41066
        "jinja2>=3.1.6",  # CVE-2025-27516 and earlier ways out of the sandbox
        "nh3>=0.3.8",  # mutation XSS in ammonia before 4.1.2
        "pillow>=12.3",  # thirteen holes
        "feedgen>=1.0",  # CVE-2020-5227
    ],
)
def test_no_lock_falls_below_a_version_that_closed_a_hole(floor: str) -> None:
    requirement = Requirement(floor)
    for name in ("requirements.lock", "requirements-dev.lock"):
        assert pinned(name)[requirement.name] in requirement.specifier


def test_the_lock_holds_for_every_supported_python_on_linux() -> None:
    needed = {canonicalize_name(requirement.name) for requirement in wanted("")}
    for version in ("3.11", "3.12", "3.13"):
        for machine in ("x86_64", "aarch64"):
            place = {
                "python_version": version,
                "python_full_version": f"{version}.4",
                "sys_platform": "linux",
                "platform_machine": machine,
            }
            installed = {
                package
                for package, (requirement, _) in lock("requirements.lock").items()
                if requirement.marker is None or requirement.marker.evaluate(place)
            }
            assert needed <= installed


def test_each_dependency_is_argued_for() -> None:
    argued = (ROOT / "docs/decisions/002-dependencies.md").read_text(encoding="utf-8").lower()
    unnamed = [
        requirement.name
        for group in ("", "build", "dev")
        for requirement in wanted(group)
        if not re.search(rf"(?<![\w-]){re.escape(requirement.name)}(?![\w-])", argued)
    ]
    assert unnamed == []


def test_the_image_gets_the_uvloop_of_the_lock() -> None:
    assert "uvloop" in pinned("requirements.lock")


# --- targets --------------------------------------------------------------------------------------


def test_make_help_lists_the_promised_targets() -> None:
    listed = subprocess.run(
        ["make", "--no-print-directory", "help"],
        cwd=ROOT,
        capture_output=True,
        check=True,
        text=True,
        timeout=60,
    ).stdout
    targets = {line.split()[0] for line in listed.splitlines()}
    assert {"run", "serve", "install", "test", "check", "lock"} <= targets


def test_an_old_python_is_refused_with_a_sentence(tmp_path: Path) -> None:
    old = tmp_path / "python3"
    old.write_text("#!/bin/sh\nexit 1\n")
    old.chmod(0o755)
    refused = subprocess.run(
        ["make", "install", f"PYTHON={old}", f"VENV={tmp_path / 'venv'}"],
        cwd=ROOT,
        capture_output=True,
        check=False,
        text=True,
        timeout=60,
    )
    assert refused.returncode != 0
    assert "livefeed needs Python 3.11 or newer" in refused.stderr
    assert not (tmp_path / "venv").exists()


def test_the_check_of_a_clean_clone_is_make_test() -> None:
    script = ROOT / ".ci/run"
    assert os.access(script, os.X_OK)
    assert script.read_text(encoding="utf-8").rstrip().endswith("exec make --no-print-directory test")
    subprocess.run(["bash", "-n", str(script)], check=True, timeout=60)


def test_every_test_belongs_to_one_part_of_the_whole_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    script = runpy.run_path("scripts/run_tests.py")
    times = dict.fromkeys(ROOT.glob("tests/**/test_*.py"), 0)
    for part in script["parts"]():
        if "pytest" in part.command:
            kept = [ROOT / argument for argument in part.command if argument.startswith("tests")]
            left = [ROOT / argument[9:] for argument in part.command if argument.startswith("--ignore=")]
            for path in times:
                if any(path.is_relative_to(folder) for folder in kept):
                    times[path] += not any(path.is_relative_to(folder) for folder in left)
    assert len(times) > 100
    assert set(times.values()) == {1}, [path for path, number in times.items() if number != 1]


@pytest.mark.parametrize(
    ("closing", "counts"),
    [
        ("225 passed in 176.96s (0:02:56)", {"passed": 225}),
        (
            "=== 1 failed, 3 passed, 2 warnings, 1 error in 0.12s ===",
            {"failed": 1, "passed": 3, "errors": 1, "warnings": 2},
        ),
        ("Contracts: 3 kept, 0 broken.", {}),
    ],
)
def test_the_last_line_of_the_whole_run_adds_up_the_parts(closing: str, counts: dict[str, int]) -> None:
    script = runpy.run_path(str(ROOT / "scripts/run_tests.py"))
    assert script["counted"](f"..... 7 passed before\n{closing}\n") == counts


@pytest.mark.parametrize("code", [0, 3])
def test_the_whole_run_fails_when_one_part_does(code: int, capfd: pytest.CaptureFixture[str]) -> None:
    script = runpy.run_path(str(ROOT / "scripts/run_tests.py"))
    said = [
        script["Part"]("a", (sys.executable, "-c", "print('2 passed in 1s')")),
        script["Part"]("b", (sys.executable, "-c", f"print('3 passed in 1s'); raise SystemExit({code})")),
    ]
    assert asyncio.run(script["run"](said)) == bool(code)
    printed = capfd.readouterr().out
    assert re.search(r"^===== 5 passed in [\d.]+s =====$", printed.splitlines()[-1])
    assert ("These parts failed: b" in printed) is bool(code)


# --- rules for every file -------------------------------------------------------------------------


REGISTRY = re.compile(
    r"(?:pypi|pythonhosted|npmjs|debian|docker|golang)\.(?:org|io|com)\b|(?:ghcr|quay)\.io|crates\.io",
    re.IGNORECASE,
)
MACHINE_PATH = re.compile(r"(?<![\w.:-])/(?:work|root|(?:home|Users)/\w+|opt/pypi)/")


@pytest.mark.parametrize(
    ("rule", "broken"),
    [
        (REGISTRY, "https://files.pythonhosted" + ".org/packages"),
        (REGISTRY, "--index-url https://pypi" + ".org/simple"),
        (MACHINE_PATH, "cd " + "/work" + "/main"),
        (MACHINE_PATH, '"' + "/home" + '/somebody/livefeed"'),
    ],
)
def test_the_rules_for_every_file_find_what_they_forbid(rule: re.Pattern[str], broken: str) -> None:
    assert rule.search(broken)


@pytest.mark.parametrize("rule", [REGISTRY, MACHINE_PATH], ids=["registry host", "path of a machine"])
def test_no_file_names_a_registrys_host_or_a_path_of_one_machine(rule: re.Pattern[str]) -> None:
    files = tracked()
    assert ROOT / "pyproject.toml" in files
    found = [
        f"{path.relative_to(ROOT)}: {match[0]}"
        for path in files
        if (text := text_of(path)) is not None and (match := rule.search(text))
    ]
    assert found == []


def test_decisions_are_numbered_without_holes_and_each_decides_something() -> None:
    decisions = sorted((ROOT / "docs/decisions").glob("*.md"))
    assert [int(path.name.split("-")[0]) for path in decisions] == list(range(1, len(decisions) + 1))
    for path in decisions:
        text = path.read_text(encoding="utf-8")
        assert re.match(rf"# {path.name[:3]}\b", text), f"{path.name} does not begin with its number"
        assert "\n## Decision\n" in text, f"{path.name} has no part named Decision"


def physical(sheet: str) -> Iterator[str]:
    """The declarations of a style sheet that name a side of the screen instead of a side of the text."""
    sheet = re.sub(r"/\*.*?\*/", "", sheet, flags=re.DOTALL)
    side = "left|right|top|bottom"
    for declaration in re.findall(r"[{;]\s*([a-z-]+\s*:[^;{}]+)(?=[;}])", sheet):
        name, value = (part.strip().lower() for part in declaration.split(":", 1))
        named = re.search(rf"(?:^|-)(?:{side})(?:-|$)", name) or re.fullmatch(
            r"(?:(?:min|max)-)?(?:width|height)", name
        )
        placed = name in {"text-align", "float", "clear"} and re.fullmatch(r"left|right", value)
        # Four values go round the screen: the second is its right, the fourth its left.
        around = re.fullmatch(
            r"(?:margin|padding|inset|border-(?:width|style|color)|scroll-(?:margin|padding))", name
        )
        sides = value.split() if around and "(" not in value else []
        if named or placed or (len(sides) == 4 and sides[1] != sides[3]):
            yield f"{name}: {value}"


@pytest.mark.parametrize(
    "declaration",
    [
        "margin-left: 1em",
        "left: 0",
        "text-align: right",
        "float: left",
        "border-top-left-radius: 2px",
        "width: 10em",
        "max-height: 1px",
        "padding: 0 1em 0 2em",
        "inset: 0 0 0 auto",
        "scroll-margin-top: 4em",
    ],
)
def test_the_rule_for_style_sheets_finds_physical_declarations(declaration: str) -> None:
    assert list(physical(f"a:hover {{ color: red; {declaration}; }}")) == [declaration]


def test_style_sheets_use_logical_properties_only() -> None:
    logical = "a { margin-inline: 1em 0; inset-inline-start: 0; padding: 0 1em; border-inline-size: 1px } "
    assert (
        list(physical(logical + "@media (width > 40rem) { a { text-align: start; inline-size: 1em } }")) == []
    )
    # What others wrote is kept as they wrote it.
    sheets = [path for path in tracked() if path.suffix == ".css" and "vendor" not in path.parts]
    found = {str(path.relative_to(ROOT)): list(physical(path.read_text(encoding="utf-8"))) for path in sheets}
    assert {name: wrong for name, wrong in found.items() if wrong} == {}
