"""`drg`: the entry point, and how a command ends.

Exit codes: 0 done, 1 a check or a rule stopped it, 2 wrong use, 130 interrupted. The commands are in
`commands/`, one module each; what they share (options, printing, progress) is there too.
"""

from __future__ import annotations

import contextlib
import io
import os
import signal
import socket
import sys
import threading
from collections.abc import Callable, Iterator, Sequence

import click

from drg_pipeline import disk
from drg_pipeline.commands.audit import audit
from drg_pipeline.commands.close import close, reopen
from drg_pipeline.commands.demo import demo
from drg_pipeline.commands.explain import explain
from drg_pipeline.commands.generate import generate
from drg_pipeline.commands.group import group
from drg_pipeline.commands.lineage import lineage
from drg_pipeline.commands.options import language_option
from drg_pipeline.commands.policy import policy
from drg_pipeline.commands.replay import replay
from drg_pipeline.commands.report import report
from drg_pipeline.commands.run import clear, run
from drg_pipeline.commands.scheme import scheme
from drg_pipeline.commands.screen import Screen
from drg_pipeline.commands.simulate import simulate
from drg_pipeline.commands.sql import sql
from drg_pipeline.commands.ui import ui
from drg_pipeline.commands.where import where
from drg_pipeline.errors import DrgError, WrongUse
from drg_pipeline.files import keep_private
from drg_pipeline.messages import language_of

DONE, STOPPED, WRONG, INTERRUPTED = 0, 1, 2, 130


class _Commands(click.Group):
    """The commands; a reader that has read enough (drg sql … | head) is no fault."""

    def invoke(self, ctx: click.Context) -> object:
        try:
            ended = super().invoke(ctx)
            sys.stdout.flush()
            return ended
        except BrokenPipeError:
            # Nothing more can be written, not even when the interpreter ends.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            return DONE


@click.group(
    cls=_Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110}
)
@language_option
@click.version_option(package_name="drg-pipeline", message="%(prog)s %(version)s")
def drg() -> None:
    """Pays hospitals by disease group: from settlement lists to the cleared year.

    Exit codes: 0 done, 1 a check or a rule stopped it, 2 wrong use. Folders named data/... lie in the home;
    drg where shows it.
    """


for command in (
    *(demo, generate, run, clear, close, reopen, replay),
    *(explain, report, simulate, lineage, sql, audit, policy, scheme, group, ui, where),
):
    drg.add_command(command)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit code."""
    keep_private()
    # Neither Dagster nor Great Expectations calls home.
    os.environ["DAGSTER_DISABLE_TELEMETRY"] = "1"
    os.environ["GX_ANALYTICS_ENABLED"] = "False"
    if isinstance(sys.stdout, io.TextIOWrapper):
        # A terminal that has no Chinese still gets the rest.
        sys.stdout.reconfigure(errors="replace")
    screen = Screen(language_of(), alone=arguments is None)
    given = list(sys.argv[1:] if arguments is None else arguments)
    with interrupts() as interrupted:
        try:
            _check_text(given)
            ended = drg.main(args=given, prog_name="drg", standalone_mode=False, obj=screen)
            return ended if isinstance(ended, int) else DONE
        except SystemExit as error:
            # So click ends when it has answered a shell's TAB.
            return error.code if isinstance(error.code, int) else DONE if error.code is None else STOPPED
        except BaseException as error:
            if interrupted() or isinstance(error, KeyboardInterrupt | click.Abort):
                screen.aside("\n" + screen.text("interrupted"))
                return INTERRUPTED
            if os.environ.get("DRG_DEBUG") and not isinstance(error, DrgError | click.ClickException):
                raise
            return tell(screen, error)


def _check_text(arguments: Sequence[str]) -> None:
    """click.UsageError for bytes that are no UTF-8: no path and no query with them reaches the lake."""
    for argument in arguments:
        try:
            argument.encode("utf-8")
        except UnicodeEncodeError:
            raise click.UsageError(
                f"{argument} is not UTF-8. Write it so; rename a folder or file that is named otherwise."
            ) from None


@contextlib.contextmanager
def interrupts() -> Iterator[Callable[[], bool]]:
    """Tells whether Ctrl-C was pressed.

    Dagster and DuckDB take the signal and raise errors of their own, so what was raised does not say.
    """
    if threading.current_thread() is not threading.main_thread():
        yield lambda: False
        return
    reader, writer = socket.socketpair()
    with reader, writer:
        reader.setblocking(False)
        writer.setblocking(False)
        before = signal.set_wakeup_fd(writer.fileno(), warn_on_full_buffer=False)

        def pressed() -> bool:
            try:
                return signal.SIGINT in reader.recv(4096)
            except BlockingIOError:
                return False

        try:
            yield pressed
        finally:
            signal.set_wakeup_fd(before)


def tell(screen: Screen, error: BaseException) -> int:
    """Say what stopped the work; returns the exit code."""
    if isinstance(error, click.exceptions.NoArgsIsHelpError):
        error.show()
        return WRONG
    if isinstance(error, click.ClickException):
        screen.aside(screen.text("error.usage", what=error.format_message()))
        if isinstance(error, click.UsageError) and error.ctx:
            screen.aside(screen.text("error.help", command=error.ctx.command_path))
        return WRONG
    if isinstance(error, DrgError):
        lead = screen.text("error.wrong_use" if isinstance(error, WrongUse) else "error.stopped")
        screen.aside(f"{lead}{error.message()}")
        return error.exit_code
    if found := disk.trouble(error):
        screen.aside(screen.text("error.stopped") + found.text(screen.lang))
        return STOPPED
    if isinstance(error, OSError) and error.strerror:
        told = screen.text("error.file", where=error.filename or "?", what=error.strerror)
        screen.aside(screen.text("error.stopped") + told)
        screen.aside(screen.text("error.file_state"))
        return STOPPED
    what = f"{type(error).__name__}: {' '.join(str(error).split()) or '-'}"
    screen.aside(screen.text("error.unexpected", what=what))
    return STOPPED


if __name__ == "__main__":
    sys.exit(main())
