"""The API's description: valid, whole, and true of a real server."""

from __future__ import annotations

import asyncio
import json
import os
import re
import sys
from pathlib import Path

import pytest
from live_server import Server
from openapi_spec_validator import validate

ST = Path(sys.executable).parent / "st"
ODD_SECONDS = int(os.environ.get("LIVEFEED_ODD_SECONDS", "20"))
CHECKS = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
    "missing_required_header",
    "ignored_auth",
)


async def test_the_document_is_valid_openapi_3_1_and_public(server: Server) -> None:
    answer = await server.ask("GET", "/api/v1/openapi.json", role=None)
    assert answer.status == 200
    document = answer.json()
    assert document["openapi"].startswith("3.1")
    validate(document)


async def test_every_route_of_the_api_is_in_the_document_and_no_other(server: Server) -> None:
    document = (await server.ask("GET", "/api/v1/openapi.json", role=None)).json()
    described = {
        (method.upper(), path)
        for path, methods in document["paths"].items()
        for method in methods
        if method != "parameters"
    }
    from livefeed.web import api

    served = {(route.method, route.path) for route in api.routes}
    served -= {("GET", "/api/docs"), ("GET", "/api/v1/openapi.json")}
    assert described - served == {("GET", "/live/{slug}/changes"), ("GET", "/changes")}
    assert served - described == set()


async def test_the_document_shows_the_limits_of_the_settings_and_nothing_internal(server: Server) -> None:
    schemas = (await server.ask("GET", "/api/v1/openapi.json", role=None)).json()["components"]["schemas"]
    settings = server.rooms.settings
    assert schemas["UpdateForm"]["properties"]["headline"]["maxLength"] == settings.headline_chars
    assert schemas["UpdateForm"]["properties"]["body"]["maxLength"] == settings.body_bytes
    await server.open()
    update = await server.publish()
    assert set(schemas["Update"]["properties"]) == set(update)
    coverage = (await server.ask("GET", "/api/v1/coverages/story")).json()
    assert set(schemas["Coverage"]["properties"]) == set(coverage)


async def test_the_reference_page_names_every_operation_and_asks_no_other_host(server: Server) -> None:
    document = (await server.ask("GET", "/api/v1/openapi.json", role=None)).json()
    page = await server.ask("GET", "/api/docs", role=None)
    assert page.status == 200
    assert page.headers["Content-Type"].startswith("text/html")
    for methods in document["paths"].values():
        for method, operation in methods.items():
            if method != "parameters":
                assert f'id="{operation["operationId"]}"' in page.text
    assert re.findall(r'(?:src|href)="(?!/|#)[^"]*"', page.text) == []
    assert "<style" not in page.text
    assert not re.search(r"<script(?![^>]*\bsrc=)|\son\w+=|\sstyle=", page.text)
    anchors = set(re.findall(r'href="#([^"]+)"', page.text))
    assert anchors <= set(re.findall(r'id="([^"]+)"', page.text))


# Few examples, so that every operation has a turn on a slow machine too; `make odd-requests` asks for longer.
@pytest.mark.timeout(180 + 2 * ODD_SECONDS)
async def test_hundreds_of_odd_requests_are_answered_as_the_document_says(
    server: Server, tmp_path: Path
) -> None:
    await server.open("story")
    known = [(await server.publish(status=status))["id"] for status in ("published", "draft", "submitted")]
    # Addresses that exist, so that most requests come past the 404, and some that do not.
    paths = {"path.slug": ["story", "story", "none"], "path.id": [*known, "none"]}
    choices = "".join(f"{json.dumps(name)} = {json.dumps(values)}\n" for name, values in paths.items())
    (tmp_path / "schemathesis.toml").write_text(f"[parameters]\n{choices}")
    process = await asyncio.create_subprocess_exec(
        str(ST),
        "run",
        f"{server.url}/api/v1/openapi.json",
        "--phases=examples,coverage,fuzzing",
        f"--checks={','.join(CHECKS)}",
        f"--max-examples={max(2, ODD_SECONDS // 10)}",
        f"--max-time={ODD_SECONDS}",
        "--seed=20201122",
        "--generation-database=none",
        "--suppress-health-check=all",
        "--warnings=off",
        "--no-color",
        f"--header=Authorization: Bearer {await server.token()}",
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        cwd=tmp_path,
    )
    said, _ = await process.communicate()
    assert process.returncode == 0, said.decode()
    # On a busy machine the time runs out before some operations have had their turn; none may be missing.
    passed, skipped = (
        int(found[1]) if (found := re.search(rf"(\d+) {word}", said.decode())) else 0
        for word in ("passed", "skipped")
    )
    assert passed > 0
    paths = (await server.ask("GET", "/api/v1/openapi.json", role=None)).json()["paths"]
    operations = sum(len(path.keys() - {"parameters"}) for path in paths.values())
    assert passed + skipped == operations > 25, said.decode()
