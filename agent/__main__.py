"""The command line, ``python -m agent``, and ``agent.launch`` for code: the only module that prints."""

from __future__ import annotations

import contextlib
import inspect
import multiprocessing
import os
import re
import shlex
import signal
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from agent.errors import AgentError

__version__ = "1.0.0"
USAGE = """python -m agent [task=… agent=… recipe=… NAME=VALUE …]   teach an agent, ask it, keep everything in runs/
python -m agent -m NAME=VALUE,VALUE …                    every combination; what is finished is not run again
python -m agent compare experiment=[NAME,NAME]           tables and pictures of what came out
python -m agent read PICTURE [AGENT]                     what a picture of digits says, line by line
python -m agent teach PICTURE --labels 0123456789        each symbol of a picture becomes a lesson
python -m agent ask AGENT 123 -5 3.5 or PICTURE FOLDER/  what an agent answers; without questions: as you type them
python -m agent evaluate AGENT task=fonts                how much of a task it answers right; nothing is taught
python -m agent show AGENT                               facts, settings and lessons of an agent
python -m agent export AGENT PAGE.html                   an agent as one web page that needs no network
python -m agent layers 8 64 --base 4                     how dense and linearithmic layers are wired, as pictures
python -m agent completion bash                          what lets bash, or zsh, complete the words of pupil
python -m agent deploy OWNER/SPACE                       this project as a Space of your own
python -m agent deploy --static OWNER/SPACE AGENT        the page of an agent as a Space
"""
EXAMPLES = """  python -m agent                                        600 digits, half a minute
  python -m agent lessons=60 seed=3 agent=nearest        sixty digits, the baseline
  python -m agent recipe=forgetting                      hand, print and pen one after another
  python -m agent task=generate label=7                  teach, then draw sevens from memory
  python -m agent task=./marks.npz lessons=null          drawings of your own: arrays drawings and labels
  python -m agent agent=./mine.py:Mine agent.depth=5     a kind of your own: agent/recipes/README.md
  python -m agent -m agent=recall,nearest seed=1,2,3     six runs; hydra/launcher=joblib uses all cores
  python -m agent load='nearest digits 3' agent=nearest  begin with the agent of an earlier run
"""
HEADS = {
    "task": "Tasks: task=…, several as task=[digits,fonts], their settings task.NAME=…",
    "agent": "Agents: agent=…, their settings agent.NAME=…",
    "recipe": "Recipes: recipe=…; your own lie in ./recipe/",
}
FLAGS_HELP = """Flags
  --help               this page; with task=… or agent=… their settings, defaults and ranges; also after a verb
  --version            which version this is
  -m                   runs every combination of values that commas part
  --cfg                shows all settings and runs nothing
  --config-dir FOLDER  looks for tasks, agents and recipes there too

What stands on the command line wins over code, code over recipes, recipes over defaults."""
STOPS = [getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)]
_stopped: list[int] = []  # in a worker of a sweep: whether it is to begin no more runs
COUNTS = {"n_lessons": "lessons", "n_test": "asked"}
SHARES = ("accuracy", "precision", "recall", "f1", "prequential", "unsure")
ALSO = {"--multirun": "-m", "-h": "--help", "help": "--help", "-V": "--version", "version": "--version"}
FLAGS = ("-m", "--multirun", "-h", "--help", "--version", "--cfg", "--config-dir")
SIGN_IN = re.compile(r"(, or s|, then s|[.] S)ign in( again| with Hugging Face, or give your token, first)?")
COMPARE_HELP = """python -m agent compare NAME=VALUE …

  experiment=[A,B]  finished runs of these experiments, and of sweeps below them; all by default
  agent=[A,B]       of these agents
  task=[A,B]        of these tasks
  folder=runs       where runs lie
  to=runs/compare   where tables and pictures are written"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Do what the command line says; gives the exit code: 2 for a mistake that is named."""
    given = sys.argv[1:] if arguments is None else arguments  # zsh and sh leave the ~ of name=~/file
    words = [re.sub("(?<![^=])~(?=/)", lambda _: str(Path.home()), word) for word in given]
    verb = VERBS.get(words[0]) if words else None
    try:
        with _signals(signal.default_int_handler, {}):
            return verb(words[1:]) if verb else _run(words)
    except AgentError as error:
        here = SIGN_IN.sub(r"\1et HF_TOKEN or run hf auth login", str(error))  # there is no page where one signs in
        print(f"agent: {here}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("\nagent: stopped. The same command goes on where the agent was saved last.", file=sys.stderr)
        return 130
    except BrokenPipeError:  # whoever reads the lines has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except OSError as error:
        print(f"agent: {_refused(error)}", file=sys.stderr)
        return 2


def launch(arguments: Sequence[str] | str | None = None, /, **settings: Any) -> Any:
    """Run what the settings say, as the command line does: words of the command line win over them.

    Parameters
    ----------
    arguments : sequence of str or str, optional
        Words of a command line. In a script that calls this itself they are those it was started with.
    **settings
        As on the command line: ``task="digits"``, ``agent="nearest"`` or ``agent={"kind": "recall", "n_nodes": 60}``,
        ``lessons=60``, ``metrics={"gap": "accuracy - f1"}``; ``agent`` may be a class, a function or an object, too.

    Returns
    -------
    agent.experiments.Result
        What came out.

    Raises
    ------
    AgentError
        As the command line says it; a script that took its words from there prints it and exits with 2.
    """
    frame = inspect.currentframe()  # only a script's own top-level module may stand for its command line
    caller = frame.f_back.f_globals if frame is not None and frame.f_back is not None else {}
    is_script = arguments is None and caller.get("__name__") == "__main__" and "__file__" in caller
    try:
        from agent import cli

        given = shlex.split(arguments) if isinstance(arguments, str) else arguments
        words = sys.argv[1:] if is_script else list(given or ())
        return _watched(cli.resolved(cli.composed(cli.merged(settings, words))))
    except AgentError as error:
        if not is_script:
            raise
        print(f"agent: {error}", file=sys.stderr)
        sys.exit(2)


def job(config: Any) -> Any:
    """Do one run of a sweep: its result, or the sentence that says why there is none."""
    from agent import cli

    place, is_worker = "a run of the sweep", multiprocessing.current_process().name != "MainProcess"
    for number in STOPS if is_worker and not _stopped else ():
        signal.signal(number, lambda *_: _stopped.append(1))
    try:
        if _stopped:
            raise KeyboardInterrupt
        spec = cli.resolved(config)
        place = spec.folder.as_posix()
        in_terminal = sys.stderr.isatty() and not is_worker and cli.n_runs
        if in_terminal:
            print(f"{cli.HydraConfig.get().job.num + 1} of {cli.n_runs}: {place}", file=sys.stderr)
        result = _watched(spec, bar=bool(in_terminal))
    except (AgentError, OSError) as error:
        return AgentError(f"{place}: {error if isinstance(error, AgentError) else _refused(error)}")
    except KeyboardInterrupt:
        if not is_worker:
            raise
        _stopped.append(1)  # the other runs that this worker would begin, too
        return None
    print(f"{result.folder}: {_well(result.scores)}{' (was there)' if result.cached else ''}", file=sys.stderr)
    return result


def _refused(error: OSError) -> str:
    """Say what the system refuses: a name that is too long, a disk that is full, a folder of somebody else's."""
    where = f" at {str(error.filename)[:80]}" if error.filename else ""
    return f"expected a file or folder that can be used, got none{where}: {error.strerror or error}."


def _run(words: list[str]) -> int:
    flags = _flags(words)
    if "--help" in flags:
        print(page(words))
        return 0
    if "--version" in flags:
        print(f"pupil {__version__}")
        return 0
    from agent import cli

    if "--cfg" in flags:
        print(cli.text_of(cli.composed(words, flags.get("--config-dir"))), end="")
    elif "-m" in flags:
        from agent.__main__ import job as importable

        has_workers = any(word.startswith("hydra/launcher=") and "basic" not in word for word in words)
        with _patient() if has_workers else contextlib.nullcontext():
            done = cli.sweep(words, importable, flags.get("--config-dir"))
        if None in done:  # a worker alone was stopped
            raise KeyboardInterrupt
        wrong = [result for result in done if isinstance(result, AgentError)]
        print(table([result for result in done if not isinstance(result, AgentError)]))
        for error in wrong:
            print(f"agent: {error}", file=sys.stderr)
        return 2 if wrong else 0
    else:
        result = _watched(cli.resolved(cli.composed(words, flags.get("--config-dir"))))
        print(table([result]))
        print(_afterwards(result))
    return 0


@contextlib.contextmanager
def _signals(handler: Callable[[int, Any], Any], before: dict[int, Any]) -> Iterator[None]:
    """Hear what stops a program; the handlers that were there go into ``before``, and are put back in the end."""
    try:
        with contextlib.suppress(ValueError):  # not the main thread
            for number in STOPS:
                if number == signal.SIGINT or signal.getsignal(number) is not signal.SIG_IGN:  # nohup, which is meant
                    before[number] = signal.signal(number, handler)
        yield
    finally:
        _put_back(before)


def _put_back(handlers: Mapping[int, Any]) -> None:
    for number, handler in handlers.items():
        signal.signal(number, handler)


@contextlib.contextmanager
def _patient() -> Iterator[None]:
    """Let workers save their runs before this process stops; a second signal stops at once.

    Ctrl-C reaches them from the terminal; what is sent to this process alone is passed on.
    """
    heard: list[int] = []
    before: dict[int, Any] = {}

    def hear(number: int, _: object) -> None:
        heard.append(number)
        _put_back(before)
        for worker in multiprocessing.active_children() if number != signal.SIGINT else ():
            with contextlib.suppress(OSError, TypeError):  # it has ended, or has not begun
                os.kill(worker.pid, signal.SIGINT)  # type: ignore[arg-type]

    try:
        with _signals(hear, before):
            yield
    except Exception as error:
        if not heard:
            raise
        print(f"\nagent: while it was stopping, {type(error).__name__}: {str(error)[:500]}", file=sys.stderr)
    if heard:
        raise KeyboardInterrupt


def _flags(words: list[str]) -> dict[str, str]:
    """Take the flags out of the words."""
    flags: dict[str, str] = {}
    given = iter(words.copy())
    words.clear()
    for word in given:
        name = ALSO.get(word, word)
        if not name.startswith("-"):
            words.append(word)
        elif name not in FLAGS:
            raise AgentError(
                f"expected a flag among {', '.join(FLAGS)}, got {word[:40]}. Settings have none: name=value."
            )
        else:
            flags[name] = next(given, "") if name == "--config-dir" else name
    if flags.get("--config-dir") == "":
        raise AgentError("expected a folder after --config-dir, got none.")
    if "--cfg" in flags and "job" in words:  # as Hydra's commands have it
        words.remove("job")
    return flags


def _watched(spec: Any, bar: bool = True) -> Any:
    """Do one run with a bar that shows how far it is; the first Ctrl-C or SIGTERM stops it between two steps, saved."""
    from agent.experiments import config_diff, iter_run_spec, prepare

    prepared = _compile_first(spec.family, partial(prepare, spec))
    difference = config_diff(spec)
    steps, stopped, last = iter_run_spec(spec, prepared), [], None
    before: dict[int, Any] = {}

    def stop(*_: object) -> None:
        stopped.append(1)
        _put_back(before)

    try:
        with _signals(stop, before):
            if _stopped:  # while this was prepared, in a process of a sweep
                raise KeyboardInterrupt
            while True:
                step = next(steps)
                if difference is not None:
                    print(f"replaces an earlier run of other settings: {difference}", file=sys.stderr)
                    difference = None
                last = step if stopped or not bar else _show(step, last)
                if stopped:
                    raise KeyboardInterrupt
    except StopIteration as done:
        if stopped:  # in its last moment: it is finished, those after it are not begun
            raise KeyboardInterrupt from None
        return done.value
    finally:
        steps.close()  # which saves, also where a line could not be printed
        if bar and last is not None and sys.stderr.isatty():
            print(file=sys.stderr)


def _compile_first(family: str, prepare: Callable[[], Any] = lambda: None) -> Any:
    """Compile what a family needs, where this machine has not done so before, and say so: it is no time of teaching.

    Meanwhile a run is prepared and returned, so what it refuses is refused before anybody waits; None where nothing is
    to be compiled.
    """
    from agent import kernels
    from agent.models import precompile

    processes, begun = precompile.start(family), time.monotonic()
    if not processes:
        return None
    announced: list[str] = []

    def say() -> None:
        if not announced:
            announced.append("compiling for this machine, once: half a minute or more …")
            print(announced[0], end="", file=sys.stderr, flush=True)
            precompile.wait_for_first(processes)  # it compiles what preparing needs

    try:
        with kernels.before_compiling(say):
            prepared = prepare()
        say()
        precompile.finish(family, processes)
    except BaseException:
        precompile.abandon(processes)
        if announced:
            print("\r\x1b[K" if sys.stderr.isatty() else "\n", end="", file=sys.stderr, flush=True)
        raise
    print(f" done after {time.monotonic() - begun:.0f} s", file=sys.stderr, flush=True)
    return prepared


def _show(step: Any, last: Any) -> Any:
    """Show a step: as a bar where a person looks, else a line when something is done."""
    well = "" if step.accuracy is None else f"  {_percent(step.accuracy)} right"
    well = well if step.error is None else f"  error {step.error:.4g}"
    count = f"{step.n_done:,} of {step.n_total:,}{well}"
    if step.squared_error is not None:  # of numbers there are few steps, each worth a line
        line = "".join(f"  {name} {value:.9g}" for name, value in zip("wb", step.line or (), strict=False))
        print(f"{step.what:9} {count}  mse {step.squared_error:.4g}{line}", file=sys.stderr, flush=True)
        return None
    if sys.stderr.isatty():
        begin = "\n" if last is not None and last.what != step.what else "\r"
        full = round(30 * step.n_done / step.n_total)
        print(f"{begin}{step.what:9} {'█' * full}{'░' * (30 - full)} {count:32}", end="", file=sys.stderr, flush=True)
    elif step.n_done == step.n_total:
        print(f"{step.what:9} {count}", file=sys.stderr, flush=True)
    return step


def table(results: Sequence[Any]) -> str:
    """Lay results out, a line each: shares in per cent, other numbers with four digits."""
    rows = []
    for result in results:
        config, scores = result.config, result.scores
        row = {"experiment": config["experiment"], "agent": config["agent"]["name"], "task": "+".join(config["task"])}
        row |= {"seed": f"{config['seed']}"}
        row |= {head: f"{scores[name]:,}" for name, head in COUNTS.items() if name in scores}
        for name, value in scores.items():
            if name in SHARES and name not in config["metrics"]:
                row[name] = _percent(value)
            elif name in config["metrics"] or (name not in (*COUNTS, "n_known") and type(value) in (int, float)):
                row[name] = "–" if value is None else f"{value:.4g}"
        rows.append(row)
    names = list(dict.fromkeys(name for row in rows for name in row))
    widths = [max(len(name), *(len(row.get(name, "")) for row in rows)) for name in names] if rows else []
    lines = [[f"{name:>{width}}" for name, width in zip(names, widths, strict=True)]]
    lines += [[f"{row.get(name, ''):>{width}}" for name, width in zip(names, widths, strict=True)] for row in rows]
    return "\n".join("  ".join(line) for line in lines)


def _afterwards(result: Any) -> str:
    """Say what else there is to see."""
    lines = []
    for row in result.scores.get("forgetting", []):
        shares = "  ".join(f"{name} {_percent(row[name])}" for name in result.config["task"])
        lines.append(f"after {row['after']}: {shares}")
    for number, answer in result.scores.get("answers", {}).items():
        outside = "  (outside of what it was shown)" if number in result.scores["extrapolated"] else ""
        lines.append(f"{number:>12} → {'unsure' if answer is None else answer}{outside}")
    was = " (finished before; again=true runs it anew)" if result.cached else ""
    return "\n".join([*lines, f"{result.folder}{was}"])


def page(words: Sequence[str] = ()) -> str:
    """Write the page of help: every task, agent and recipe, and all their settings; or of those that words choose."""
    from agent.experiments.config import Settings, agent_choices
    from agent.tasks import SOURCES
    from agent.validation import settings_of

    choices: dict[str, dict[str, tuple[str, Any]]] = {"task": {}, "agent": {}, "recipe": {}}
    for name, source in sorted(SOURCES.items()):
        choices["task"][name] = source.SUMMARY, settings_of(source)
    for name, (model, preset) in sorted(agent_choices().items()):
        described = model.SUMMARY, [field for field in settings_of(model.Config) if field.name != "seed"]
        choices["agent"][name] = described if name == model.NAME else (f"{model.NAME}, preset {preset}", ())
    named = {name: value.strip("[]").split(",") for name, _, value in (word.partition("=") for word in words)}
    if any(group in named for group in choices):
        return "\n".join(_details(group, name, choices[group]) for group in choices for name in named.get(group, ()))
    parts = ["Pupil: a weightless agent that learns digits, or any symbol, from drawings.\n", USAGE, EXAMPLES]
    for group, described in choices.items():
        parts.append(HEADS[group])
        for name, (text, settings) in {**described, **_from_files(group)}.items():
            parts.append(f"  {name:28} {text}")
            parts += [f"    {f'{group}.{field.name}':23} {field.about}" for field in settings]
        parts.append("")
    parts += ["Settings", *(f"  {field.name:12} {field.about}" for field in settings_of(Settings)), "", FLAGS_HELP]
    return "\n".join(parts)


def _details(group: str, name: str, choices: Mapping[str, tuple[str, Any]]) -> str:
    """Describe one choice: each setting with its default, what it does, and its range."""
    from agent.experiments.config import agent_defaults, task_defaults
    from agent.user_code import is_path, maker_of
    from agent.validation import check_choice

    if is_path(name) and (group == "agent" or ".py:" in name):
        lines = [f"{group}={name}: {(inspect.getdoc(maker_of(name)) or 'your own').splitlines()[0]}"]
        defaults = (agent_defaults if group == "agent" else task_defaults)(name)
        return "\n".join([*lines, *(f"  {group}.{key}={value}" for key, value in defaults.items())])
    text, settings = {**choices, **_from_files(group)}[check_choice(group, name, {**choices, **_from_files(group)})]
    lines = [f"{group}={name}: {text}"]
    for field in settings:
        value = f"{group}.{field.name}={str(field.default).lower() if type(field.default) is bool else field.default}"
        lines.append(f"  {value:32} {field.about}{f' ({field.range})' if field.range else ''}")
    return "\n".join(lines)


def _from_files(group: str) -> dict[str, tuple[str, Any]]:
    """Describe the recipes of Pupil, and the choices in files of the current folder, by their first remark."""
    from agent.experiments.config import RECIPES

    described: dict[str, tuple[str, Any]] = {}
    for file in (*sorted(RECIPES.glob(f"{group}/*.yaml")), *sorted(Path(group).glob("*.yaml"))):
        remark = re.search("^# (?!@)(.+)$", file.read_text(encoding="utf-8"), re.M)
        described.setdefault(file.stem, (remark[1].rstrip(".") if remark else "your own", ()))
    return described


def _well(scores: Mapping[str, Any]) -> str:
    """Say in a word how well a run went."""
    if "accuracy" in scores:
        return _percent(scores["accuracy"])
    return "no answers" if scores["error"] is None else f"error {scores['error']:.4g}"


def _percent(share: float | None) -> str:
    return "–" if share is None else f"{100 * share:.2f} %"


def _compare(words: Sequence[str]) -> int:
    from agent.errors import nearest
    from agent.experiments.compare import WORDS, compare, markdown, table

    if not {"-h", "--help"}.isdisjoint(words):
        print(COMPARE_HELP)
        return 0
    given: dict[str, Any] = {}
    for word in words:
        name, _, value = word.partition("=")
        if name not in WORDS or not value:
            raise AgentError(f"expected compare NAME=VALUE of {', '.join(WORDS)}, got {word}.{nearest(name, WORDS)}")
        parts = [part.strip(" '\"") for part in value.strip("[]").split(",")]
        given[name] = value if name in ("folder", "to") else [part for part in parts if part]
    where, groups, left_out = compare(**given)
    for sentence in left_out:
        print(f"agent: left out: {sentence}", file=sys.stderr)
    print(f"{markdown(table(groups))}\n{where}")
    return 0


def _saved(name: str) -> Callable[[Sequence[str]], int]:
    """Make the verb of `agent.verbs` of this name: what it gives is printed or shown; 2 where something was refused."""

    def verb(words: Sequence[str]) -> int:
        from agent import verbs

        code, last = 0, None
        for step in getattr(verbs, name)(words, _compile_first):
            if not isinstance(step, (str, AgentError)):
                last = _show(step, last)
                continue
            if last is not None and sys.stderr.isatty():
                print(file=sys.stderr)
            last = None
            if isinstance(step, AgentError):
                code = 2
                print(f"agent: {step}", file=sys.stderr, flush=True)
            else:
                print(step, flush=True)
        return code

    return verb


SAVED = ("read", "teach", "ask", "evaluate", "show", "export", "deploy", "layers", "completion")
VERBS = {"compare": _compare, **{name: _saved(name) for name in SAVED}}

if __name__ == "__main__":
    sys.exit(main())
