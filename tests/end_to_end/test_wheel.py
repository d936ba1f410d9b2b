"""An installed wheel needs no checkout: it is built from a copy that is gone when it runs, in an empty folder.

It is installed without its dependencies and without a network; the packages are those of the running environment.
What the commands compute is tested elsewhere.
"""

from __future__ import annotations

import os
import shutil
import site
import subprocess
import sys
import venv
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from drg_pipeline.settings import PROJECT

TOLD_BY = "TOUCHED"
# Runs before anything else in each process of the environment: notes what is opened, and what is changed.
WATCH = f"""
import os, sys
_told = os.open(os.environ["{TOLD_BY}"], os.O_WRONLY | os.O_APPEND | os.O_CREAT)
_changes = {{"os.mkdir", "os.rename", "os.remove", "os.rmdir", "os.link", "os.symlink", "os.truncate"}}
_writing = os.O_WRONLY | os.O_RDWR | os.O_CREAT

def _watch(event, args):
    if event == "open" and isinstance(args[0], (str, bytes)):
        what, paths = ("write" if (args[2] or 0) & _writing else "read"), args[:1]
    elif event in _changes:
        what, paths = "write", args[: 2 if event in ("os.rename", "os.link") else 1]
    else:
        return
    for path in paths:
        if isinstance(path, (str, bytes, os.PathLike)):
            os.write(_told, f"{{what}} {{os.path.abspath(os.fsdecode(path))}}\\n".encode())

sys.addaudithook(_watch)
"""


