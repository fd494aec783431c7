"""Words of the command line to settings of runs: choices, recipes and sweeps, composed by Hydra's public API."""

from __future__ import annotations

import dataclasses
import itertools
import json
import re
from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from hydra import compose, initialize_config_dir
from hydra.core.config_loader import ConfigLoader
from hydra.core.config_search_path import ConfigSearchPath
from hydra.core.config_store import ConfigStore
from hydra.core.global_hydra import GlobalHydra
from hydra.core.hydra_config import HydraConfig
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Override, OverrideType, Quote, QuotedString
from hydra.core.plugins import Plugins
from hydra.errors import HydraException, MissingConfigException, OverrideParseException
from hydra.experimental.callback import Callback
from hydra.plugins.search_path_plugin import SearchPathPlugin
from hydra.types import HydraContext
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException
from yaml import YAMLError

from agent.agents import kinds
from agent.datasets import arrays
from agent.errors import AgentError, nearest
from agent.experiments import RunSpec, resolve
from agent.experiments.config import (
    RECIPES,
    Settings,
    agent_choices,
    agent_defaults,
    field_defaults,
    preset_choice,
    short_name,
    task_defaults,
    with_paths,
    without,
)
from agent.tasks import DEFAULT_AGENT, SOURCES, with_new_names
from agent.user_code import is_path
from agent.validation import check_names

GROUPS = ("task", "agent", "recipe")
SETTINGS = [field.name for field in dataclasses.fields(Settings)]
SWEPT = "swept"  # the values of a sweep that belong to one run, as text: part of where it lies
_FILES = {"task": arrays.ENDINGS, "recipe": (".yaml",)}  # a user's files that are choices themselves
_CLASSES = {"task": "source", "agent": "kind"}  # what a user's class is in a run's settings
_WRITABLE = (bool, int, float, str, list, dict)
_PLACED = {"agent", "agent.preset", "task", "seed", "experiment"}  # keys that a run's folder names anyway
_ALIASES = {  # names of settings elsewhere
    **dict.fromkeys(("model", "kind", "learner", "eyes", "pool", "aug"), "agent"),
    **dict.fromkeys(("dataset", "data", "env", "environment", "world"), "task"),
    **dict.fromkeys(("optim", "lr", "batch_size", "device"), "agent.NAME"),
    **dict.fromkeys(("imports", "self"), "defaults in a recipe"),
    **dict.fromkeys(("wandb", "tensorboard"), "track"),
    **{"accelerate": "shards", "save_per_steps": "save_every", "video": "render"},
}
_BAD = (HydraException, OmegaConfBaseException, YAMLError, RecursionError, OSError)


class CurrentFolder(SearchPathPlugin):
    """Plugin of Hydra by which tasks, agents and recipes of the current folder are found."""

    def manipulate_search_path(self, search_path: ConfigSearchPath) -> None:
        """Put the current folder after the recipes of Pupil."""
        search_path.append("folder", f"file://{Path.cwd()}")


Plugins.instance().register(CurrentFolder)
n_runs = 0  # of the sweep that this process leads


def resolved(config: DictConfig) -> RunSpec:
    """Check a composed run: the specification that `agent.experiments.iter_run_spec` takes."""
    return resolve(**keywords(config))


def composed(words: Sequence[str], folder: str | None = None) -> DictConfig:
    """Compose the settings of one run from defaults, recipes and words; ``folder`` is one more folder of recipes."""
    with _hydra(words, folder) as (overrides, loader):
        for override in overrides:
            if override.is_sweep_override():
                name, value = override.key_or_group, override.get_value_string()
                more = f", or write {name}=[{value}] for a list" if name.startswith("task") else ""
                raise AgentError(f"expected one value for {name}, got {value}. Add -m to run them all{more}.")
        return _compose(run[0] for run in _alternatives(overrides, loader).values())


