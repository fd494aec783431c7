"""Words of the command line to settings of runs: groups, recipes and sweeps, by Hydra."""

from __future__ import annotations

import dataclasses
import json
import re
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from hydra import version
from hydra._internal.hydra import Hydra
from hydra._internal.utils import create_config_search_path
from hydra.core.config_search_path import SearchPathQuery
from hydra.core.config_store import ConfigStore
from hydra.core.global_hydra import GlobalHydra
from hydra.core.hydra_config import HydraConfig
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Override, OverrideType, QuotedString, Sweep
from hydra.core.utils import JobReturn
from hydra.errors import HydraException
from hydra.types import RunMode
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException
from yaml import YAMLError

from agent.errors import AgentError, nearest
from agent.runs import choices, planned
from agent.runs.settings import Settings

RECIPES = Path(__file__).resolve().parent / "recipes"
GROUPS = ("task", "agent", "recipe")
SETTINGS = [field.name for field in dataclasses.fields(Settings)]
SWEPT = "swept"  # which keys a sweep varies: part of where its runs lie
_PLACED = {"agent", "agent.preset", "task", "seed", "experiment"}  # keys that a run's folder names anyway
_BAD = (HydraException, OmegaConfBaseException, YAMLError, RecursionError, UserWarning, OSError)


def asked(words: Sequence[str]) -> dict[str, Any]:
    """Compose one run: what `agent.runs.running` takes as keywords."""
    return keywords(composed(words))


def composed(words: Sequence[str], folder: str | None = None) -> DictConfig:
    """Compose the settings of one run from defaults, recipes and words."""
    parsed = _parsed(words)
    for word in parsed:
        if word.is_sweep_override():
            value = word.input_line.partition("=")[2]
            name = word.key_or_group
            raise AgentError(
                f"expected one value for {name}, got {value}. Add -m to run them all, or write {name}=[{value}] for a "
                "list."
            )
    return _composed(_hydra(folder), _prepared(parsed), RunMode.RUN)


def sweep(
    words: Sequence[str], job: Callable[[DictConfig], Any], folder: str | None = None
) -> list[Any]:
    """Run every combination of the values that words name; all of them are composed before the first is run.

    Parameters
    ----------
    words : sequence of str
        As ``seed=1,2 lessons=60,600``.
    job : callable
        What to do with each composed run; `keywords` reads it. It must be importable where a launcher starts processes.
    folder : str, optional
        One more folder of recipes.
    """
    parsed = _parsed(words)
    varied = [word.key_or_group for word in parsed if word.is_sweep_override()]
    placed = [name for name in varied if name not in _PLACED and not name.startswith("hydra")]
    prepared = [*_prepared(parsed), f"++{SWEPT}=[{','.join(placed)}]", "hydra.mode=MULTIRUN"]
    hydra = _hydra(folder)
    with tempfile.TemporaryDirectory(prefix="pupil-sweep-") as spare:
        if not any(word.key_or_group == "hydra.sweep.dir" for word in parsed):
            prepared.append(f"hydra.sweep.dir='{spare}'")
        for one in _each(parsed, prepared):
            planned(**keywords(_composed(hydra, one, RunMode.RUN)))
        try:
            batches: list[list[JobReturn]] = hydra.multirun("config", job, prepared, with_log_configuration=False)
        except _BAD as error:
            raise _said(error, hydra, prepared) from error
        finally:
            GlobalHydra.instance().clear()
    return [done.return_value for batch in batches for done in batch]


def keywords(config: DictConfig) -> dict[str, Any]:
    """Read a composed run: what `agent.runs.running` takes as keywords."""
    try:
        hydra = config.hydra if "hydra" in config else HydraConfig.get()  # which a job of a sweep finds apart
        chosen, words = hydra.runtime.choices, list(hydra.overrides.task)
        given: dict[str, Any] = OmegaConf.to_container(_own(config), resolve=True)  # type: ignore[assignment]
    except _BAD as error:
        raise AgentError(f"expected settings that can be read, got {_line(error)}.") from error
    if "recipe" in given:
        raise AgentError("expected a recipe that begins with the line '# @package _global_', got one without it.")
    agent, task = given.pop("agent"), given.pop("task")
    if not isinstance(agent, dict) or not chosen.get("agent"):
        raise AgentError("expected one agent, got none or several. To run several, add -m: -m agent=recall,nearest.")
    given["agent"] = {"name": str(chosen.agent), **agent}
    given["task"] = choices.tasks_of(task, str(chosen.get("task") or "mine"))
    placed = given.pop(SWEPT, [])
    if placed:
        values = dict(word.lstrip("+").split("=", 1) for word in words if "=" in word)
        part = ",".join(f"{name}={values[name]}" for name in placed if name in values)
        given["experiment"] += "/" + re.sub(r"[^\w.,=+-]+", "_", part)[:80]
    for name in given:
        if name not in ("agent", "task", *SETTINGS):
            raise _unknown(name)
    return given


