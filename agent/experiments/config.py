"""Settings of a run: checked, and the configuration of its agent built, once, before anything is drawn or written."""

from __future__ import annotations

import copy
import dataclasses
import importlib.util
import itertools
import json
import re
from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from agent import metrics
from agent.agents import FAMILIES, STARTERS, Agent, Pupil, kinds, register
from agent.datasets import arrays
from agent.errors import AgentError, nearest
from agent.experiments import results
from agent.experiments.results import AGENT, CONFIG, RESULT
from agent.models import Model
from agent.models.custom.model import wrap_class
from agent.models.custom.signature import Spaces, class_settings, constructor_defaults, is_kind, without
from agent.storage import serialization
from agent.storage.serialization import LOCAL_FILES
from agent.tasks import ARRAYS, DEFAULT_AGENT, DRAWINGS, SOURCES, ArraySet, DataSet, Task, task_of, with_new_names
from agent.user_code import class_of, content_of, given_path, is_given, is_path, maker_of
from agent.validation import check_names, check_settings, setting

MAX_LESSONS = 10_000_000
N_LESSONS = 600  # where nobody says how many, or all there are where these are fewer
MAX_DIFFERENCES = 5  # named between two runs
RECIPES = Path(__file__).resolve().parents[1] / "recipes"
ORDERS = ("mixed", "one_after_another")
TRACKERS = ("trackio", "tensorboard")
TaskSelection = str | Sequence[str] | Mapping[str, Any]
_BUILT_IN = tuple(kinds())
_VALUES = ("nan", "inf", "infinity", "null", "none", "true", "false")  # words that are read as something else
_ONLY_DRAWINGS = ("lessons", "starter", "order", "stream", "epochs", "shards", "study", "replay", "label")
_ONLY_DRAWINGS += ("n_test", "n_asked", "n_held_out")
_NOT_OF_ARRAYS = ("steps", "starter", "shards", "study", "replay", "label")
_WITHOUT_EFFECT = {"folder", "again", "plots", "track", "save_every"}  # on what a run computes


