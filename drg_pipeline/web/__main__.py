"""Dagster's web server behind the guard, with the options of `dagster-webserver` and of the guard.

Only how the application is made is changed; reading options, serving and ending are Dagster's.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import click
from dagster_webserver import cli

from drg_pipeline.files import keep_private
from drg_pipeline.web.guard import Guard

if TYPE_CHECKING:
    from starlette.types import ASGIApp

HOSTS = "DRG_WEB_HOSTS"


def main() -> None:
    """Serve until told to end."""
    keep_private()
    command: click.Command = cli.dagster_webserver
    command.params.append(
        click.Option(
            ["--allow-host", "allowed"],
            multiple=True,
            metavar="NAME",
            help=f"A name under which the server may be asked, beside --host and the loopback's; also "
            f"{HOSTS}, names with commas.",
        )
    )
    serve = command.callback
    assert serve is not None

    def guarded(allowed: tuple[str, ...], **given: Any) -> None:
        named = [name.strip() for name in os.environ.get(HOSTS, "").split(",")]
        make = cli.create_app_from_workspace_process_context

        def behind(*args: Any, **more: Any) -> ASGIApp:
            return Guard(make(*args, **more), [given["host"], *allowed, *named], read_only=given["read_only"])

        cli.create_app_from_workspace_process_context = behind  # type: ignore[assignment]
        serve(**given)

    command.callback = guarded
    command(auto_envvar_prefix="DAGSTER_WEBSERVER", prog_name="python -m drg_pipeline.web")


if __name__ == "__main__":
    main()
