"""Who may ask the web server what: its own pages and programs on purpose, never another site's page.

A browser sends what any page asks it to. So a request must name a host that is known (a foreign name may
lead here), come from the page's own origin, and orders come as POST of JSON, which no foreign page can send
unasked. It is no log-in: whoever reaches the server by its name may use it.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlsplit

from drg_pipeline import messages
from drg_pipeline.visible import one_line

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

LOOPBACK = ("localhost", "127.0.0.1", "::1")
EVERYWHERE = ("0.0.0.0", "::", "")
HEADERS = ((b"x-frame-options", b"SAMEORIGIN"), (b"cross-origin-resource-policy", b"same-origin"))
# What the pages themselves send stays far below; a launch of many partitions has some thousand names.
MOST_BYTES = 16_000_000
MOST_TOKENS = 20_000
GRAPHQL = "/graphql"
# Orders that the pages send of themselves and that change nothing of a lake.
IDLE = frozenset({"logTelemetry", "setNuxSeen"})
LOG = logging.getLogger("drg.web")
_PORTS = {"http": 80, "https": 443}


class Refused(Exception):
    """Why a request is not passed on: a status and a message's key with its values."""

    def __init__(self, status: int, key: str, **values: object) -> None:
        self.status = status
        self.key = key
        self.values = values
        super().__init__(messages.text(key, messages.LANGUAGES[0], **values))

    def told(self) -> bytes:
        return "\n".join(messages.text(self.key, lang, **self.values) for lang in messages.LANGUAGES).encode()


@dataclass(frozen=True)
class Authority:
    """A host's name in lower case and a port, None where it is the scheme's own."""

    host: str
    port: int | None


def authority(text: str, scheme: str = "") -> Authority | None:
    """`host:port` as a browser means it; None for what is none."""
    try:
        parts = urlsplit(f"//{text}")
        port, host = parts.port, (parts.hostname or "").rstrip(".")
    except ValueError:
        return None
    if not host or parts.netloc != text or parts.username is not None or parts.password is not None:
        return None
    return Authority(host, None if port == _PORTS.get(scheme) else port)


class Guard:
    """An ASGI application in front of another.

    hosts      names under which the server may be asked, beside those of this machine's loopback
    read_only  no order is passed on at all
    """

    def __init__(self, app: ASGIApp, hosts: Collection[str] = (), *, read_only: bool = False) -> None:
        self._app = app
        named = {host.lower().strip("[]").rstrip(".") for host in hosts}
        self._hosts = {*LOOPBACK, *named} - {*EVERYWHERE}
        self._read_only = read_only

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        try:
            headers = _headers(scope)
            self._check_host(headers)
            _check_origin(scope, headers)
            if scope["type"] == "http":
                receive = await self._checked(scope, headers, receive)
        except Refused as refused:
            LOG.warning(one_line(f"{scope.get('method', scope['type'])} {scope['path']}: {refused}"))
            await _refuse(scope, send, refused)
            return
        await self._app(scope, receive, _hardened(send))

    def _check_host(self, headers: Mapping[str, str]) -> None:
        found = authority(headers.get("host", ""))
        if found is None or found.host not in self._hosts:
            raise Refused(403, "web.host", host=headers.get("host", ""))

    async def _checked(self, scope: Scope, headers: Mapping[str, str], receive: Receive) -> Receive:
        """The request's body once more, after what it asks for was found to be allowed."""
        method = scope["method"]
        asks = scope["path"].rstrip("/").endswith(GRAPHQL)
        if method in ("GET", "HEAD"):
            if asks:
                given = parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True)
                for name, value in given:
                    if name == "query" and orders(value):
                        raise Refused(403, "web.get")
            return receive
        if method != "POST":
            raise Refused(405, "web.method", method=method)
        if headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
            raise Refused(415, "web.kind")
        if not self._read_only:
            return receive
        if not asks:
            raise Refused(403, "web.read_only")
        body = await _body(receive)
        if set(orders(_query(body))) - IDLE:
            raise Refused(403, "web.read_only")
        return _again(body, receive)


