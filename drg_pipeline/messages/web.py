"""What the web server says to requests that it refuses."""

from __future__ import annotations

TEXTS: dict[str, tuple[str, str]] = {
    "web.host": (
        "Refused: this server is not known as '{host}'. Open it by the address that drg ui printed, or name "
        "the host: drg ui --allow-host NAME, or DRG_WEB_HOSTS.",
        "已拒绝：本服务器不以“{host}”为名。请用 drg ui 显示的地址打开，或以 drg ui --allow-host NAME"
        "（或 DRG_WEB_HOSTS）登记该主机名。",
    ),
    "web.origin": (
        "Refused: the request comes from another page ({origin}). Open the UI itself and ask there; a "
        "reverse proxy must pass on the Host header.",
        "已拒绝：请求来自其他页面（{origin}）。请在本界面内操作；反向代理须原样转发 Host 标头。",
    ),
    "web.get": (
        "Refused: nothing is changed by GET. Send the order as POST of application/json.",
        "已拒绝：GET 请求不得更改任何内容。请以 POST 发送 application/json。",
    ),
    "web.kind": (
        "Refused: what is sent must be application/json.",
        "已拒绝：POST 内容须为 application/json。",
    ),
    "web.method": (
        "Refused: {method} is not one of GET, HEAD and POST.",
        "已拒绝：只接受 GET、HEAD 和 POST，不接受 {method}。",
    ),
    "web.query": (
        "Refused: this is no GraphQL query. Send JSON with the text of one under 'query'.",
        "已拒绝：不是 GraphQL 查询。请发送 JSON，并在 query 下给出查询文本。",
    ),
    "web.read_only": (
        "Refused: this server only shows. Orders go to the server that was started without --read-only.",
        "已拒绝：本服务器只读。操作请使用未加 --read-only 启动的服务器。",
    ),
    "web.size": (
        "Refused: more than {most:,} bytes. Ask for less at once.",
        "已拒绝：超过 {most:,} 字节，请分次发送。",
    ),
    "web.twice": (
        "Refused: the header {name} stands twice. Send it once.",
        "已拒绝：标头 {name} 重复，请只发送一次。",
    ),
}