@dataclass(frozen=True)
class Settings:
    """Settings of a run, beside its tasks and its agent."""

    lessons: int | None = setting(N_LESSONS, "how many to teach, of each task; null: all it has", ge=1, le=MAX_LESSONS)
    seed: int = setting(0, "fixes which lessons, their order, and all that is drawn at the agent's birth")
    starter: str | None = setting(None, "what the agent knows from the beginning", choices=STARTERS)
    order: str = setting(
        "mixed", "of several tasks: shuffled together, or one by one with a table of forgetting", choices=ORDERS
    )
    stream: bool = setting(True, "true: each lesson once, as it comes; false: again and again, shuffled")
    epochs: int = setting(1, "passes over the lessons, with stream=false", ge=1, le=1000)
    shards: int = setting(1, "processes that learn a part of the lessons each; one agent comes of it", ge=1, le=64)
    steps: int | None = setting(
        None, "for other tasks than drawings: steps or frames; null: the agent's number", ge=1, le=MAX_LESSONS
    )
    study: bool = setting(False, "whether the agent goes over its lessons once more in the end")
    replay: str | None = setting(None, "words that name a run, or its folder: teach its lessons in its order")
    load: bool | str = setting(
        False, "begin with an agent: true for the one in this run's folder, or words that name a run"
    )
    label: str | None = setting(None, "for task=generate: what to draw; null: every label")
    n_test: int | None = setting(
        None, "test drawings asked in the end, of each task; null: all there are", ge=1, le=MAX_LESSONS
    )
    n_asked: int = setting(
        200, "drawings of each chunk asked before it is taught, for the learning curve", ge=1, le=10_000
    )
    n_held_out: int = setting(200, "test drawings asked after each chunk, for the learning curve", le=10_000)
    save_every: int = setting(10_000, "lessons between two checkpoints; 0: only in the end", le=MAX_LESSONS)
    metrics: Mapping[str, str] = setting({}, "formulas by name, such as metrics.gap='accuracy - prequential'")
    experiment: str = setting("default", "the name that this run and others go by")
    folder: str = setting("runs", "where all runs lie")
    again: bool = setting(False, "whether a finished run is run again")
    plots: bool = setting(True, "whether the run draws its learning curve and its confusion")
    save: bool = setting(True, "whether the agent is saved, and can go on from there")
    render: bool = setting(False, "for frames: whether film.webp shows what was seen beside what was expected")
    trace: bool = setting(False, "for numbers: whether steps.csv tells input, answer, error and reward of each step")
    track: bool = setting(False, "whether trackio and TensorBoard, as they are installed, record the run")

    def __post_init__(self) -> None:
        if type(self.label) is float:
            object.__setattr__(self, "label", str(self.label))
        name = self.experiment
        if type(name) is not str or not re.fullmatch(r"\w[\w .,=+-]{0,79}(/\w[\w .,=+-]{0,79}){0,3}", name):
            raise AgentError(
                f"expected experiment as a name of letters, digits and . , = + -, got {str(name)[:40]!r}: a folder."
            )
        check_settings(self)
        object.__setattr__(self, "metrics", metrics.check_formulas(self.metrics))
        if self.epochs > 1 and self.stream:
            raise AgentError(f"expected stream=false with epochs={self.epochs}, got true: a stream comes once.")
        if self.load is not False and self.starter:
            raise AgentError(f"expected a starter or an agent to load, got both: {self.starter} and load={self.load}.")
        if self.shards > 1 and (self.epochs > 1 or self.load is not False or self.starter or self.replay):
            raise AgentError("expected shards alone, got them with epochs, load, starter or replay. Set shards=1.")

    @classmethod
    def of(cls, given: Mapping[str, Any]) -> Settings:
        """Make settings from names and values.

        Examples
        --------
        >>> Settings.of({"lessons": 60}).lessons
        60
        >>> Settings.of({"lesons": 60})
        Traceback (most recent call last):
            ...
        agent.errors.AgentError: expected a setting of a run, got lesons. Did you mean lessons?
        """
        known = [field.name for field in dataclasses.fields(cls)]
        for name in given:
            if name not in known:
                raise AgentError(f"expected a setting of a run, got {str(name)[:40]}.{nearest(name, known)}")
        return cls(**given)

    def check_family(self, family: str) -> None:
        """Check that no setting is given that agents of this family do not have."""
        others = {DRAWINGS: ("steps",), ARRAYS: _NOT_OF_ARRAYS}
        excluded = {*others.get(family, _ONLY_DRAWINGS), "trace", "render"}
        excluded -= {"numbers": {"trace"}, "frames": {"render"}}.get(family, set())
        metrics.check_formulas(self.metrics, family)
        for field in dataclasses.fields(self):
            value = getattr(self, field.name)
            if field.name in excluded and value != field.default:
                raise AgentError(f"expected no {field.name} for agents of {family}, got {value!r}. Leave it out.")


@dataclass(frozen=True)
class RunSpec:
    """Checked specification of a run: all that can be known before lessons are drawn."""

    settings: Settings
    tasks: Mapping[str, Task]
    family: str  # of the agent: drawings, numbers or frames
    agent: Mapping[str, Any]  # its name, kind and settings, as in config.json
    model: type[Any]  # the class of its model
    # the configuration that the model is made with. A user's class gets another one, with the task's labels
    model_config: Any
    config: Mapping[str, Any]  # everything, as config.json holds it
    folder: Path  # the run directory


