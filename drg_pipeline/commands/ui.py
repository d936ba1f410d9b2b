"""`drg ui`: the Dagster UI on a region's lake."""

from __future__ import annotations

import os
import socket
from typing import Any

import click

from drg_pipeline.commands.options import FOLDERS, language, near, region_options, settings_of
from drg_pipeline.commands.screen import Screen
from drg_pipeline.errors import WrongUse
from drg_pipeline.settings import INSTALLED, PROJECT, Settings


@click.command("ui", short_help="Open the Dagster UI.")
@language
@region_options()
@click.option("--host", default="127.0.0.1", show_default=True, metavar="HOST", help="Address to listen on.")
@click.option(
    "--port",
    type=click.IntRange(1, 65535),
    default=3000,
    show_default=True,
    metavar="PORT",
    help="Port to listen on.",
)
@click.option(
    "--allow-host",
    "allowed",
    multiple=True,
    metavar="NAME",
    help="A name under which it may be asked, beside --host; also DRG_WEB_HOSTS.",
)
@click.option("--read-only", is_flag=True, help="Only show: no order is taken, and no daemon started.")
def ui(screen: Screen, host: str, port: int, allowed: tuple[str, ...], read_only: bool, **given: Any) -> None:
    """Open Dagster's web server and daemon on a region's lake.

    It has no log-in: it listens on this machine alone, and takes orders from its own pages and no others.
    To let others in, put it behind a server that asks who they are (deploy/README.md).

    Where nothing says which, and only a demo was made, it is the demo's. The inbox sensor and the schedules
    are off until they are switched on under Automation; DRG_AUTOMATIC=yes starts them switched on.
    """
    from drg_pipeline.assets.instance import open_instance
    from drg_pipeline.region import Region
    from drg_pipeline.web import services
    from drg_pipeline.web.guard import LOOPBACK

    settings = settings_of(screen, given, FOLDERS)
    Region(settings)  # a broken law or model is told here, not on a page of the UI
    _check_port(host, port)
    open_instance(settings.lake)
    address = f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
    screen.say("ui.address", region=settings.region, lake=near(settings.lake), address=address)
    if host not in LOOPBACK:
        screen.aside(screen.text("ui.open", host=host))
    services.serve(environment(settings), host, port, allowed=allowed, read_only=read_only)


def environment(settings: Settings) -> dict[str, str]:
    """What the code location reads (`settings.from_environment`), and where Dagster keeps its own."""
    # A checkout need not be installed; what is installed is found anyway.
    code = [] if INSTALLED else [str(PROJECT)]
    env = {
        **os.environ,
        "DAGSTER_HOME": str(settings.lake / ".dagster"),
        "PYTHONPATH": os.pathsep.join(filter(None, [*code, os.environ.get("PYTHONPATH")])),
        "PYTHONWARNINGS": "ignore",
        # What a month of a large region still needs is not found in Dagster's minute.
        "DAGSTER_SENSOR_GRPC_TIMEOUT_SECONDS": os.environ.get("DAGSTER_SENSOR_GRPC_TIMEOUT_SECONDS", "900"),
        "DRG_REGIONS": settings.region,
        "DRG_INBOX": str(settings.inbox),
        "DRG_REFERENCE": str(settings.reference),
        "DRG_POLICY": str(settings.policy),
        "DRG_LAKE": str(settings.lake),
        "DRG_KEY": str(settings.key),
        "DRG_CLOSINGS": str(settings.closings),
        "DRG_SCHEMES": os.pathsep.join(str(folder) for folder in settings.schemes),
    }
    for name in ("grouping", "scheme", "known_on"):
        value = getattr(settings, name)
        name = f"DRG_{name.upper()}"
        env.pop(name, None)
        if value:
            env[name] = str(value)
    return env


def _check_port(host: str, port: int) -> None:
    try:
        family, kind, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except OSError as error:
        raise WrongUse(
            f"Nothing can listen on {host}:{port}: {error.strerror}.",
            remedy="End what listens there, or name another --port.",
        ) from None