def sweep(words: Sequence[str], job: Callable[[DictConfig], Any], folder: str | None = None) -> list[Any]:
    """Run every combination of the values that words name; all of them are checked before the first is run.

    Parameters
    ----------
    words : sequence of str
        As ``seed=1,2 lessons=60,600``.
    job : callable
        What to do with each composed run; `keywords` reads it. It must be importable where a launcher starts processes.
    folder : str, optional
        One more folder of recipes.
    """
    with _hydra(words, folder) as (overrides, loader):
        for override in overrides:
            if override.is_hydra_override() and override.is_sweep_override():
                name, value = override.key_or_group, override.get_value_string()
                raise AgentError(f"expected one value for {name}, got {value}: all runs of a sweep share it.")
        alternatives = _alternatives(overrides, loader)
        launching = [alternatives.pop(key)[0] for key in list(alternatives) if key.lstrip("+~").startswith("hydra")]
        varied = {override.key_or_group for override in overrides if override.is_sweep_override()} - _PLACED
        runs = [_with_place(run, varied) for run in itertools.product(*alternatives.values())]
        if not runs:
            raise AgentError(f"expected values of a sweep, got none: {' '.join(words)[:200]}.")
        for run in runs:
            resolved(_compose([*launching, *run]))
        context = HydraContext(loader, Callback())  # type: ignore[arg-type]
        global n_runs
        n_runs = len(runs)
        launcher = Plugins.instance().instantiate_launcher(context, job, _compose(launching))
        done = launcher.launch(runs, initial_job_idx=0)
    return [run.return_value for run in done]


def keywords(config: DictConfig) -> dict[str, Any]:
    """Read a composed run: what `agent.experiments.iter_run` takes as keywords."""
    try:
        hydra = config.hydra if "hydra" in config else HydraConfig.get()  # which a job of a sweep finds apart
        given: dict[str, Any] = OmegaConf.to_container(_without_hydra(config), resolve=True)  # type: ignore[assignment]
    except _BAD as error:
        raise AgentError(f"expected settings that can be read, got {_line(error)}.") from error
    if "recipe" in given:
        raise AgentError("expected a recipe that begins with the line '# @package _global_', got one without it.")
    agent, task, swept = given.pop("agent", None), given.pop("task", None), given.pop(SWEPT, None)
    choices = hydra.runtime.choices
    if not isinstance(agent, dict) or not choices.get("agent"):
        raise AgentError("expected one agent, got none or several. To run several, add -m: -m agent=recall,nearest.")
    for name in given:
        if name not in SETTINGS:
            raise _unknown_name(name)
    if given.get("load", False) is not False:  # what nobody chose is as in the agent to load
        named, kind = {word.lstrip("+").partition("=")[0] for word in hydra.overrides.task}, str(agent.get("kind"))
        defaults = agent_defaults(kind).items() if kind in kinds() or is_path(kind) else ()
        agent = {key: value for key, value in agent.items() if f"agent.{key}" in named or (key, value) not in defaults}
    given["agent"] = {"name": str(choices.agent), **agent}
    given["task"] = tasks_of(task, str(choices.get("task") or "mine"))
    if swept:
        given["experiment"] += f"/{swept}"
    return given


def tasks_of(group: Mapping[str, Any], name: str) -> dict[str, dict[str, Any]]:
    """Read the tasks of a composed run: each by its name; settings beside them count for all that know them.

    Examples
    --------
    >>> tasks_of({"digits": {"source": "digits"}, "fonts": {"source": "fonts"}, "balanced": False}, "")
    {'digits': {'source': 'digits', 'balanced': False}, 'fonts': {'source': 'fonts'}}
    """
    if not isinstance(group, Mapping):
        raise AgentError(f"expected a task, got {group!r}.")
    if "source" in group:
        return {name: dict(group)}
    tasks = {key: dict(table) for key, table in group.items() if isinstance(table, Mapping) and "source" in table}
    if not tasks:
        raise AgentError(f"expected a task with a source, got {', '.join(map(str, group)) or 'nothing'}.")
    names = {key: {*table, *task_defaults(table["source"])} - {"source"} for key, table in tasks.items()}
    shared = {key: value for key, value in group.items() if key not in tasks}
    for table in tasks.values():
        shared = with_new_names(SOURCES.get(table["source"]), shared)
    check_names(shared, sorted(set().union(*names.values())), "settings of a task")
    for key, value in shared.items():
        for table in (tasks[task] for task in tasks if key in names[task]):
            has_parts = isinstance(value, Mapping) and isinstance(table.get(key, {}), Mapping)
            table[key] = {**table.get(key, {}), **value} if has_parts else value
    return tasks