def resolve(task: TaskSelection = "digits", agent: Any = None, **given: Any) -> RunSpec:
    """Check all that can be checked before lessons are drawn.

    Parameters
    ----------
    task, agent, **given
        As for `agent.experiments.run`.

    Raises
    ------
    AgentError
        A task, an agent or a setting is unknown or out of range, or they do not go together.
    """
    settings = Settings.of(given)
    if Path(settings.folder).is_file():
        raise AgentError(f"expected folder as a folder for runs, got the file {settings.folder}.")
    if settings.track and not any(map(importlib.util.find_spec, TRACKERS)):
        raise AgentError(
            "expected trackio or tensorboard for track=true, got neither. Install one: pip install trackio."
        )
    tables = _task_tables(task)
    table = None if agent is None else _agent_table(agent)
    tasks, family, default_agent = tasks_for(tables, table and table["kind"])
    settings.check_family(family)
    table = table or _agent_table(default_agent)
    kind, agent_settings = table["kind"], without(table, "kind", "name")
    folder = results.run_path(settings.folder, settings.experiment, table["name"], "+".join(tasks), settings.seed)
    if settings.load is not False:
        agent_settings = {**_loaded_settings(settings, folder, kind), **agent_settings}
    if is_path(kind) and not is_kind(maker_of(kind)):
        agent_settings = {**class_settings(maker_of(kind)), **agent_settings}
    model, model_config = resolve_model(kind, agent_settings, Spaces(("0",)), settings.seed, family)
    is_own_class = is_path(kind)
    if model.NAME not in FAMILIES[family].MODELS and not is_own_class:
        known = ", ".join(FAMILIES[family].MODELS)
        raise AgentError(f"expected an agent for task={'+'.join(tasks)} among {known}, got {model.NAME}.")
    if not is_own_class:
        agent_settings = without(dataclasses.asdict(model_config), "seed")
    fields = {name: dataclasses.asdict(task) for name, task in tasks.items() if dataclasses.is_dataclass(task)}
    config = {
        "task": {name: {"source": table["source"], **fields.get(name, table)} for name, table in tables.items()},
        "agent": {"name": table["name"], "kind": kind, **agent_settings},
        **dataclasses.asdict(settings),
    }
    tables = config["task"].values()
    paths = [config["agent"]["kind"], *(str(table.get(name)) for table in tables for name in ("source", "world"))]
    content = {  # so that a changed class or file is another run
        path: arrays.digest(path) if arrays.is_data(path) else content_of(path)
        for path in paths
        if is_path(path) or arrays.is_data(path)
    }
    config |= {"content": content} if content else {}
    config = json.loads(json.dumps(config))
    return RunSpec(settings, tasks, family, config["agent"], model, model_config, config, folder)


def tasks_for(tables: Mapping[str, Mapping[str, Any]], kind: object) -> tuple[dict[str, Task], str, str]:
    """Set tasks up; give also the family of their agents, and the agent to take where none is named.

    A user's model gets the data as they are, not as drawings.
    """
    tasks = {name: task_of(table["source"], without(table, "source")) for name, table in tables.items()}
    if is_path(kind) and not is_kind(maker_of(str(kind))) and all(type(task) is DataSet for task in tasks.values()):
        tasks = {name: ArraySet(**dataclasses.asdict(task)) for name, task in tasks.items()}  # type: ignore[call-overload]
    return tasks, *_family(tasks)


def resolve_model(
    name: object, settings: Mapping[str, Any], spaces: Spaces, seed: int = 0, family: str = DRAWINGS
) -> tuple[type[Model], Any]:
    """Find the class of a model by its name or its path, and build its configuration; nothing is registered.

    Parameters
    ----------
    name : str
        The name of a model, or the path of a class as `is_path` describes it.
    settings : mapping
        Fields of its ``Config``, or ``preset`` and fields that differ from it.
    spaces : agent.models.custom.signature.Spaces
        Shapes and labels of the task, which a user's class may ask for.
    seed : int
        The seed of its configuration.
    family : str
        Of the agent that a user's class is for.

    Raises
    ------
    AgentError
        There is no such model, preset or setting, or a value is out of range.

    Examples
    --------
    >>> model, config = resolve_model("nearest", {"threshold": 100}, Spaces(("0", "1")))
    >>> model.NAME, config.threshold
    ('nearest', 100)
    """
    if is_path(name):
        cls = maker_of(str(name))
        if not is_kind(cls):  # lists become what stays as it is
            settings = {key: tuple(value) if isinstance(value, list) else value for key, value in settings.items()}
        model = cls if is_kind(cls) else wrap_class(cls, str(name), settings, spaces, short_name(name), family)
        if is_kind(cls) and model.NAME in _BUILT_IN:
            raise AgentError(f"expected a name of its own for {name}, got {model.NAME}, which is taken. Rename it.")
    elif not isinstance(name, str) or name not in kinds():
        known, hint = ", ".join(kinds()), nearest(name, kinds())
        raise AgentError(f"expected an agent among {known}, or FILE.py:Class, got {str(name)[:60]!r}.{hint}")
    else:
        model = kinds()[name]
    values = without(settings, "preset")
    preset = settings.get("preset")
    if preset is not None:
        if preset not in model.PRESETS:
            known = ", ".join(model.PRESETS)
            raise AgentError(f"expected a preset of {model.NAME} among {known}, got {str(preset)[:60]!r}.")
        values = {**model.PRESETS[preset], **values}
    check_names(values, without(field_defaults(model.Config), "seed"), f"settings of {model.NAME}")
    return model, model.Config(seed=seed, **values)