def text_of(config: DictConfig) -> str:
    """Write a composed run as YAML."""
    return OmegaConf.to_yaml(_own(config))


def _own(config: DictConfig) -> DictConfig:
    return OmegaConf.masked_copy(config, [str(name) for name in config if name != "hydra"])


def merged(settings: Mapping[str, Any], words: Sequence[str]) -> list[str]:
    """Put settings that code gives below the words of a command line, which win.

    Examples
    --------
    >>> merged({"lessons": 60, "seed": 1, "agent": {"kind": "recall", "n_nodes": 9}}, ["seed=2"])
    ['lessons=60', "agent='recall'", 'agent.n_nodes=9', 'seed=2']
    """
    own: list[str] = []
    for name, value in settings.items():
        if isinstance(value, Mapping) and name == "agent":
            kind = {"agent": value["kind"]} if "kind" in value else {}
            parts = {f"agent.{key}": each for key, each in value.items() if key != "kind"}
            own += [word_of(key, each) for key, each in {**kind, **parts}.items()]
        elif isinstance(value, Mapping):
            own += [word_of(f"{name}.{key}", each) for key, each in value.items()]
        else:
            own.append(word_of(name, value))
    said = {word.lstrip("+").partition("=")[0] for word in words}
    return [*(word for word in own if word.partition("=")[0] not in said), *words]


def word_of(name: str, value: object) -> str:
    """Write a setting that code gives as a word of the command line.

    Examples
    --------
    >>> word_of("lessons", 60), word_of("load", "the best's"), word_of("task", ["digits", "fonts"])
    ('lessons=60', "load='the best\\\\'s'", "task=['digits','fonts']")
    """
    return f"{name}={_quoted(value)}"


def _quoted(value: object) -> str:
    if isinstance(value, str):
        return "'" + re.sub(r"(\\+)(?='|$)", r"\1\1", value).replace("'", "\\'") + "'"
    if isinstance(value, (list, tuple)):
        return "[" + ",".join(map(_quoted, value)) + "]"
    return json.dumps(value)


def _hydra(folder: str | None) -> Hydra:
    """Set Hydra up: our recipes, then those of the current folder, or of one that is named."""
    GlobalHydra.instance().clear()
    version.setbase("1.3")
    path = create_config_search_path(str(RECIPES))
    for place in (Path.cwd(), folder and Path(folder).resolve()):
        if place and not place.is_dir():
            raise AgentError(f"expected a folder of recipes, got nothing at {folder}.")
        if place:
            path.prepend("folder", f"file://{place}", SearchPathQuery("schema"))
    return Hydra.create_main_hydra2("agent", path)


def _parsed(words: Sequence[str]) -> list[Override]:
    parsed = []
    for word in words:
        try:
            parsed += OverridesParser.create().parse_overrides([word])
        except HydraException as error:
            why = "Write it as name=value." if "=" not in word else "Put quotes around the value: name=\"'value'\"."
            raise AgentError(f"expected name=value, got {word!r}. {why}") from error
    return parsed


def _prepared(parsed: Sequence[Override]) -> list[str]:
    """Check names, and replace paths of classes and files by names that Hydra knows."""
    prepared = []
    for word in _without_presets(parsed):
        name, value = word.key_or_group, word.input_line.partition("=")[2]
        sign = {OverrideType.ADD: "+", OverrideType.FORCE_ADD: "++", OverrideType.DEL: "~"}.get(word.type, "")
        first = name.split(".")[0].split("/")[0].split("@")[0]
        if first not in ("hydra", *GROUPS, *SETTINGS):
            raise _unknown(first)
        if name in GROUPS and word.type != OverrideType.DEL:
            prepared.append(f"{sign}{name}={_chosen(name, word)}")
        elif first in ("task", "metrics") and "." in name and word.type == OverrideType.CHANGE:
            prepared.append(f"++{name}={value}")
        else:
            prepared.append(word.input_line)
    return prepared


