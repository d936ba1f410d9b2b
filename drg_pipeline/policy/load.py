"""Reads a region's folder into a pack, with what it takes over from the packs that it extends.

A base holds what is common to regions: the shape of parameters, and values that no region's documents state.
It is a folder like a pack, whose head is `base.yml`. A parameter's values are the region's where it gives
any, else the base's. All faults of all files come at once; how one entry is read stands in `entry.py`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from drg_pipeline.errors import DrgError, Fault
from drg_pipeline.forms import Place, day, fill, kinds, read_yaml
from drg_pipeline.periods import MONTH, NONE, YEAR
from drg_pipeline.policy.agree import disagreements, with_rows_of
from drg_pipeline.policy.entry import read_parameter
from drg_pipeline.policy.instruments import Instruments, load_instruments
from drg_pipeline.policy.method import read_chosen
from drg_pipeline.policy.moments import MOMENTS, read_moments, read_run_days
from drg_pipeline.policy.pack import PACK_FILE, Pack
from drg_pipeline.policy.parameter import NAME, Context, Overlay, Parameter
from drg_pipeline.policy.tables import PolicyTable, own_table, scalar_table
from drg_pipeline.settings import PROJECT

BASE_FILE = "base.yml"
INSTRUMENTS_FILE = "instruments.yml"
# What a region may say of a parameter that a base describes: all else is said once.
OWN = ("values", "confirmed_until")
TOPIC = ("describe", "period", "known")
# What a head leaves to the base's where it does not say it.
LEFT = ("moments", "run_days", "options", "roles", "methods")


def load_pack(folder: Path) -> Pack:
    """Reads a region's folder and those that it extends; DrgError lists every fault of every file."""
    folder = Path(folder)
    if not folder.is_dir():
        raise DrgError(
            f"The policy folder {folder} is not there.",
            remedy="Name the region's own with --policy, or write data/policy/<region>.",
        )
    if (folder / BASE_FILE).is_file():
        raise DrgError(
            f"{folder} is what regions extend, and no region.",
            remedy=f"Name the folder of a region, whose {PACK_FILE} may extend it.",
        )
    faults: list[Fault] = []
    layers = _layers(folder, faults)
    own = layers[0]
    topics = [_topic(stem, layers) for stem in _stems(layers)]
    if not any(topic.parameters for topic in topics) and not faults:
        faults.append(Fault(folder.name, "holds no topic: add <topic>.yml files with parameters"))
    parameters = {one.full_name: one for topic in topics for one in topic.parameters}
    tables = [table for topic in topics for table in topic.tables]
    moments = _left(layers, "moments", read_moments)
    days = _left(layers, "run_days", lambda place, node: read_run_days(place, node, moments))
    options = _left(layers, "options", kinds.named(kinds.listed(kinds.text)))
    roles = _left(layers, "roles", kinds.named(kinds.text))
    chosen = _left(layers, "methods", lambda place, node: read_chosen(place, node, own.context))
    named = [(f"options.{option}", name) for option, names in options.items() for name in names]
    for role, name in roles.items():
        if not faults and name not in parameters:
            faults.append(Fault(f"{PACK_FILE}: roles.{role}", f"{name!r} is not a parameter here"))
    named += [(f"run_days.{role}", day.working_days) for role, day in days.items() if day.working_days]
    for where, name in named:
        if not faults and (name not in parameters or parameters[name].is_table):
            faults.append(Fault(f"{PACK_FILE}: {where}", f"{name!r} is not a scalar parameter here"))
    names = Counter(table.name for table in tables)
    if not faults:
        faults += disagreements(list(parameters.values()))
    faults += [
        Fault(table.file, f"{table.name} is made twice in this pack: rename one of the two")
        for table in tables
        if names[table.name] > 1
    ]
    if faults:
        raise DrgError(
            f"The policy pack {folder} cannot be used.",
            faults,
            state="Nothing was computed with it.",
            remedy="Mend the files and run again; drg policy check shows what is left.",
        )
    return Pack(
        folder,
        tuple(layer.folder for layer in layers[1:]),
        own.text("region"),
        own.text("title"),
        own.context.instruments,
        own.context.in_pack,
        own.context.overlay,
        moments,
        days,
        options,
        roles,
        chosen,
        parameters,
        {table.name: table for table in tables},
        {table.name: table for topic in topics for table in topic.lacking},
    )


