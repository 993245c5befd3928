"""What an operator is handed: the compose file, the image, the proxies' configuration and the service."""

from __future__ import annotations

import re
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import pytest
import yaml

from livefeed.settings import Settings
from livefeed.web.whence import client_address

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="module")
def services() -> dict[str, Any]:
    """The services of docker-compose.yml by name."""
    compose: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))
    services: dict[str, Any] = compose["services"]
    return services


def instructions(path: str) -> list[str]:
    """The statements of a Dockerfile or shell-like file, comments dropped and continued lines joined."""
    text = re.sub(r"^\s*#.*\n", "", (ROOT / path).read_text(encoding="utf-8"), flags=re.MULTILINE)
    return [line for line in text.replace("\\\n", " ").splitlines() if line.strip()]


def test_the_fleet_has_two_processes_or_more_behind_one_proxy(services: dict[str, Any]) -> None:
    assert services["livefeed"]["deploy"]["replicas"] >= 2
    assert [name for name, service in services.items() if "ports" in service] == ["nginx"]
    assert any(
        "./deploy/nginx.conf:/etc/nginx/nginx.conf" in volume for volume in services["nginx"]["volumes"]
    )


def test_the_fleets_valkey_syncs_before_it_answers_and_evicts_nothing(services: dict[str, Any]) -> None:
    program, *options = services["valkey"]["command"]
    settings = dict(zip(options[::2], options[1::2], strict=True))
    assert program == "valkey-server"
    assert settings["--appendonly"] == "yes"
    assert settings["--appendfsync"] == "always"
    assert settings["--no-appendfsync-on-rewrite"] == "no"
    assert settings["--maxmemory-policy"] == "noeviction"
    assert "valkey:/data" in services["valkey"]["volumes"]


def test_the_fleet_starts_in_order_heals_and_stops_gently(services: dict[str, Any]) -> None:
    assert "valkey-cli ping" in services["valkey"]["healthcheck"]["test"][1]
    assert services["livefeed"]["depends_on"]["valkey"]["condition"] == "service_healthy"
    assert services["nginx"]["depends_on"]["livefeed"]["condition"] == "service_healthy"
    for service in services.values():
        assert service["restart"] == "unless-stopped"
        assert int(service["stop_grace_period"].removesuffix("s")) > 5  # LIVEFEED_DRAIN_WINDOW


def test_the_fleet_refuses_to_start_without_a_secret_and_shares_pictures(services: dict[str, Any]) -> None:
    app = services["livefeed"]
    assert app["environment"]["LIVEFEED_SECRET"].startswith("${LIVEFEED_SECRET:?")
    assert app["environment"]["LIVEFEED_STORE"].startswith("redis://valkey:")
    assert "media:/var/lib/livefeed/media" in app["volumes"]


def test_the_fleet_takes_every_setting_from_one_file_but_where_its_parts_meet(
    services: dict[str, Any],
) -> None:
    app = services["livefeed"]
    assert app["env_file"] == [{"path": ".env", "required": False}]
    # What is written here wins over the file, which may have been made for a laptop.
    image = dict(re.findall(r"(LIVEFEED_[A-Z]+)=(\S+)", " ".join(instructions("Dockerfile"))))
    for name in ("LIVEFEED_HOST", "LIVEFEED_PORT", "LIVEFEED_MEDIA"):
        assert str(app["environment"][name]) == image[name]


def test_the_fleet_believes_its_own_proxy_and_no_stranger_about_who_asks(services: dict[str, Any]) -> None:
    default = re.fullmatch(
        r"\$\{LIVEFEED_PROXIES:-(.*)\}", services["livefeed"]["environment"]["LIVEFEED_PROXIES"]
    )
    assert default
    proxies = [ip_network(text) for text in Settings(proxies=default[1]).proxies]
    # nginx, on a network that Docker chose, adds its peer to what that peer said of itself.
    assert client_address("172.18.0.4", ["192.0.2.1, 203.0.113.7"], proxies) == "203.0.113.7"
    assert client_address("203.0.113.7", ["192.0.2.1"], proxies) == "203.0.113.7"