def path_to_load(settings: Settings, folder: Path) -> Path | None:
    """Where the agent lies that the run in a folder goes on from; None where it makes a new one."""
    load = settings.load
    if load is False:
        return None
    if load is not True:
        return results.agent_path(settings.folder, str(load))
    for run in (folder, results.before_of(folder)):
        if (run / results.AGENT).is_dir():
            return results.agent_path(settings.folder, str(run))
    runs = ", ".join(run.as_posix() for run in results.list_runs(settings.folder)[: results.MAX_LISTED])
    raise AgentError(f"expected an agent in {folder}, got none. Runs: {runs or 'none'}.")


def _loaded_settings(settings: Settings, folder: Path, kind: str) -> dict[str, Any]:
    """Give the settings of the agent to load, which count where no others are given; none where there is none."""
    try:
        saved = serialization.config_at(path_to_load(settings, folder) or folder).get("settings")
    except AgentError:  # which is said when the run begins
        return {}
    known = agent_defaults(kind) if kind in kinds() else {}
    if is_path(kind):
        known = without({**agent_defaults(kind), **constructor_defaults(maker_of(kind))}, *Spaces().named(0))
    return {name: saved[name] for name in known if name in saved} if isinstance(saved, Mapping) else {}


def agent_choices() -> dict[str, tuple[type[Any], str]]:
    """Name the agents that can be chosen: every preset of every model, the first under the name of the model.

    Examples
    --------
    >>> agent_choices()["reference_design"]
    (<class 'agent.models.state.model.State'>, 'reference design')
    """
    models = [kinds()[name] for name in _BUILT_IN]
    return {
        re.sub(r"\W+", "_", preset) if values else model.NAME: (model, preset)
        for model in models
        for preset, values in model.PRESETS.items()
    }


def preset_choice(preset: str, kind: str | None) -> str:
    """Find the choice that a preset is, of a kind or of any.

    Examples
    --------
    >>> preset_choice("reference design", None), preset_choice("better eyes", "state")
    ('reference_design', 'state')
    """
    choices = agent_choices()
    for name, (model, known) in choices.items():
        if preset == known and (kind not in _BUILT_IN or kind == model.NAME):
            return name
    presets = dict.fromkeys(known for _, known in choices.values())
    raise AgentError(f"expected agent.preset among {', '.join(presets)}, got {preset!r}.{nearest(preset, presets)}")


def field_defaults(config: type) -> dict[str, Any]:
    """Give the defaults of a settings dataclass."""
    fields = dataclasses.fields(config)
    missing = dataclasses.MISSING
    return {
        field.name: field.default if field.default_factory is missing else field.default_factory() for field in fields
    }


def agent_defaults(path: str) -> dict[str, Any]:
    """Name the settings of a kind, or of a user's class that is an agent, and their defaults."""
    if path in kinds():
        return without(field_defaults(kinds()[path].Config), "seed")
    user_class = maker_of(path)
    return without(field_defaults(user_class.Config), "seed") if is_kind(user_class) else class_settings(user_class)