def _without_presets(parsed: Sequence[Override]) -> list[Override]:
    """Say an agent of a preset by the choice that it is."""
    presets = [word for word in parsed if word.key_or_group == "agent.preset"]
    if not presets:
        return list(parsed)
    kind = next((str(word.value()) for word in parsed if word.key_or_group == "agent"), None)
    value = presets[-1].value()
    names = [_text(each) for each in (value.list if isinstance(value, Sweep) else [value])]
    others = [word for word in parsed if word.key_or_group not in ("agent", "agent.preset")]
    return [*_parsed([f"agent={','.join(choices.preset(name, kind) for name in names)}"]), *others]


def _text(value: object) -> str:
    return value.text if isinstance(value, QuotedString) else str(value)


def _chosen(group: str, word: Override) -> str:
    """Rewrite the choice of a group: one, a list, or the choices of a sweep."""
    value = word.value()
    if isinstance(value, Sweep):
        if not hasattr(value, "list"):
            return word.input_line.partition("=")[2]  # such as glob(*)
        return ",".join(_choice(group, each) for each in value.list)
    return _choice(group, value)


def _choice(group: str, value: object) -> str:
    if isinstance(value, list) and value:
        return "[" + ",".join(_choice(group, each) for each in value) + "]"
    if not isinstance(value, (str, int, float, QuotedString)):
        raise choices.unknown(group, "null" if value is None else str(value))
    name = _text(value)
    found = choices.found(group, name)
    if found is None:
        return name
    own, said = found
    package = {"task": f"task.{own}", "agent": "agent", "recipe": "_global_"}[group]
    ConfigStore.instance().store(own, OmegaConf.load(said) if isinstance(said, Path) else said, group, package)
    return own


def _each(parsed: Sequence[Override], prepared: Sequence[str]) -> list[list[str]]:
    """Write the words of every run of a sweep, where it is Hydra's own."""
    if any(word.key_or_group == "hydra/sweeper" for word in parsed):
        return []
    from hydra._internal.core_plugins.basic_sweeper import BasicSweeper

    own = OverridesParser.create().parse_overrides([word for word in prepared if not word.startswith("hydra")])
    return BasicSweeper.split_arguments(own, None)[0]


def _composed(hydra: Hydra, words: Sequence[str], mode: RunMode) -> DictConfig:
    try:
        return hydra.compose_config("config", list(words), mode, with_log_configuration=False)
    except _BAD as error:
        raise _said(error, hydra, words) from error


def _said(error: Exception, hydra: Hydra, words: Sequence[str]) -> AgentError:
    """Say in one sentence what Hydra says in many."""
    text = str(error)
    if isinstance(error, RecursionError):
        recipes = ", ".join(word for word in words if word.lstrip("+").startswith("recipe=")) or "the recipe"
        return AgentError(f"expected recipes that come to an end, got {recipes}, which imports itself in a circle.")
    found = re.search(r"Could not override '([^']+)'", text)
    if found and "." in found[1]:
        plain = [word for word in words if not word.lstrip("+~").startswith(found[1] + "=")]
        if plain == list(words):  # it is said in a file, not in words
            return AgentError(f"expected settings that can be composed, got {_line(error)}.")
        mode = RunMode.MULTIRUN if "hydra.mode=MULTIRUN" in plain else RunMode.RUN
        where = OmegaConf.select(_composed(hydra, plain, mode), found[1].rpartition(".")[0])
        known = [str(name) for name in where] if isinstance(where, DictConfig) else []
        group, _, last = found[1].rpartition(".")
        hint = f"{nearest(last, known)} +{found[1]}=… adds one."
        return AgentError(f"expected settings of {group} among {', '.join(known)}, got {last}.{hint}")
    if found:
        return _unknown(found[1])
    lost = re.search(r"Could not (?:find|load) '?(?:(\w+)/)?([^'\s]+)'?", text)
    if lost and lost[1] in GROUPS:
        return choices.unknown(lost[1], lost[2])
    return AgentError(f"expected settings that can be composed, got {_line(error)}.")


def _unknown(name: str) -> AgentError:
    known = [*GROUPS, *SETTINGS]
    return AgentError(f"expected a setting among {', '.join(known)}, got {name}.{nearest(name, known)}")


def _line(error: BaseException) -> str:
    return " ".join(str(error).split())[:300].rstrip(".")