def instruments_file(folder: Path) -> Path:
    """The region's own list, else that beside it, else the project's."""
    own, beside = folder / INSTRUMENTS_FILE, folder.parent / INSTRUMENTS_FILE
    project = PROJECT / "data" / "policy" / INSTRUMENTS_FILE
    return next((path for path in (own, beside) if path.is_file()), project)


# -- the folders -------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Text:
    """A topic's file as it stands: its keys, and where they are."""

    place: Place
    keys: Mapping[str, Any]


@dataclass(frozen=True)
class _Layer:
    """A folder of the pack, the region's own or one that it extends; `context`: what its values may cite."""

    folder: Path
    place: Place
    keys: Mapping[str, Any]
    context: Context
    topics: Mapping[str, _Text]

    def text(self, key: str) -> str:
        return self.place.at(key).text(self.keys[key]) if key in self.keys else ""


def _layers(folder: Path, faults: list[Fault]) -> list[_Layer]:
    """The region's folder and all that it extends, the nearest first."""
    instruments = load_instruments(instruments_file(folder))
    layers = [_layer(folder, PACK_FILE, "", instruments, faults)]
    for layer in layers:
        extends = layer.place.at("extends")
        for name in extends.sequence(layer.keys["extends"], "names") if "extends" in layer.keys else ():
            places = [folder.parent / str(name), PROJECT / "data" / "policy" / str(name)]
            there = next((place for place in places if (place / BASE_FILE).is_file()), None)
            if any(one.folder.name == name for one in layers):
                extends.fault(f"{name} is extended twice, or in a circle: name it once")
            elif there is None:
                extends.fault(f"there is no {name}/{BASE_FILE} beside the pack or among the shipped ones")
            else:
                law = layers[0].context.in_pack
                layers.append(_layer(there, BASE_FILE, f"{name}/", instruments, faults, law))
    return layers


def _layer(
    folder: Path, head: str, lead: str, instruments: Instruments, faults: list[Fault], law: Sequence[str] = ()
) -> _Layer:
    """`law`: the documents of the region that extends a base, which alone its values may cite then."""
    place = Place(f"{lead}{head}", faults)
    content = read_yaml(folder / head, place)
    is_region = head == PACK_FILE
    needed = ["region", "title", "instruments"] if is_region else ["title"]
    may = ["extends", *LEFT, *(["overlay"] if is_region else [])]
    keys = place.mapping(content, [*needed, "confirmed_until"], may) if content is not None else {}
    listed = place.at("instruments").sequence(keys["instruments"], "ids") if "instruments" in keys else []
    chosen = place.at("instruments")
    in_pack = [
        chosen.item(position).choice(node, instruments.by_id) for position, node in enumerate(listed, 1)
    ]
    confirmed = (
        day(place.at("confirmed_until"), keys["confirmed_until"]) if "confirmed_until" in keys else date.max
    )
    overlay = fill(Overlay, place.at("overlay"), keys["overlay"]) if "overlay" in keys else None
    context = Context(instruments, (*in_pack, *law), confirmed, overlay)
    layer = _Layer(folder, place, keys, context, dict(_texts(folder, head, lead, faults)))
    for key in ("region", "title"):
        layer.text(key)
    return layer


def _texts(folder: Path, head: str, lead: str, faults: list[Fault]) -> Iterator[tuple[str, _Text]]:
    for path in sorted(folder.iterdir()):
        if path.name.startswith(".") or path.name in (head, INSTRUMENTS_FILE) or path.suffix == ".md":
            continue
        place = Place(f"{lead}{path.name}", faults)
        if not path.is_file() or path.suffix != ".yml":
            place.fault("is not a topic of the pack: name it <topic>.yml or move it out of the folder")
        elif not NAME.fullmatch(path.stem):
            place.fault("a topic's name is small letters, digits and _: rename the file")
        elif (content := read_yaml(path, place)) is not None:
            keys = place.mapping(content, (), (*TOPIC, "parameters"))
            if isinstance(content, dict):
                yield path.stem, _Text(place, keys)


