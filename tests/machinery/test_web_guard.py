"""Who may ask the web server what: the guard alone, in front of an application that notes what reaches it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

import pytest

from drg_pipeline.web.guard import MOST_BYTES, Guard, Refused, authority, orders

OWN = "127.0.0.1:3000"
JSON = {"content-type": "application/json"}
ORDER = "mutation { startSensor { __typename } }"
ASKED = "{ version }"


class Behind:
    """The application behind the guard: the bodies that reached it."""

    def __init__(self) -> None:
        self.bodies: list[bytes] = []

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            self.bodies.append(b"lifespan")
            return
        if scope["type"] == "websocket":
            self.bodies.append(b"websocket")
            await send({"type": "websocket.accept"})
            return
        message = await receive()
        body = message["body"]
        while message.get("more_body"):
            message = await receive()
            body += message["body"]
        self.bodies.append(body)
        await send({"type": "http.response.start", "status": 200, "headers": [(b"x-frame-options", b"DENY")]})
        await send({"type": "http.response.body", "body": b"there"})


def sent(
    guard: Guard,
    method: str,
    path: str,
    headers: Mapping[str, str] | list[tuple[str, str]],
    body: bytes | list[bytes] = b"",
    kind: str = "http",
) -> list[dict[str, Any]]:
    """What comes back for one request."""
    given = list(headers.items()) if isinstance(headers, Mapping) else headers
    place, _, query = path.partition("?")
    parts = [body] if isinstance(body, bytes) else body
    messages = [
        {"type": "http.request", "body": part, "more_body": number < len(parts)}
        for number, part in enumerate(parts, 1)
    ]
    scope = {
        "type": kind,
        "path": place,
        "query_string": query.encode(),
        "headers": [(name.encode(), value.encode("latin-1")) for name, value in given],
    }
    if kind == "http":
        scope["method"] = method
    answers: list[dict[str, Any]] = []

    async def receive() -> Any:
        return messages.pop(0)

    async def send(message: Any) -> None:
        answers.append(message)

    asyncio.run(guard(scope, receive, send))
    return answers


def status(method: str, path: str, body: bytes | list[bytes] = b"", **given: Any) -> int:
    """The status of one request with these headers (`_` for `-`); what is refused never gets through."""
    behind = Behind()
    guard = Guard(behind, given.pop("hosts", ()), read_only=given.pop("read_only", False))
    headers = {"host": OWN} | {name.replace("_", "-"): value for name, value in given.items()}
    answer = sent(guard, method, path, headers, body)
    if answer[0]["status"] == 200:
        assert behind.bodies == [b"".join([body] if isinstance(body, bytes) else body)]
    else:
        assert not behind.bodies
        told = answer[1]["body"].decode()
        assert told.startswith("Refused: ") and "\n已拒绝：" in told
    return int(answer[0]["status"])


def asked(query: str) -> bytes:
    return json.dumps({"query": query}).encode()


def test_the_pages_own_requests_pass() -> None:
    own = {"origin": f"http://{OWN}", "sec_fetch_site": "same-origin"}
    assert status("GET", "/") == 200
    assert status("GET", "/runs", sec_fetch_site="none", sec_fetch_mode="navigate") == 200
    assert status("GET", "/assets/main.js", sec_fetch_site="same-origin", sec_fetch_dest="script") == 200
    for kind in ("application/json", "Application/JSON; charset=utf-8"):
        assert status("POST", "/graphql", asked(ORDER), content_type=kind, **own) == 200
    assert status("GET", f"/graphql?query={quote(ASKED)}") == 200
    assert status("POST", "/graphql", asked(ORDER), content_type="application/json") == 200, "a program"


@pytest.mark.parametrize(
    "host",
    [
        "attacker.example",
        "attacker.example:3000",
        "127.0.0.1.attacker.example",
        "",
        "user@127.0.0.1",
        "[",
        "a b",
    ],
)
def test_a_foreign_host_is_refused(host: str) -> None:
    assert status("GET", "/", host=host) == 403
    assert status("POST", "/graphql", asked(ORDER), host=host, content_type="application/json") == 403


@pytest.mark.parametrize(
    "host", ["localhost", "LOCALHOST.:3000", "127.0.0.1", "[::1]:3000", "drg.example.cn"]
)
def test_a_host_that_is_known_passes(host: str) -> None:
    assert status("GET", "/", host=host, hosts=["0.0.0.0", "DRG.example.cn", ""]) == 200


def test_to_listen_everywhere_makes_no_host_known() -> None:
    for host in ("0.0.0.0", "[::]", ""):
        assert status("GET", "/", host=host, hosts=["0.0.0.0", "::", ""]) == 403


@pytest.mark.parametrize(
    "origin",
    [
        *("http://attacker.example", "null", "", "http://127.0.0.1:8080", "http://localhost:3000", "file://"),
        *("chrome-extension://abc", f"http://{OWN}.attacker.example", f"ftp://{OWN}", f"http://{OWN}/"),
    ],
)
def test_a_foreign_origin_is_refused(origin: str) -> None:
    assert status("POST", "/graphql", asked(ASKED), origin=origin, content_type="application/json") == 403
    assert status("GET", "/", origin=origin) == 403


def test_behind_a_proxy_the_origin_is_that_of_the_host_that_is_passed_on() -> None:
    given = {"hosts": ["drg.example.cn"], "host": "drg.example.cn", "content_type": "application/json"}
    assert status("POST", "/graphql", asked(ORDER), origin="https://drg.example.cn", **given) == 200
    assert status("POST", "/graphql", asked(ORDER), origin="https://DRG.example.cn:443", **given) == 200
    assert status("POST", "/graphql", asked(ORDER), origin="https://drg.example.cn:8443", **given) == 403
    own = given | {"host": "127.0.0.1:3000"}
    assert status("POST", "/graphql", asked(ORDER), origin="https://drg.example.cn", **own) == 403


@pytest.mark.parametrize("site", ["cross-site", "same-site", "nonsense"])
def test_what_another_site_embeds_is_refused(site: str) -> None:
    for dest in ("image", "script", "iframe", "empty", "object"):
        assert status("GET", "/", sec_fetch_site=site, sec_fetch_dest=dest) == 403
    framed = {"sec_fetch_mode": "navigate", "sec_fetch_dest": "iframe"}
    assert status("GET", "/runs", sec_fetch_site=site, **framed) == 403
    followed = {"sec_fetch_mode": "navigate", "sec_fetch_dest": "document"}
    assert status("GET", "/runs", sec_fetch_site=site, **followed) == 200, "a link shows a page"
    assert status("GET", f"/graphql?query={quote(ASKED)}", sec_fetch_site=site, **followed) == 403
    posted = followed | {"content_type": "application/json"}
    assert status("POST", "/graphql", asked(ORDER), sec_fetch_site=site, **posted) == 403


@pytest.mark.parametrize("path", ["/graphql", "/graphql/", "/prefix/graphql"])
@pytest.mark.parametrize(
    "query",
    [
        *(f"query={quote(ORDER)}", f"query=%7Bversion%7D&query={quote(ORDER)}"),
        *(f"query={quote(ORDER)}&query=%7Bversion%7D", f"operationName=A&query={quote('query A { version } ' + ORDER)}"),
        *(f"query={quote('# comment' + chr(10) + ORDER)}", f"query={quote('mutation M { ...F } fragment F on Mutation { a }')}"),
        f"qu%65ry={quote(ORDER)}",
    ],
)  # fmt: skip
def test_no_order_comes_by_get(path: str, query: str) -> None:
    for method in ("GET", "HEAD"):
        assert status(method, f"{path}?{query}") == 403


@pytest.mark.parametrize("query", ["nonsense {", "", "{a" * 5000, "{ a(b: " + "[" * 5000, "{ a " * 30_000])
def test_what_is_no_query_is_refused(query: str) -> None:
    assert status("GET", f"/graphql?query={quote(query)}") == 400


@pytest.mark.parametrize(
    "kind",
    [
        *("text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", ""),
        *("text/plain; a=application/json", "application/graphql", "application/jsonp"),
    ],
)
def test_no_simple_post_passes(kind: str) -> None:
    for path in ("/graphql", f"/graphql?query={quote(ORDER)}", "/report_asset_materialization/a?x=1", "/"):
        assert status("POST", path, asked(ORDER), content_type=kind) == 415


def test_other_methods_are_refused() -> None:
    for method in ("PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "get"):
        assert status(method, "/graphql", content_type="application/json") == 405


@pytest.mark.parametrize("name", ["host", "origin", "content-type", "sec-fetch-site", "Host"])
def test_a_header_that_decides_stands_once(name: str) -> None:
    behind = Behind()
    headers = [("host", OWN), ("content-type", "application/json"), (name, OWN), (name, OWN)]
    assert sent(Guard(behind), "POST", "/graphql", headers)[0]["status"] == 400
    assert not behind.bodies


def test_a_reader_orders_nothing() -> None:
    given = {"read_only": True, "content_type": "application/json"}
    assert status("POST", "/graphql", asked(ASKED), **given) == 200
    assert status("POST", "/graphql", [asked(ASKED)[:9], asked(ASKED)[9:]], **given) == 200
    assert status("POST", "/graphql", asked("mutation { logTelemetry { __typename } }"), **given) == 200
    for query in (
        ORDER,
        "mutation { logTelemetry { __typename } startSensor { __typename } }",
        "mutation { logTelemetry: startSensor { __typename } }",
        "mutation { ...F } fragment F on Mutation { startSensor { __typename } }",
        "query A { version } mutation B { wipeAssets { __typename } }",
    ):
        assert status("POST", "/graphql", asked(query), **given) == 403
        assert status("POST", "/graphql", [asked(query)[:20], asked(query)[20:]], **given) == 403
    assert status("POST", "/report_asset_materialization/a", b"{}", **given) == 403
    for body in (b"", b"[]", b'{"query": 1}', b"{", b"\xff", b"[" * 5000, b'{"variables": {}}'):
        assert status("POST", "/graphql", body, **given) == 400
    assert status("POST", "/graphql", [b" " * MOST_BYTES, b" "], **given) == 413


def test_a_websocket_is_opened_by_the_own_page_alone() -> None:
    def opened(**headers: str) -> str:
        behind = Behind()
        given = {"host": OWN} | {name.replace("_", "-"): value for name, value in headers.items()}
        answer = sent(Guard(behind), "", "/graphql", given, kind="websocket")
        assert bool(behind.bodies) == (answer[0]["type"] == "websocket.accept")
        return str(answer[0]["type"])

    assert opened(origin=f"http://{OWN}") == opened() == "websocket.accept"
    assert opened(origin="http://attacker.example") == "websocket.close"
    assert opened(origin="null") == "websocket.close"
    assert opened(host="attacker.example") == "websocket.close"
    assert opened(sec_fetch_site="cross-site") == "websocket.close"


def test_answers_are_framed_by_nobody_else() -> None:
    headers = sent(Guard(Behind()), "GET", "/", {"host": OWN})[0]["headers"]
    assert headers == [(b"x-frame-options", b"DENY"), (b"cross-origin-resource-policy", b"same-origin")]


def test_what_is_no_request_passes() -> None:
    behind = Behind()
    sent(Guard(behind), "", "/", {}, kind="lifespan")
    assert behind.bodies == [b"lifespan"]


def test_a_refusal_shows_a_foreign_name_harmless(caplog: pytest.LogCaptureFixture) -> None:
    told = sent(Guard(Behind()), "GET", "/\x1b[2J", {"host": "a\x1b]0;x\x07\n"})[1]["body"].decode()
    assert "\x1b" not in told and "a\\x1b]0;x\\x07" in told
    assert "\x1b" not in caplog.text and "/\\x1b[2J" in caplog.text


def test_orders_are_the_fields_of_all_mutations() -> None:
    assert orders(ASKED) == orders("subscription { a }") == []
    assert orders("mutation A { a b: c } query B { d } mutation C { ... on M { e } }") == ["a", "c", "..."]
    with pytest.raises(Refused):
        orders("mutation {")


def test_authorities_are_read_as_browsers_mean_them() -> None:
    assert authority("A.example:80", "http") == authority("a.example.", "http") == authority("a.example")
    assert authority("a.example:443", "http") != authority("a.example", "http")
    for text in ("", ":80", "a:b", "a:99999", "a/b", "a?b", "u@a", "a\\b/"):
        assert authority(text) is None