def text_of(config: DictConfig) -> str:
    """Write a composed run as YAML."""
    return OmegaConf.to_yaml(_without_hydra(config))


def merged(settings: Mapping[str, Any], words: Sequence[str]) -> list[str]:
    """Put settings that code gives below the words of a command line, which win.

    Examples
    --------
    >>> merged({"lessons": 60, "seed": 1, "agent": {"kind": "recall", "n_nodes": 9}}, ["seed=2"])
    ['lessons=60', "agent='recall'", 'agent.n_nodes=9', 'seed=2']
    """
    flat: dict[str, object] = {}
    for name, value in settings.items():
        value = with_paths(value) if name in ("agent", "task") else value
        if isinstance(value, Mapping):
            kind = {name: value["kind"]} if name == "agent" and "kind" in value else {}
            flat |= kind | {f"{name}.{key}": part for key, part in value.items() if not kind or key != "kind"}
        else:
            flat[name] = value
    named = {word.lstrip("+").partition("=")[0] for word in words}
    return [*(word_of(name, value) for name, value in flat.items() if name not in named), *words]


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
        return QuotedString(value, Quote.single).with_quotes()
    if isinstance(value, (list, tuple)):
        return "[" + ",".join(map(_quoted, value)) + "]"
    return json.dumps(value)


@contextmanager
def _hydra(words: Sequence[str], folder: str | None) -> Iterator[tuple[list[Override], ConfigLoader]]:
    """Set Hydra up and parse words; what Hydra refuses is said in one sentence."""
    GlobalHydra.instance().clear()
    _store()
    with initialize_config_dir(str(RECIPES), job_name="agent", version_base="1.3"):
        loader = GlobalHydra.instance().config_loader()
        try:
            yield _parsed(words, loader, folder), loader
        except (RecursionError, UnicodeDecodeError) as error:
            recipes = ", ".join(word for word in words if word.lstrip("+").startswith("recipe=")) or "the recipe"
            circle = ("that come to an end", "imports itself in a circle")
            expected, fault = circle if isinstance(error, RecursionError) else ("in UTF-8", "is not")
            raise AgentError(f"expected recipes {expected}, got {recipes}, which {fault}.") from error
        except MissingConfigException as error:
            group, _, name = str(error.missing_cfg_file).rpartition("/")
            raise _unknown_choice(group, name, loader.get_group_options(group)) from error
        except _BAD as error:
            raise AgentError(f"expected settings that can be composed, got {_line(error)}.") from error


def _store() -> None:
    """Put the settings of runs, of all tasks and of all agents into Hydra's store, with their defaults."""
    store = ConfigStore.instance()
    for group in GROUPS:
        store.repo.pop(group, None)  # classes and files that an earlier run in this process chose
    store.store("settings", field_defaults(Settings))
    for name, source in SOURCES.items():
        agent = getattr(source, "AGENT", DEFAULT_AGENT)
        head = {} if agent == DEFAULT_AGENT else {"defaults": ["_self_", {"override /agent@_global_.agent": agent}]}
        store.store(name, {**head, "source": name, **field_defaults(source)}, "task", f"task.{name}")
    for name, (kind, preset) in agent_choices().items():
        values = {**without(field_defaults(kind.Config), "seed"), **kind.PRESETS.get(preset, {})}
        store.store(name, {"kind": kind.NAME, **values}, "agent", "agent")