def _left(layers: Sequence[_Layer], key: str, read: Any) -> Any:
    """A mapping of the heads, each entry the nearest's; what is wrong is told of the region's head."""
    node: dict[str, Any] = {}
    for layer in reversed(layers):
        if key in layer.keys:
            node |= layer.place.at(key).named(layer.keys[key], "entries")
    return read(layers[0].place.at(key), node) if node else {}


# -- the topics --------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Topic:
    """A topic of the pack with the tables it makes, and those of what is described and has no value."""

    stem: str
    parameters: tuple[Parameter, ...] = ()
    tables: tuple[PolicyTable, ...] = ()
    lacking: tuple[PolicyTable, ...] = ()


def _stems(layers: Sequence[_Layer]) -> list[str]:
    return sorted({stem for layer in layers for stem in layer.topics})


def _topic(stem: str, layers: Sequence[_Layer]) -> _Topic:
    """A topic as all layers have it: described by the farthest, its parameters in the farthest's order."""
    texts = [(layer, layer.topics[stem]) for layer in reversed(layers) if stem in layer.topics]
    head = texts[0][1]
    said = head.place.mapping(head.keys, (*TOPIC, "parameters"))
    for _, text in texts[1:]:
        for key in sorted(set(TOPIC) & text.keys.keys()):
            text.place.at(key).fault(f"stands in {head.place.file}: leave it out")
    describe = head.place.at("describe").text(said["describe"]) if "describe" in said else ""
    period = head.place.at("period").choice(said["period"], (MONTH, YEAR, NONE)) if "period" in said else ""
    known = _known(head.place.at("known"), said["known"]) if "known" in said else ()
    found = [read for name in _names(texts) if (read := _parameter(name, texts)) is not None]
    given = tuple(parameter for parameter in found if parameter.values)
    if not period or not known:
        return _Topic(stem, given)

    def tables(parameters: Sequence[Parameter]) -> tuple[PolicyTable, ...]:
        scalars = [parameter for parameter in parameters if not parameter.is_table]
        own = [own_table(period, known, parameter) for parameter in parameters if parameter.is_table]
        return (*([scalar_table(stem, period, known, describe, scalars)] if scalars else []), *own)

    return _Topic(stem, given, tables(given), tables([one for one in found if not one.values]))


Texts = Sequence[tuple[_Layer, _Text]]
"""the texts of a topic, the farthest first"""


def _names(texts: Texts) -> list[str]:
    found: dict[str, None] = {}
    for _, text in texts:
        if "parameters" in text.keys:
            found |= dict.fromkeys(text.place.at("parameters").named(text.keys["parameters"], "parameters"))
    return list(found)


def _parameter(name: str, texts: Texts) -> Parameter | None:
    """One parameter: described by the farthest layer that has it, its values the nearest's that gives any.

    Without values where no layer gives it any; None where its faults leave nothing to use.
    """
    nodes = [
        (layer, text.place.at("parameters").at(name), text.keys["parameters"][name])
        for layer, text in texts
        if isinstance(text.keys.get("parameters"), dict) and name in text.keys["parameters"]
    ]
    layer, place, node = nodes[0]
    common: Parameter | None = None
    for nearer, there, own in nodes[1:]:
        if isinstance(node, dict) and node.get("with_base") == "true" and "values" in node:
            common = read_parameter(place, name, node, layer.context)
        before = len(there.faults)
        keys = there.mapping(own, ["values"], [*(key for key in node if key not in OWN), *OWN])
        for key in sorted(keys.keys() - set(OWN)):
            there.at(key).fault(f"stands in {place.file}: leave it out")
        if len(there.faults) > before:
            return None
        layer, place, node = nearer, there, {**node, **keys}
    found = read_parameter(place, name, node, layer.context, described=layer.place.file != PACK_FILE)
    return with_rows_of(found, common) if found and common else found


def _known(place: Place, node: object) -> tuple[str, ...]:
    if isinstance(node, list):
        listed = tuple(place.item(n).choice(text, MOMENTS) for n, text in enumerate(node, 1))
        if len(set(listed)) != len(listed) or len(listed) < 2:
            place.fault("a list names two or more different moments: write a single one without a list")
        return listed
    moment = place.choice(node, MOMENTS)
    return (moment,) if moment else ()
