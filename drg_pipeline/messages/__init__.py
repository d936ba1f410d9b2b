"""What the command line says, in both languages: one entry a sentence or heading.

Only words stand here. Errors speak for themselves (`errors.py`), names of pools, hospitals and ledger lines
come from the law and the reference files, and headings of result tables from `data/interface`.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import PurePath

from drg_pipeline.messages import claims, disk, proof, rules, running, web
from drg_pipeline.visible import one_line

LANGUAGES = ("en", "zh")
# key: (English, Chinese); each stands in one module only
_TEXTS = {**running.TEXTS, **rules.TEXTS, **proof.TEXTS, **claims.TEXTS, **web.TEXTS, **disk.TEXTS}


def text(key: str, lang: str, **values: object) -> str:
    """The message in a language; values are put in as `str.format` does, texts and paths in one line."""
    given = {
        name: one_line(value) if isinstance(value, str | PurePath) else value
        for name, value in values.items()
    }
    return _TEXTS[key][LANGUAGES.index(lang)].format(**given)


def known(key: str) -> bool:
    return key in _TEXTS


def language_of(environ: Mapping[str, str] | None = None) -> str:
    """Chinese where the locale is, else English."""
    env = os.environ if environ is None else environ
    locale = env.get("LC_ALL") or env.get("LC_MESSAGES") or env.get("LANG") or ""
    return "zh" if locale.lower().startswith("zh") else "en"