@dataclass(frozen=True)
class Installed:
    """A wheel in an environment of its own, and the empty folder where it runs."""

    wheel: Path
    program: Path
    folder: Path
    touched: Path
    env: dict[str, str]

    def run(self, *command: str | Path, cwd: Path | None = None, **env: str) -> str:
        """Standard output and error of a command that ends well."""
        ended = subprocess.run(
            [self.program / "bin" / command[0], *command[1:]],
            cwd=cwd or self.folder,
            env=self.env | env,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        assert ended.returncode == 0, ended.stdout
        assert str(PROJECT) not in ended.stdout.replace(sys.prefix, "")
        return ended.stdout

    def paths(self, what: str) -> Iterator[Path]:
        """What was read, or written, by Python in any process so far."""
        for line in set(self.touched.read_text(encoding="utf-8").splitlines()):
            kind, path = line.split(" ", 1)
            if kind == what:
                yield Path(path)


def files_in(folder: Path) -> dict[str, int]:
    """Each file with the time of its last change."""
    return {
        str(path.relative_to(folder)): path.stat().st_mtime_ns
        for path in sorted(folder.rglob("*"))
        if path.is_file() and "__pycache__" not in path.parts
    }


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the repository holds for a wheel, beside things that lie about in a checkout."""
    folder = tmp_path_factory.mktemp("wheel") / "source"
    clean = shutil.ignore_patterns("__pycache__", "*.pyc")
    for room in ("drg_pipeline", "dbt_like_sql", "data/interface", "data/policy", "data/schemes/starter"):
        shutil.copytree(PROJECT / room, folder / room, ignore=clean)
    for file in ("setup.py", "pyproject.toml", "README.md", "data/schemes/README.md"):
        shutil.copy2(PROJECT / file, folder / file)
    return folder


@pytest.fixture(scope="module")
def expected(source: Path) -> set[str]:
    """Every file of the wheel but its metadata."""
    found = {
        path for path in files_in(source) if path.startswith(("drg_pipeline/", "dbt_like_sql/", "data/"))
    }
    return {path if path.startswith("drg_pipeline/") else f"drg_pipeline/shipped/{path}" for path in found}


@pytest.fixture(scope="module")
def installed(source: Path, expected: set[str], tmp_path_factory: pytest.TempPathFactory) -> Installed:
    root = source.parent
    for stray in ("data/schemes/imported/scheme.toml", "data/inbox/R/2025-01/D/setlinfo.csv"):
        (source / stray).parent.mkdir(parents=True)
        (source / stray).write_text("not of the program")
    (source / "build/lib/drg_pipeline").mkdir(parents=True)
    (source / "build/lib/drg_pipeline/removed.py").write_text("removed = True")
    quiet = ("-q", "--disable-pip-version-check", "--no-index", "--no-deps")
    own = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}

    def pip(*arguments: str | Path) -> None:
        subprocess.run([sys.executable, "-m", "pip", *arguments], cwd=source, env=own, check=True)

    pip("wheel", *quiet, "--no-build-isolation", "--wheel-dir", root, ".")
    [wheel] = root.glob("*.whl")
    program = root / "program"
    venv.create(program, symlinks=True)
    pip("--python", program / "bin" / "python", "install", *quiet, wheel)
    shutil.rmtree(source)
    [packages] = program.glob("lib/python3*/site-packages")
    # Folders that a .pth file names are searched last, and .pth files in them (the checkout's own) are not followed.
    (packages / "running.pth").write_text("\n".join(site.getsitepackages()) + "\n")
    (packages / "sitecustomize.py").write_text(WATCH)

    for name in ("folder", "home", "temporary"):
        (root / name).mkdir()
    env = {
        "PATH": f"{program / 'bin'}{os.pathsep}{os.defpath}",
        "HOME": str(root / "home"),
        "TMPDIR": str(root / "temporary"),
        "LANG": "C.UTF-8",
        "PYTHONDONTWRITEBYTECODE": "1",
        TOLD_BY: str(root / "touched"),
    }
    return Installed(wheel, program, root / "folder", root / "touched", env)


def test_the_wheel_holds_what_is_read_and_nothing_that_lies_about(
    installed: Installed, expected: set[str]
) -> None:
    with zipfile.ZipFile(installed.wheel) as wheel:
        names = {name for name in wheel.namelist() if ".dist-info/" not in name}
    assert names == expected


def test_a_month_from_an_empty_folder(installed: Installed) -> None:
    before = files_in(installed.program)
    assert "The pack can be used." in installed.run("drg", "policy", "check")
    assert "can be used" in installed.run("drg", "scheme", "check", "starter")
    assert "starter" in installed.run("drg", "scheme", "list")
    one_case = ("--dx", "I63.900", "--sex", "1", "--age", "60")
    assert "BR25" in installed.run("drg", "group", "--scheme", "starter", *one_case)
    assert not any(installed.folder.iterdir()), "what only looks makes nothing"

    month = ("--first-month", "2025-01", "--last-month", "2025-01")
    made = installed.run("drg", "generate", "--claims", "30", "--hospitals", "6", *month)
    assert f"{installed.folder}/data/inbox/jiyuan" in made
    through = "grouping.grouped_case"
    told = installed.run("drg", *f"run --months 2025-01 --grouping platform --through {through}".split())
    assert f"The tables are in {installed.folder}/data/lake/jiyuan." in told
    assert f"{through}: 1 months, " in told
    rows = installed.run("drg", "sql", f"select count(*) > 0 as grouped from {through}")
    assert "true" in rows
    assert sorted(os.listdir(installed.folder / "data")) == ["inbox", "keys", "lake", "reference"]

    location = "from drg_pipeline.definitions import defs; print(len(list(defs().assets)) > 50)"
    assert installed.run("python", "-c", location).endswith("True\n")

    assert files_in(installed.program) == before
    assert not any((installed.folder.parent / "home").iterdir())
    allowed = (installed.folder, installed.folder.parent / "temporary", Path("/dev"))
    outside = [path for path in installed.paths("write") if not any(map(path.is_relative_to, allowed))]
    assert not outside
    read = list(installed.paths("read"))
    assert any(path.is_relative_to(installed.program / "lib") for path in read), "the watch saw nothing"
    environment = Path(sys.prefix)
    assert not [
        path for path in read if path.is_relative_to(PROJECT) and not path.is_relative_to(environment)
    ]


def test_another_home_with_a_law_and_a_scheme_of_its_own(installed: Installed, tmp_path: Path) -> None:
    shutil.copytree(PROJECT / "data" / "policy", tmp_path / "data" / "policy")
    shutil.copytree(PROJECT / "data" / "schemes" / "starter", tmp_path / "given" / "starter")
    home = {"DRG_HOME": str(tmp_path)}
    told = installed.run("drg", "scheme", "import", tmp_path / "given" / "starter", "--name", "own", **home)
    assert f"Imported as own: {tmp_path}/data/schemes/own" in told
    listed = installed.run("drg", "scheme", "list", cwd=tmp_path, **home)
    assert [line.split()[0] for line in listed.splitlines()[2:]] == ["own", "starter"]
    shown = {line.split()[0]: line for line in installed.run("drg", "where", **home).splitlines()[2:]}
    assert f" {tmp_path} " in shown["home"]
    assert f" {tmp_path}/data/policy/jiyuan " in shown["policy"]
    assert f" {installed.program}/lib" in shown["program"]