def task_defaults(source: str) -> dict[str, Any]:
    """Name the settings of a task, or of a user's class that is one, and their defaults."""
    if source in SOURCES:
        return field_defaults(SOURCES[source])
    return constructor_defaults(class_of(source)) if is_path(source) and not arrays.is_data(source) else {}


def same_config(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Say whether two runs compute the same; ``other`` with load=true matches whatever the first one began with."""
    first, second = _compared(one, other)
    return first == second


def config_diff(spec: RunSpec) -> str | None:
    """Describe how an earlier run in the same directory differs, as it will be replaced; None where there is none.

    Raises
    ------
    AgentError
        Its config.json cannot be read.
    """
    earlier = results.read_json(spec.folder / results.CONFIG)
    if earlier is None or same_config(earlier, spec.config):
        return None
    before, after = (_flat(config) for config in _compared(earlier, spec.config))
    names = [name for name in {**after, **before} if before.get(name) != after.get(name)]
    changes = [f"{name} {before.get(name, 'none')} → {after.get(name, 'none')}" for name in names[:MAX_DIFFERENCES]]
    more = len(names) - MAX_DIFFERENCES
    return ", ".join([*changes, *([f"{more} more"] if more > 0 else [])])


def short_name(path: object, taken: Container[str] = ()) -> str:
    """Give the last word of a path, which a folder can be called and no built-in choice is.

    Examples
    --------
    >>> short_name("./mine.py:Mean"), short_name("./marks.npz"), short_name("recall")
    ('Mean', 'marks', 'recall')
    >>> short_name("./digits.npz"), short_name("./mine.py:recall"), short_name("./7.npz")
    ('own_digits', 'own_recall', 'own_7')
    """
    text = str(path)
    is_file = arrays.is_data(text) or text.endswith(".yaml")
    if not is_file and not is_path(text):
        return text
    name = re.sub(r"\W+", "_", Path(text).stem if is_file else re.split("[:.]", text)[-1])
    reserved = {*SOURCES, *_BUILT_IN, *agent_choices()}
    is_free = name[:1].isalpha() and name.lower() not in _VALUES and name not in reserved and name not in taken
    name = name if is_free else f"own_{name.lstrip('_')}"
    numbered = itertools.chain([name], (f"{name}_{number}" for number in itertools.count(2)))
    return next(free for free in numbered if free not in taken)


def with_paths(value: Any) -> Any:
    """Put paths in place of classes, functions and objects that code hands over as an agent or a task."""
    if isinstance(value, Mapping) and "kind" in value:
        return {**value, "kind": with_paths(value["kind"])}
    if isinstance(value, Agent):
        kind = f"an agent of the kind {value.kind}"
        raise AgentError(
            f"expected the name of a kind, a path, a class or a model, got {kind}. Save it, and say load=FILE."
        )
    return given_path(value) if is_given(value) else value


def load_agent(folder: str, words: str) -> Agent:
    """Load the agent that a path or words name: that of a run, or one saved by itself."""
    return load_at(results.agent_path(folder, words))


def load_at(path: Path) -> Agent:
    """Load the agent of a folder or a ``.zip``; in the folder of a run its model may be a user's."""
    if path.name == AGENT and (path.parent / CONFIG).is_file():
        return load_run(path.parent)
    return serialization.load(path, LOCAL_FILES)


def load_run(run: Path) -> Agent:
    """Load the agent of a run, also one with a user's model, which the run's settings name.

    AgentError where there is no agent, or no such class any more.
    """
    config = results.read_json(run / CONFIG) or {}
    table = config.get("agent")
    kind = table.get("kind") if isinstance(table, Mapping) else None
    if isinstance(table, Mapping) and is_path(kind):
        saved = results.read_json(run / AGENT / CONFIG) or {}
        labels = (results.read_json(run / RESULT) or saved).get("labels", ["0"])
        settings = without(table, "kind", "name")
        tables = config.get("task")
        family = tasks_for(tables, kind)[1] if isinstance(tables, Mapping) else Pupil.FAMILY
        model, _ = resolve_model(kind, settings, Spaces(tuple(map(str, labels))), config.get("seed", 0), family)
        register(family, model)
    return serialization.load(run / AGENT, LOCAL_FILES)


def _compared(one: Mapping[str, Any], other: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Give the parts of two configurations by which runs are compared."""
    ignored = {*_WITHOUT_EFFECT, *(["load"] if other["load"] is True else [])}
    later = json.loads(json.dumps(field_defaults(Settings)))  # which an earlier version did not write
    first, second = (without({**config, **without(later, *config)}, *ignored) for config in (one, other))
    for config in (first, second):
        tasks, agent = config.get("task"), config.get("agent")
        if isinstance(agent, Mapping) and agent.get("kind") in _BUILT_IN:
            config["agent"] = {**json.loads(json.dumps(agent_defaults(agent["kind"]))), **agent}
        if isinstance(tasks, Mapping) and all(isinstance(table, Mapping) for table in tasks.values()):
            sources = {name: SOURCES.get(str(table.get("source"))) for name, table in tasks.items()}
            config["task"] = {name: _as_now(sources[name], table) for name, table in tasks.items()}
    if first.get("load") is True:  # it went on with its own agent, which is what a run from scratch ends with, too
        first["load"] = False
    return first, second


def _as_now(source: type[Task] | None, table: Mapping[str, Any]) -> dict[str, Any]:
    """Give settings of a task as this version writes them: by their new names, with those that came later."""
    later = field_defaults(source) if source else {}
    return {**json.loads(json.dumps(later)), **with_new_names(source, table)}


def _flat(config: Mapping[str, Any], prefix: str = "") -> dict[str, str]:
    """Flatten settings to their names on the command line and their values as JSON.

    >>> _flat({"agent": {"n_nodes": 300}, "load": False})
    {'agent.n_nodes': '300', 'load': 'false'}
    """
    flat = {}
    for name, value in config.items():
        if isinstance(value, Mapping) and value:
            flat |= _flat(value, f"{prefix}{name}.")
        else:
            flat[f"{prefix}{name}"] = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return flat


def _task_tables(task: TaskSelection) -> dict[str, dict[str, Any]]:
    """Read a selection of tasks: for each name its source and its settings."""
    task = given_path(task) if isinstance(task, type) else task
    selection = [task] if isinstance(task, str) else task
    if isinstance(selection, Mapping):
        tables = {str(name): dict(table or {}) for name, table in selection.items()}
    elif isinstance(selection, Sequence):
        tables = {}
        for name in selection:
            tables[short_name(name, tables)] = {"source": name}
    else:
        tables = {}
    if not tables:
        raise AgentError(f"expected a task, or several, got {str(task)[:40]!r}.")
    return {name: {"source": name, **table} for name, table in tables.items()}


def _family(tasks: Mapping[str, Task]) -> tuple[str, str]:
    """Give the family of agents that tasks are for, and the agent to take where none is named."""
    families = {name: getattr(task, "FAMILY", DRAWINGS) for name, task in tasks.items()}
    family = next(iter(families.values()))
    if set(families.values()) != {family} or (family not in (DRAWINGS, ARRAYS) and len(families) > 1):
        raise AgentError(f"expected tasks of drawings, or one task, got {', '.join(families)}. Run them one by one.")
    return family, getattr(next(iter(tasks.values())), "AGENT", DEFAULT_AGENT)


def _agent_table(agent: object) -> dict[str, Any]:
    """Read which agent is meant: its kind, its settings, and the name of its folder."""
    agent = with_paths(agent)
    if isinstance(agent, str):
        return {"name": short_name(agent), "kind": agent}
    if not isinstance(agent, Mapping) or not isinstance(agent.get("kind"), str):
        raise AgentError(f"expected an agent by its kind, got {str(agent)[:40]!r}.")
    return {"name": short_name(agent["kind"]), **copy.deepcopy(dict(agent))}