def orders(query: str) -> list[str]:
    """What of a GraphQL text is more than asked for: the fields of its mutations; Refused if it is none.

    Which of its operations is meant makes no difference, so that none hides behind another.
    """
    from graphql import FieldNode, GraphQLError, OperationDefinitionNode, OperationType, parse

    try:
        document = parse(query, no_location=True, max_tokens=MOST_TOKENS)
    except (GraphQLError, RecursionError):
        raise Refused(400, "web.query") from None
    mutations = (
        each
        for each in document.definitions
        if isinstance(each, OperationDefinitionNode) and each.operation is OperationType.MUTATION
    )
    return [
        field.name.value if isinstance(field, FieldNode) else "..."
        for mutation in mutations
        for field in mutation.selection_set.selections
    ]


def _headers(scope: Scope) -> dict[str, str]:
    """The headers by their names; one that decides may stand there once."""
    found: dict[str, str] = {}
    for raw, value in scope["headers"]:
        name = raw.decode("latin-1").lower()
        if name in found and name in ("host", "origin", "content-type", "sec-fetch-site"):
            raise Refused(400, "web.twice", name=name)
        found[name] = value.decode("latin-1").strip()
    return found


def _check_origin(scope: Scope, headers: Mapping[str, str]) -> None:
    """Refuses what a page of another origin has sent; programs name none."""
    origin, site = headers.get("origin"), headers.get("sec-fetch-site", "none")
    if origin is not None:
        scheme, _, rest = origin.partition("://")
        own = authority(headers.get("host", ""), scheme)
        if scheme not in _PORTS or own is None or authority(rest, scheme) != own:
            raise Refused(403, "web.origin", origin=origin)
    if site not in ("same-origin", "none") and not _is_opened(scope, headers):
        raise Refused(403, "web.origin", origin=origin or site)


def _is_opened(scope: Scope, headers: Mapping[str, str]) -> bool:
    """Whether a person follows another page's link to one of the UI's pages, which only shows it."""
    return (
        scope["type"] == "http"
        and scope["method"] == "GET"
        and headers.get("sec-fetch-mode") == "navigate"
        and headers.get("sec-fetch-dest") == "document"
        and not scope["path"].rstrip("/").endswith(GRAPHQL)
    )


def _query(body: bytes) -> str:
    try:
        given = json.loads(body)
        query = given["query"]
    except (ValueError, RecursionError, TypeError, KeyError):
        raise Refused(400, "web.query") from None
    if not isinstance(query, str):
        raise Refused(400, "web.query")
    return query


async def _body(receive: Receive) -> bytes:
    parts, size, more = [], 0, True
    while more:
        message = await receive()
        if message["type"] != "http.request":
            raise Refused(400, "web.query")
        parts.append(message.get("body", b""))
        size += len(parts[-1])
        more = message.get("more_body", False)
        if size > MOST_BYTES:
            raise Refused(413, "web.size", most=MOST_BYTES)
    return b"".join(parts)


def _again(body: bytes, receive: Receive) -> Receive:
    left: Iterator[Message] = iter([{"type": "http.request", "body": body, "more_body": False}])

    async def once() -> Message:
        return next(left, None) or await receive()

    return once


def _hardened(send: Send) -> Send:
    """Answers are framed and read by the server's own pages alone, where nothing else is said."""

    async def sent(message: Message) -> None:
        if message["type"] == "http.response.start":
            there = {name.lower() for name, _ in message.get("headers", ())}
            more = [(name, value) for name, value in HEADERS if name not in there]
            message = {**message, "headers": [*message.get("headers", ()), *more]}
        await send(message)

    return sent


async def _refuse(scope: Scope, send: Send, refused: Refused) -> None:
    if scope["type"] == "websocket":
        await send({"type": "websocket.close", "code": 1008, "reason": refused.key})
        return
    told: Any = refused.told()
    headers = [
        (b"content-type", b"text/plain; charset=utf-8"),
        (b"content-length", str(len(told)).encode()),
        (b"cache-control", b"no-store"),
        (b"x-content-type-options", b"nosniff"),
        *HEADERS,
    ]
    await send({"type": "http.response.start", "status": refused.status, "headers": headers})
    await send({"type": "http.response.body", "body": told})
