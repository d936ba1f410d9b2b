"""`drg ui` and the web server alone: what pages of other sites send is refused, and the UI itself works."""

from __future__ import annotations

import http.client
import json
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest
from support.command import named
from support.daemon import environment_of, wait_for
from support.regions import NAME
from support.web import PLACE, START_SENSOR, Web, web_server

from drg_pipeline.assets.instance import open_instance
from drg_pipeline.settings import PROJECT

SENSOR = f"{NAME}_inbox"
STATE = "query($s: SensorSelector!) { sensorOrError(sensorSelector: $s) { ... on Sensor { sensorState { status } } } }"
# As one line of a foreign page's address has it: no variables, nothing to be allowed first.
ORDER = (
    f'mutation {{ startSensor(sensorSelector: {{sensorName: "{SENSOR}", '
    f'repositoryName: "{PLACE["repositoryName"]}", '
    f'repositoryLocationName: "{PLACE["repositoryLocationName"]}"}}) {{ __typename }} }}'
)
AT = f"/graphql?query={quote(ORDER)}"
BODY = json.dumps({"query": ORDER}).encode()
SOCKET = {
    **{"Upgrade": "websocket", "Connection": "Upgrade", "Sec-WebSocket-Version": "13"},
    **{"Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==", "Sec-WebSocket-Protocol": "graphql-ws"},
}


def empty_region(folder: Path) -> Path:
    """The folders of a region in which nothing has arrived."""
    for name in ("inbox", "reference", "lake"):
        (folder / name).mkdir()
    open_instance(folder / "lake").dispose()
    return folder


@pytest.fixture(scope="module")
def started(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Web, subprocess.Popen[bytes]]]:
    """`drg ui` on an empty region, ready to answer, with its process."""
    folder = empty_region(tmp_path_factory.mktemp("ui"))
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    options = [str(part) for part in (*named(folder), "--closings", folder / "closings", "--port", port)]
    said = folder / "ui.log"
    with open(said, "w") as log:
        child = subprocess.Popen(
            [sys.executable, "-W", "ignore", "-m", "drg_pipeline.cli", "ui", *options],
            cwd=PROJECT,
            env=environment_of(folder),
            stdout=log,
            stderr=subprocess.STDOUT,
        )
    web = Web(f"http://127.0.0.1:{port}", said)
    try:
        wait_for(web.is_ready, 180, "the first answer of drg ui", said)
        yield web, child
    finally:
        child.kill()
        child.wait()


@pytest.fixture
def web(started: tuple[Web, subprocess.Popen[bytes]]) -> Web:
    return started[0]


def status(web: Web, method: str, path: str, body: bytes | None = None, **headers: str) -> int:
    """The status of one request as it is given; `_` stands for `-` in the names of headers."""
    connection = http.client.HTTPConnection(web.address.removeprefix("http://"), timeout=60)
    try:
        connection.request(method, path, body, {name.replace("_", "-"): it for name, it in headers.items()})
        return connection.getresponse().status
    finally:
        connection.close()


def is_on(web: Web) -> bool:
    state = web.ask(STATE, s=PLACE | {"sensorName": SENSOR})["sensorState"]["status"]
    return bool(state == "RUNNING")


def test_what_pages_of_other_sites_send_is_refused(web: Web) -> None:
    embedded = {"Sec_Fetch_Site": "cross-site", "Sec_Fetch_Mode": "no-cors"}
    evil = {"Origin": "http://attacker.example"}
    assert status(web, "GET", AT, Sec_Fetch_Dest="image", **embedded) == 403
    assert status(web, "GET", AT) == 403, "an image, asked for by a browser that says nothing of it"
    for kind in ("text/plain", "application/x-www-form-urlencoded", "text/plain; a=application/json"):
        for path in ("/graphql", AT):
            assert status(web, "POST", path, BODY, Content_Type=kind, **evil, **embedded) == 403
            assert status(web, "POST", path, BODY, Content_Type=kind) == 415, "a form of an old browser"
    given = {"Content_Type": "application/json"}
    assert status(web, "POST", "/graphql", BODY, **evil, **given) == 403
    assert status(web, "POST", "/graphql", BODY, Origin="null", **given) == 403
    assert status(web, "POST", "/graphql", BODY, Host="attacker.example", **given) == 403
    rebound = {"Host": "attacker.example:3000", "Origin": "http://attacker.example:3000"}
    assert status(web, "POST", "/graphql", BODY, **rebound, **given) == 403
    assert status(web, "POST", f"/report_asset_materialization/{NAME}/a?description=x") == 415
    assert not is_on(web)


def test_a_websocket_opens_for_the_own_page_alone(web: Web) -> None:
    given = {name.replace("-", "_"): value for name, value in SOCKET.items()}
    assert status(web, "GET", "/graphql", Origin="http://attacker.example", **given) == 403
    assert status(web, "GET", "/graphql", Host="attacker.example", **given) == 403
    assert status(web, "GET", "/graphql", Origin=web.address, **given) == 101


def test_the_ui_itself_works(web: Web) -> None:
    connection = http.client.HTTPConnection(web.address.removeprefix("http://"), timeout=60)
    connection.request("GET", "/", headers={"Sec-Fetch-Site": "none", "Sec-Fetch-Mode": "navigate"})
    answer = connection.getresponse()
    page = answer.read().decode()
    connection.close()
    assert answer.status == 200 and "Dagster" in page
    scripts = re.findall(r'src="(/[^"]+\.js)"', page)
    assert scripts
    own = {"Sec_Fetch_Site": "same-origin"}
    assert {status(web, "GET", script, Sec_Fetch_Dest="script", **own) for script in scripts} == {200}
    given = {"Content_Type": "application/json", "Origin": web.address}
    assert status(web, "POST", "/graphql", BODY, **own, **given) == 200
    assert is_on(web)


def test_a_reader_sees_and_orders_nothing(tmp_path: Path) -> None:
    folder = empty_region(tmp_path)
    with web_server(folder, options=["--read-only", "--allow-host", "drg.example.cn"]) as web:
        given = {"Content_Type": "application/json", "Origin": "https://drg.example.cn"}
        assert status(web, "POST", "/graphql", BODY, Host="drg.example.cn", **given) == 403
        assert not is_on(web)
        asked = json.dumps({"query": START_SENSOR, "variables": {"s": PLACE | {"sensorName": SENSOR}}})
        assert status(web, "POST", "/graphql", asked.encode(), Content_Type="application/json") == 403
        assert not is_on(web)


def test_told_to_end_it_ends_with_all_that_it_started(started: tuple[Web, subprocess.Popen[bytes]]) -> None:
    web, child = started
    child.send_signal(signal.SIGTERM)
    assert child.wait(timeout=60) == 0
    assert not web.is_ready()
    started_by_it = "drg-ui-[^/]*/(code|workspace.yaml)"
    lines = subprocess.run(["ps", "-eo", "ppid,args"], capture_output=True, text=True, check=True).stdout
    assert not [
        line for line in lines.splitlines() if re.search(rf"^\s*{child.pid}\s.*{started_by_it}", line)
    ]