def _parsed(words: Sequence[str], loader: ConfigLoader, folder: str | None) -> list[Override]:
    """Parse words, and check the names that they begin with."""
    if folder and not Path(folder).is_dir():
        raise AgentError(f"expected a folder of recipes, got nothing at {folder}.")
    added = [word_of("hydra.searchpath", [f"file://{Path(folder).resolve()}"])] if folder else []
    try:
        overrides = OverridesParser.create(loader).parse_overrides([*map(_with_quotes, words), *added])
    except OverrideParseException as error:
        quoted, named = "Put quotes around the value: name=\"'value'\".", "Write it as name=value. See --help."
        advice = quoted if "=" in error.override else named
        raise AgentError(f"expected name=value, got {error.override!r}. {advice}") from error
    for override in overrides:
        first = re.split("[./@]", override.key_or_group)[0]
        if first not in ("hydra", *GROUPS, *SETTINGS):
            raise _unknown_name(first)
        if first in SETTINGS and first != "metrics" and override.key_or_group != first:
            raise AgentError(
                f"expected {first}=VALUE, got {override.key_or_group}: {first} has no settings of its own."
            )
    return overrides


def _alternatives(overrides: Sequence[Override], loader: ConfigLoader) -> dict[str, list[str]]:
    """Write overrides as words that Hydra composes: by what they set, one word, or those of a sweep."""
    path = [override.input_line for override in overrides if override.key_or_group == "hydra.searchpath"]
    named = {override.key_or_group: override for override in overrides}
    alternatives: dict[str, list[str]] = {}
    for name, override in named.items():
        key, is_sweep = override.get_key_element(), override.is_sweep_override()
        try:
            values = [*override.sweep_iterator()] if is_sweep else [override.value()]
        except (ArithmeticError, TypeError, ValueError) as error:  # of range(1,3,0)
            raise AgentError(f"expected values for {name}, got {override.get_value_string()}: {error}.") from error
        if name == "agent.preset":  # an agent to choose
            kind = _text(named["agent"].value()) if "agent" in named else None
            alternatives["agent"] = [f"agent={preset_choice(_text(value), kind)}" for value in values]
        elif name in GROUPS and not override.is_delete():
            options = loader.get_group_options(name, overrides=path)
            alternatives.setdefault(key, [f"{key}={_choice(name, value, options)}" for value in values])
        else:
            is_open = name.startswith(("task.", "agent.", "metrics."))  # those who take such settings check their names
            sign = {OverrideType.CHANGE: "++", OverrideType.ADD: "+"}.get(override.type, "") if is_open else ""
            words = (
                [f"{key}={text}" for text in override.sweep_string_iterator()] if is_sweep else [override.input_line]
            )
            alternatives[key] = [f"{sign}{word}" for word in words]
    return alternatives


def _with_quotes(word: str) -> str:
    """Put quotes around a formula that has brackets, which Hydra would take for a function of its own.

    >>> _with_quotes("metrics.f1=2*p/(p+r)"), _with_quotes("seed=range(1,3)")
    ("metrics.f1='2*p/(p+r)'", 'seed=range(1,3)')
    """
    return re.sub(r"""^(\+{0,2}metrics\.\w+|\+{0,2}task\.reward)=([^'"]*[()][^'"]*)$""", r"\1='\2'", word)


def _text(value: object) -> str:
    return value.text if isinstance(value, QuotedString) else str(value)