def test_the_fleets_valkey_cannot_be_reached_from_outside(services: dict[str, Any]) -> None:
    compose = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))
    assert services["valkey"]["networks"] == ["store"]
    assert compose["networks"]["store"]["internal"] is True
    assert "store" not in services["nginx"]["networks"]


def test_nginx_passes_websocket_upgrades_on_and_lets_frames_through_at_once() -> None:
    statements = [" ".join(line.split()) for line in instructions("deploy/nginx.conf")]
    assert "proxy_http_version 1.1;" in statements
    assert "proxy_set_header Upgrade $http_upgrade;" in statements
    assert "proxy_set_header Connection $connection_upgrade;" in statements
    assert "~*^websocket$ upgrade;" in statements
    location = statements.index("location ~ /(ws|sse|changes)$ {")
    block = statements[location : statements.index("}", location)]
    assert "proxy_buffering off;" in block
    assert "gzip off;" in block
    (wait,) = (line for line in block if line.startswith("proxy_read_timeout"))
    assert int(re.sub(r"\D", "", wait)) > 25  # the longest pause between heartbeats


def test_proxies_take_the_largest_picture_that_livefeed_takes() -> None:
    largest = Settings.model_fields["media_bytes"].default
    nginx = re.search(
        r"client_max_body_size (\d+)m;", (ROOT / "deploy/nginx.conf").read_text(encoding="utf-8")
    )
    caddy = re.search(r"max_size (\d+)MB", (ROOT / "deploy/Caddyfile").read_text(encoding="utf-8"))
    assert nginx
    assert int(nginx[1]) * 1024**2 > largest
    assert caddy
    assert int(caddy[1]) * 1000**2 > largest


def test_deployment_files_name_only_settings_that_exist() -> None:
    outside = {"LIVEFEED_DOMAIN", "LIVEFEED_PUBLISH"}  # Caddy's address and the compose file's port
    known = {f"LIVEFEED_{name.upper()}" for name in Settings.model_fields} | outside
    files = ["docker-compose.yml", "Dockerfile", "docs/deployment.md", "SECURITY.md", "CONTRIBUTING.md"]
    files += [f"deploy/{name}" for name in ("nginx.conf", "Caddyfile", "livefeed.service")]
    for name in files:
        named = set(re.findall(r"LIVEFEED_[A-Z_]*[A-Z]", (ROOT / name).read_text(encoding="utf-8")))
        assert named <= known, f"{name} names {sorted(named - known)}"


def test_the_image_installs_by_hash_runs_without_rights_and_says_that_it_lives() -> None:
    lines = instructions("Dockerfile")
    stages = [number for number, line in enumerate(lines) if line.startswith("FROM ")]
    assert [lines[number].split()[1] for number in stages] == ["python:3.13-slim"] * 2
    build, final = "\n".join(lines[: stages[1]]), lines[stages[1] :]
    assert build.count("--require-hashes") == 2
    assert "requirements-dev.lock" not in build
    assert not any("pip " in line for line in final)
    assert "USER livefeed" in final
    assert "EXPOSE 8080" in final
    assert "VOLUME /var/lib/livefeed" in final
    assert any(line.startswith("HEALTHCHECK") and "/healthz" in line for line in final)
    assert final[-2:] == ['ENTRYPOINT ["livefeed"]', 'CMD ["serve"]']


def test_everything_the_image_copies_reaches_the_builder() -> None:
    allowed = {line[1:] for line in instructions(".dockerignore") if line.startswith("!")}
    copied = {
        source
        for line in instructions("Dockerfile")
        if line.startswith("COPY ") and "--from" not in line
        for source in line.split()[1:-1]
    }
    assert copied == allowed
