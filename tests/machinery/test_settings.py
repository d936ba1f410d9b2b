"""Which folders are used: the home's, those that come with the program, and what the environment names."""

from __future__ import annotations

from pathlib import Path

import pytest

from drg_pipeline import settings as module
from drg_pipeline.errors import WrongUse
from drg_pipeline.settings import PROJECT, Settings, from_environment, home_folder, regions_with_a_policy


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The program in a folder of its own, started in another one: `program` and `work` of the answer."""
    (tmp_path / "program" / "data" / "policy" / "jiyuan").mkdir(parents=True)
    (tmp_path / "program" / "data" / "policy" / "jiyuan" / "pack.yml").touch()
    (tmp_path / "work").mkdir()
    monkeypatch.setattr(module, "INSTALLED", True)
    monkeypatch.setattr(module, "PROJECT", tmp_path / "program")
    monkeypatch.delenv("DRG_HOME", raising=False)
    monkeypatch.chdir(tmp_path / "work")
    return tmp_path


def test_a_checkout_is_its_own_home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("DRG_HOME", raising=False)
    monkeypatch.chdir(tmp_path)
    settings = Settings.for_region("jiyuan")
    assert home_folder() == PROJECT and settings.inbox == PROJECT / "data" / "inbox" / "jiyuan"
    assert settings.schemes == (PROJECT / "data" / "schemes",)


def test_an_installed_program_works_below_the_working_folder(installed: Path) -> None:
    settings, data = Settings.for_region("jiyuan"), installed / "work" / "data"
    assert (settings.inbox, settings.reference) == (data / "inbox" / "jiyuan", data / "reference" / "jiyuan")
    assert (settings.lake, settings.key) == (data / "lake", data / "keys" / "jiyuan.key")
    assert settings.region_closings == data / "closings" / "jiyuan"
    assert settings.policy == installed / "program" / "data" / "policy" / "jiyuan"
    assert settings.schemes == (data / "schemes", installed / "program" / "data" / "schemes")


def test_the_law_of_the_home_wins(installed: Path) -> None:
    for region in ("jiyuan", "elsewhere"):
        own = installed / "work" / "data" / "policy" / region
        own.mkdir(parents=True)
        (own / "pack.yml").touch()
        assert Settings.for_region(region).policy == own
    assert regions_with_a_policy(installed / "work") == ["elsewhere", "jiyuan"]


def test_a_region_without_a_law_is_looked_for_in_the_home(installed: Path) -> None:
    assert Settings.for_region("atlantis").policy == installed / "work" / "data" / "policy" / "atlantis"


def test_the_environment_names_another_home(installed: Path) -> None:
    other = installed / "other"
    other.mkdir()
    [settings] = from_environment({"DRG_HOME": str(other), "DRG_LAKE": str(installed / "lake")})
    assert settings.inbox == other / "data" / "inbox" / "jiyuan" and settings.lake == installed / "lake"


def test_closings_of_all_regions_lie_in_one_folder(installed: Path) -> None:
    named = from_environment({"DRG_REGIONS": "jiyuan,other", "DRG_CLOSINGS": str(installed / "c")})
    assert [one.region_closings for one in named] == [installed / "c" / "jiyuan", installed / "c" / "other"]


def test_a_home_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(WrongUse, match=r"DRG_HOME names .*nowhere, which is not a folder"):
        from_environment({"DRG_HOME": str(tmp_path / "nowhere")})


def test_schemes_that_are_named_stand_alone(installed: Path) -> None:
    given = (installed / "a", installed / "b")
    assert Settings.for_region(schemes="../a").schemes == given[:1]
    [settings] = from_environment({"DRG_SCHEMES": f"{given[0]}:{given[1]}"})
    assert settings.schemes == given


def test_a_run_takes_of_the_machine_what_the_environment_says(monkeypatch: pytest.MonkeyPatch) -> None:
    assert (Settings.for_region().memory_limit, Settings.for_region().threads) == (None, None)
    monkeypatch.setenv("DRG_MEMORY_LIMIT", "6GB")
    monkeypatch.setenv("DRG_THREADS", "3")
    assert (Settings.for_region().memory_limit, Settings.for_region().threads) == ("6GB", 3)
    assert Settings.for_region(threads=1).threads == 1


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DRG_MEMORY_LIMIT", "lots"),
        ("DRG_MEMORY_LIMIT", "6GB'; select 1"),
        ("DRG_MEMORY_LIMIT", "0GB"),
        ("DRG_THREADS", "0"),
        ("DRG_THREADS", "two"),
    ],
)
def test_what_is_no_size_or_number_is_refused(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(WrongUse, match=name):
        Settings.for_region()