def _choice(group: str, value: object, options: Sequence[str]) -> str:
    """Write a choice; a class, a data set or a recipe that is named by its path becomes one."""
    if isinstance(value, list) and value:
        return "[" + ",".join(_choice(group, part, options) for part in value) + "]"
    if not isinstance(value, (str, int, float, QuotedString)):
        raise _unknown_choice(group, "null" if value is None else str(value), options)
    name, endings = _text(value), _FILES.get(group, (".py",))
    if name in options:
        return name
    file = _file(name, endings)
    if group == "task" and arrays.is_data(name) and (file is None or not Path(name).suffix):
        node, source = {"source": name}, name  # a folder, a data set of the Hub, or a file that is not there
        if not name.startswith(arrays.HUB) and not Path(name).is_dir():
            raise _unknown_choice(group, name, options)
    elif group != "recipe" and is_path(name) and not arrays.is_data(name) and not Path(name).is_file():
        source, defaults = name, (task_defaults if group == "task" else agent_defaults)(name)
        given = {key: default for key, default in defaults.items() if isinstance(default, _WRITABLE)}
        node = {_CLASSES[group]: name, **given}
    elif file is None or group == "agent":
        raise _unknown_choice(group, name, options)
    else:
        source = str(file) if file.is_absolute() else f"./{file}"  # also its name in the store
        node = OmegaConf.load(file) if group == "recipe" else {"source": source}
    stored = ConfigStore.instance().repo.get(group, {})
    same = [key.removesuffix(".yaml") for key, config in stored.items() if config.provider == source]
    option = same[0] if same else short_name(source, {*options, *(key.removesuffix(".yaml") for key in stored)})
    package = {"task": f"task.{option}", "agent": "agent", "recipe": "_global_"}[group]
    ConfigStore.instance().store(option, node, group, package, source)
    return option if group == "recipe" else _quoted(option)


def _file(name: str, endings: Sequence[str]) -> Path | None:
    """Find a file by its name, with or without its ending, here or in data/."""
    files = [Path(name), *(Path(folder, name + ending) for folder in ("", "data") for ending in endings)]
    return next((file for file in files if file.suffix.lower() in endings and file.is_file()), None)


def _compose(words: Iterable[str]) -> DictConfig:
    return compose("config", list(words), return_hydra_config=True)


def _with_place(run: Sequence[str], varied: Container[str]) -> list[str]:
    """Add to the words of a run what a sweep varies and its folder would not name."""
    text = ",".join(word.lstrip("+") for word in run if word.lstrip("+").partition("=")[0] in varied)
    place = re.sub(r"[^\w.,=+-]+", "_", text)[:80]
    return [*run, f"++{SWEPT}='{place}'"] if place else [*run]


def _without_hydra(config: DictConfig) -> DictConfig:
    return OmegaConf.masked_copy(config, [str(name) for name in config if name != "hydra"])


def _unknown_choice(group: str, name: str, options: Sequence[str]) -> AgentError:
    hint = nearest("digits" if name.lower() == "mnist" else name, options)
    if name.endswith(".py") and Path(name).is_file():
        hint = f" Did you mean {name}:CLASS?"
    elif group == "task" and Path(name).is_file():
        hint = f" Files of data end in {' '.join(arrays.ENDINGS)}."
    elif group == "task" and re.fullmatch(r"[\w/]+-v\d+", name):
        hint = f" Did you mean task=frames task.world={name}?"
    hint = f" Did you mean ./{name}?" if group == "task" and name and Path(name).is_dir() else hint
    if group in _FILES and name.lower().endswith(tuple(_FILES[group])):
        return AgentError(f"expected a file at {name}, got none.{hint}")
    more = {"task": ", FILE.npz or FILE.py:Class", "agent": " or FILE.py:Class"}.get(group, "")
    dotted = re.fullmatch(r"(.+\.py)\.(\w+)", name)
    hint = f" Did you mean {name.replace(':', '.')}?" if is_path(name.replace(":", ".")) and ":" in name else hint
    hint = f" Did you mean {dotted[1]}:{dotted[2]}?" if dotted and group in _CLASSES else hint
    return AgentError(f"expected {group} among {', '.join(options)}{more}, got {name[:60]!r}.{hint}")


def _unknown_name(name: str) -> AgentError:
    known, alias = [*GROUPS, *SETTINGS], _ALIASES.get(name.lower())
    hint = f" Did you mean {alias}?" if alias else nearest(name, known)
    return AgentError(f"expected a setting among {', '.join(known)}, got {name}.{hint}")


def _line(error: BaseException) -> str:
    return " ".join(str(error if str(error) else error.__cause__).split())[:300].rstrip(".")
