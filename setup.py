"""Puts what the program reads beside its code into the wheel: arithmetic, law, layouts, starter scheme.

In the repository these rooms stand at the top; in a wheel they stand in `drg_pipeline/shipped`, under the
same names. Everything else about packaging is in pyproject.toml.
"""

from __future__ import annotations

import shutil
from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py

PACKAGE, SHIPPED = "drg_pipeline", "shipped"
ROOMS = (
    "dbt_like_sql/**/*.sql",
    "dbt_like_sql/**/*.yml",
    "data/interface/**/*.yml",
    "data/policy/**/*.yml",
    "data/schemes/README.md",
    "data/schemes/starter/*",
)


class BuildWithRooms(build_py):
    def run(self) -> None:
        if not self.editable_mode:
            # What an earlier build left there would be shipped too.
            shutil.rmtree(Path(self.build_lib) / PACKAGE, ignore_errors=True)
        super().run()
        for target, source in self._rooms().items():
            self.mkpath(str(Path(target).parent))
            self.copy_file(source, target)

    def get_source_files(self) -> list[str]:
        return [*super().get_source_files(), *room_files()]

    def get_outputs(self, include_bytecode: bool = True) -> list[str]:
        return [*super().get_outputs(include_bytecode), *self._rooms()]

    def get_output_mapping(self) -> dict[str, str]:
        return {**super().get_output_mapping(), **self._rooms()}

    def _rooms(self) -> dict[str, str]:
        """target -> source; an editable install reads the rooms where they are."""
        if self.editable_mode:
            return {}
        return {str(Path(self.build_lib, PACKAGE, SHIPPED, source)): source for source in room_files()}


def room_files() -> list[str]:
    root = Path(__file__).parent
    found = [sorted(root.glob(pattern)) for pattern in ROOMS]
    if not all(found):
        missing = ", ".join(pattern for pattern, files in zip(ROOMS, found) if not files)
        raise SystemExit(f"Nothing is there to be shipped for: {missing}")
    return [str(path.relative_to(root)) for files in found for path in files if path.is_file()]


setup(cmdclass={"build_py": BuildWithRooms})
