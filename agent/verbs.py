"""Verbs of the command line that a saved agent takes: they give lines to print, progress to show, or what is wrong."""

from __future__ import annotations

import argparse
import dataclasses
import itertools
import re
import sys
from collections.abc import Callable, Iterator, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any, NoReturn

import numpy as np

from agent import charts, decimals
from agent.agents import FAMILIES, STARTERS, Agent, Classifier, Pupil, Regressor, kinds, new
from agent.agents.base import is_repo_id
from agent.datasets import arrays
from agent.errors import AgentError, nearest
from agent.experiments import results
from agent.experiments.config import RECIPES, Settings, agent_choices, load_agent
from agent.lessons import Bulk
from agent.models import Guess
from agent.models.frames.layers import Layer
from agent.progress import Progress
from agent.storage.serialization import config_at
from agent.tasks import SOURCES, as_arrays
from agent.validation import check_whole, settings_of

Steps = Iterator[str | Progress | AgentError]
Prepare = Callable[[str], None]  # compiles what a family needs
FOLDER = "runs"  # where runs are looked for by words
NAMED = "the folder of a run or words that name it, a folder, a .zip, OWNER/NAME, or a starter"
ASKED = ("task", "n_test", "seed")
VERBS = ("ask", "compare", "completion", "deploy", "evaluate", "export", "layers", "read", "show", "teach")
FLAGS = ("--help", "--version", "--cfg", "--config-dir", "-m")
MAX_DRAWN = 256  # numbers of a layer that is drawn
MAX_QUESTIONS = 100_000  # files in a folder of questions
ZSH = "autoload -U +X compinit && compinit; autoload -U +X bashcompinit && bashcompinit\n"
COMPLETION = """_pupil() {{
  local word="${{COMP_LINE:0:$COMP_POINT}}"
  word="${{word##* }}"
  COMPREPLY=($(compgen -W "{words}" -- "$word"))
  if [[ "$COMP_WORDBREAKS" == *=* && "$word" == *=* ]]; then
    COMPREPLY=("${{COMPREPLY[@]#"${{word%"${{word##*=}}"}}"}}")
  fi
}}
complete -o nospace -o default -F _pupil pupil"""
TASKS = {"drawings": "digits", "numbers": "copy"}  # asked by families, where no task is named


class Parser(argparse.ArgumentParser):
    """Parser of a verb's words, whose mistakes are AgentErrors."""

    def __init__(self, verb: str, description: str) -> None:
        super().__init__(prog=f"python -m agent {verb}", description=description)

    def error(self, message: str) -> NoReturn:
        """Refuse words."""
        raise AgentError(f"expected what {self.prog} takes, got other or fewer words: {message}. Add --help to see it.")


def read(words: Sequence[str], prepare: Prepare) -> Steps:
    """Read a page of digits."""
    from agent.segmentation import text_of

    parser = Parser("read", "read the digits in a picture")
    parser.add_argument("picture", help="a file: a photo of a page, a scan, a drawing")
    parser.add_argument("agent", nargs="?", default="everyday", help=NAMED)
    options = parser.parse_args(words)
    picture = arrays.opened(options.picture)
    readings = _pupil(options.agent, prepare).read(picture)
    if not readings:
        raise AgentError(f"expected a picture with ink, got a blank one at {options.picture}.")
    yield text_of(readings)


def teach(words: Sequence[str], prepare: Prepare) -> Steps:
    """Teach the symbols of a page, and save the agent."""
    from agent.segmentation import text_of
    from agent.storage.serialization import save

    parser = Parser("teach", "teach the symbols in a picture")
    parser.add_argument("picture", help="a file: a photo of a page, a scan, a drawing")
    parser.add_argument("agent", nargs="?", help="as for read; an agent that knows nothing otherwise")
    parser.add_argument("--labels", required=True, help="of the symbols, line by line: 0123, or with commas A,B,10")
    parser.add_argument("--to", help="where the agent is saved; over the file of AGENT, else PICTURE.zip")
    options = parser.parse_args(words)
    labels = options.labels.split(",") if "," in options.labels else [*"".join(options.labels.split())]
    pupil = _pupil(options.agent, prepare)
    readings = pupil.read(arrays.opened(options.picture))
    if len(labels) != len(readings):
        raise AgentError(
            f"expected {len(readings)} labels, one for each symbol found, got {len(labels)}. "
            f"They are read as {text_of(readings)!r}."
        )
    for reading, label in zip(readings, labels, strict=True):
        pupil.learn_one(reading.drawing, label)
    n_known = sum(reading.guess.label == label for reading, label in zip(readings, labels, strict=True))
    is_file = options.agent is not None and Path(options.agent).exists()
    path = save(pupil, options.to or (options.agent if is_file else Path(options.picture).with_suffix(".zip")))
    yield f"learned {len(labels)} lessons, {n_known} of them known before: {path}"


def export(words: Sequence[str], prepare: Prepare) -> Steps:
    """Write an agent as one web page."""
    from agent.export import LANGUAGES, export_html

    parser = Parser("export", "write an agent of kind recall or nearest as one web page that needs no network")
    parser.add_argument("agent", help=NAMED)
    parser.add_argument("page", help="the .html file")
    parser.add_argument("--language", default="en", help=f"of the page: {' or '.join(LANGUAGES)}")
    parser.add_argument("--drawings", action="store_true", help="lessons that people drew go along")
    options = parser.parse_args(words)
    pupil = _pupil(options.agent, prepare)
    path = export_html(pupil, options.page, options.language, drawings=options.drawings)
    yield f"{path}: {path.stat().st_size:,} bytes"


def deploy(words: Sequence[str], prepare: Prepare) -> Steps:
    """Upload this project, or the page of an agent, as a Space."""
    from agent import hub
    from agent.export import LANGUAGES, to_html

    parser = Parser("deploy", "upload this project as a Space, or an agent as a page without a server")
    parser.add_argument(
        "--static", action="store_true", help="the page of an agent of kind recall or nearest, as export writes it"
    )
    parser.add_argument("space", help="OWNER/NAME; made where there is none")
    parser.add_argument("agent", nargs="?", help=f"with --static: {NAMED}; everyday otherwise")
    parser.add_argument("--language", default="en", help=f"with --static: {' or '.join(LANGUAGES)}")
    parser.add_argument("--drawings", action="store_true", help="with --static: lessons that people drew go along")
    parser.add_argument("--hardware", help="without --static: such as cpu-upgrade; the Hub's own choice otherwise")
    parser.add_argument("--token", help="with the right to write; HF_TOKEN or that of hf auth login otherwise")
    options, project = parser.parse_args(words), Path(__file__).resolve().parents[1]
    if options.agent and not options.static:
        raise AgentError(f"expected an agent with --static alone, got {options.agent}. Say deploy --static.")
    if not options.static and not (project / "app.py").is_file():
        raise AgentError(f"expected the project to upload, with its app.py, got {project}. Start this in the project.")
    token = options.token or hub.own_token()
    if not token:
        raise AgentError("expected a token with the right to write, got none. Say --token=hf_…, or set HF_TOKEN.")
    if not options.static:
        yield hub.deploy(project, options.space, token, options.hardware)
        return
    pupil = _pupil(options.agent or "everyday", prepare)
    page = to_html(pupil, options.language, drawings=options.drawings)
    yield hub.deploy_page(page, pupil.name, options.space, token)


def ask(words: Sequence[str], prepare: Prepare) -> Steps:
    """Ask numbers or drawings; without any, those that somebody types."""
    parser = Parser("ask", "ask an agent numbers, or drawings in files and folders; nothing is taught")
    parser.add_argument("agent", help=NAMED)
    parser.add_argument(
        "questions", nargs="*", default=[], help="123 -5 3.5, or drawing.png folder/; none: as you type them"
    )
    is_help = not {"-h", "--help"}.isdisjoint(words)
    options = parser.parse_args(words if is_help else [*words[:1], "--", *words[1:]])  # -1e5 is no flag
    agent, _ = loaded(options.agent, prepare)
    if not isinstance(agent, (Pupil, Regressor, Classifier)):
        raise AgentError(f"expected an agent of drawings or numbers to ask, got {agent.kind}, one of {agent.FAMILY}.")
    if options.questions:
        yield from _answers(agent, options.questions)
        return
    for line in _typed():
        try:
            yield from _answers(agent, [line])
        except AgentError as error:
            yield error


def evaluate(words: Sequence[str], prepare: Prepare) -> Steps:
    """Test an agent on what a task keeps apart, and teach it nothing."""
    from agent import cli
    from agent.experiments import resolve
    from agent.experiments.curriculum import test_drawings
    from agent.training import evaluate as testing

    parser = Parser("evaluate", "test an agent on what tasks keep apart; nothing is taught")
    parser.add_argument("agent", help=NAMED)
    help_ = "task=…, task.NAME=…, n_test=…, seed=…; the task and the seed of the run where there is one"
    parser.add_argument("settings", nargs="*", default=[], metavar="NAME=VALUE", help=help_)
    options = parser.parse_args(words)
    for word in options.settings:
        name = re.split(r"[.=@/]", word.lstrip("+~"))[0]
        if name not in ASKED:
            raise AgentError(f"expected evaluate with {'=…, '.join(ASKED)}=…, got {name[:40]}.{nearest(name, ASKED)}")
    agent, run = loaded(options.agent, prepare)
    earlier = (results.read_json(run / results.CONFIG) or {}) if run else {}
    has_task = any(word.startswith("task") for word in options.settings)
    own_task = [] if has_task else [f"task={TASKS.get(agent.FAMILY, TASKS[Pupil.FAMILY])}"]
    if agent.FAMILY not in TASKS and not isinstance(agent, Classifier):
        raise AgentError(f"expected an agent of drawings or numbers, got {agent.kind}, which learns as it watches.")
    given = cli.keywords(cli.composed([*own_task, *options.settings]))
    given = {name: given[name] for name in ASKED}
    if own_task and isinstance(earlier.get("task"), dict):
        given["task"] = earlier["task"]
    if isinstance(earlier.get("seed"), int) and not any(word.startswith("seed") for word in options.settings):
        given["seed"] = earlier["seed"]
    spec = resolve(**given, agent=earlier.get("agent") if isinstance(agent, Classifier) else None)
    if spec.family != agent.FAMILY:
        names = "+".join(spec.tasks)
        raise AgentError(f"expected a task for agents of {agent.FAMILY}, got {names}, one for agents of {spec.family}.")
    if isinstance(agent, Regressor):
        for name, task in spec.tasks.items():
            answers = agent.predict_many(task.test(None, spec.settings.seed).tolist())
            errors = [abs(float(answer.error)) for answer in answers if answer.error is not None]
            error = f"{sum(errors) / len(errors):.4g}" if errors else "–"
            yield f"{name}: mean absolute error {error}, {len(answers):,} asked, {len(answers) - len(errors):,} unsure"
        return
    for name, test in test_drawings(spec.tasks, spec.settings).items():
        for seen in testing(agent, test):
            yield Progress(seen.n_done, seen.n_total, "testing", seen.accuracy)
        yield f"{name}: {100 * seen.accuracy:.2f} % right, {seen.n_done:,} asked, {seen.n_unsure:,} unsure"


def show(words: Sequence[str], prepare: Prepare) -> Steps:
    """Tell what an agent is: facts, settings and lessons."""
    parser = Parser("show", "tell what an agent is: facts, settings, lessons")
    parser.add_argument("agent", nargs="+", help=NAMED)
    agent, run = loaded(" ".join(parser.parse_args(words).agent), prepare)
    facts = {"name": agent.name, "kind": f"{agent.kind}, an agent of {agent.FAMILY}"}
    facts |= {"run": run.as_posix()} if run else {}
    facts |= {"lessons": f"{agent.n_lessons:,}"}
    facts |= {"labels": " ".join(agent.labels) or "none yet"} if isinstance(agent, (Pupil, Classifier)) else {}
    facts |= {"memory": f"{agent.n_bytes:,} bytes"} | dict(agent.model.stats())
    facts |= {"from": ", ".join(agent.lineage.line)} if agent.lineage.line else {}
    yield from (f"{name:15} {value}" for name, value in facts.items())
    yield "\nsettings"
    values = dataclasses.asdict(agent.model.config)
    about = {field.name: field.about for field in settings_of(agent.model.config)}
    yield from (f"  agent.{name:20} {str(value):12} {about[name]}".rstrip() for name, value in values.items())
    yield "\nlessons"
    yield from (f"  {line}" for line in _lessons(agent))


def layers(words: Sequence[str], prepare: Prepare) -> Steps:
    """Draw how layers are wired: a dense and a linearithmic one of each size."""
    parser = Parser("layers", "draw how dense and linearithmic layers of these sizes are wired, a line for each weight")
    parser.add_argument("sizes", nargs="+", metavar="SIZE", help=f"numbers of a layer, 2 to {MAX_DRAWN}: 8 64")
    parser.add_argument("--base", default="4", help="numbers that a linearithmic sub-layer mixes at once")
    parser.add_argument("--to", default=".", help="the folder of the pictures")
    options = parser.parse_args(words)
    sizes = [check_whole("the size of a layer", _whole(size), 2, MAX_DRAWN) for size in options.sizes]
    for layer in [Layer(size, size, _whole(options.base)) for size in sizes]:
        size = layer.n_in
        kinds = {"dense": [np.stack(np.indices((size, size))).reshape(2, -1)], "linearithmic": layer.connections()}
        for kind, pairs in kinds.items():
            path = Path(options.to, f"{kind}_{size}.svg")
            n_weights = sum(both.shape[1] for both in pairs)
            results.write_file(path, charts.wires(pairs, size, f"{size} numbers, {kind}: {n_weights:,} weights"))
            yield f"{path}: {n_weights:,} weights"


def completion(words: Sequence[str], prepare: Prepare) -> Steps:
    """Give what makes a shell complete the command's words."""
    parser = Parser("completion", "print what lets a shell complete the words of pupil")
    parser.add_argument("shell", choices=("bash", "zsh"), help='then: eval "$(pupil completion bash)"')
    begin = ZSH if parser.parse_args(words).shell == "zsh" else ""
    configs = [("task", source) for source in SOURCES.values()]
    configs += [("agent", model.Config) for model in kinds().values()]
    known = [f"{group}.{field.name}=" for group, config in configs for field in settings_of(config)]
    for field in settings_of(Settings):
        values = ("true", "false") if field.types == ("bool",) else field.choices or ("",)
        known += [f"{field.name}={value}" for value in values]
    recipes = sorted(path.stem for path in RECIPES.glob("recipe/*.yaml"))
    choices = {"task": SOURCES, "agent": agent_choices(), "recipe": recipes}
    known += [f"{group}={name}" for group, names in choices.items() for name in names]
    yield begin + COMPLETION.format(words=" ".join([*VERBS, *FLAGS, *dict.fromkeys(known)]))


def loaded(name: str, prepare: Prepare) -> tuple[Agent, Path | None]:
    """Load an agent by where it is, by words that name its run, or by a starter; and give the folder of its run."""
    path, run, is_there = Path(name), None, Path(name).exists()
    if name in STARTERS and not is_there:
        prepare(Pupil.FAMILY)
        return new("recall", starter=name), None
    if not is_there and path.suffix != ".zip" and not is_repo_id(name):
        path = run = results.find_run(FOLDER, name)
    elif (path / results.AGENT).is_dir():
        run = path
    elif path.is_dir() and not (path / results.CONFIG).is_file():
        raise AgentError(f"expected the folder of a run or of an agent, got {name!r}, which is none.")
    kind = str(config_at(path if run is None else path / results.AGENT).get("kind"))
    prepare(next((name for name, family in FAMILIES.items() if kind in family.MODELS), Pupil.FAMILY))
    if run is not None or (path / results.CONFIG).is_file():
        return load_agent(FOLDER, str(path)), run
    from agent import hub

    is_file = is_there or path.suffix.lower() == ".zip"
    return hub.load(name) if is_file else hub.pull(name, token=hub.own_token()), None


def _pupil(name: str | None, prepare: Prepare) -> Pupil:
    """Load an agent that learns drawings; a new one where none is named."""
    if name is None:
        prepare(Pupil.FAMILY)
    agent = new("recall") if name is None else loaded(name, prepare)[0]
    if not isinstance(agent, Pupil):
        raise AgentError(f"expected an agent that learns drawings, got {agent.kind} at {name}.")
    return agent


def _answers(agent: Pupil | Regressor, questions: Sequence[str]) -> Iterator[str]:
    """Answer all questions, or none where one of them is wrong: a line each."""
    if isinstance(agent, Regressor):
        for question, answer in zip(questions, agent.predict_many(questions), strict=True):
            value = f"unsure: {answer.because}" if answer.value is None else _short(answer.value)
            yield f"{question} → {value}{'  (outside of what it was shown)' if answer.extrapolated else ''}"
        return
    if isinstance(agent, Classifier) or any(arrays.is_data(name) and not Path(name).is_dir() for name in questions):
        for question in questions:
            yield from _answers_of_rows(agent, question)
        return
    files = [file for question in questions for file in _files(Path(question))]
    for file, guess in zip(files, agent.predict_many(map(arrays.opened, files)), strict=True):
        yield f"{file} → {_described(guess)}"


def _answers_of_rows(agent: Pupil | Classifier, name: str) -> Iterator[str]:
    """Answer every input in a file of data, or a picture: a line each."""
    data = arrays.read(name) if arrays.is_data(name) else None
    parts: list[Any] = [] if data else [arrays.pixels(arrays.opened(name, decode=True))[None]]
    if data and isinstance(agent, Classifier):
        parts = [as_arrays(part, name).drawings for part in data if part]
    elif data:
        scale = arrays.scale_of(data.train.inputs)
        parts = [arrays.as_pictures(part.inputs, name, scale) for part in data if part]
    numbers = itertools.count(1)
    for part in parts:
        for guess in agent.predict_many(part):
            yield f"{name}{f', {next(numbers)}' if data else ''} → {_described(guess)}"


def _described(guess: Guess) -> str:
    if guess.label is None:
        return "unsure"
    share = f"{100 * guess.confidence:.0f} % ahead of the second"
    return f"{guess.label}  ({'unsure: unlike all it remembers' if guess.unfamiliar else share})"


def _whole(text: str) -> int | str:
    return int(text) if text.isdecimal() else text


def _short(value: Decimal) -> str:
    """Write a number with as many digits as tell it from other doubles; with all it has where it is whole or none."""
    number = float(value)
    is_double = Decimal(number) == value and value != value.to_integral_value()
    return decimals.plain(Decimal(repr(number)) if is_double else value)


def _files(path: Path) -> list[Path]:
    """Give a file, or the pictures of a folder and of those in it."""
    if not path.is_dir():
        return [path]
    files = arrays.pictures_in(path, "**/*", MAX_QUESTIONS)
    if not files:
        raise AgentError(f"expected pictures in {path}, got none that ends in {' '.join(arrays.PICTURES)}.")
    return files


def _typed() -> Iterator[str]:
    """Give what somebody types, line by line, until an empty line, q, or the end."""
    while True:
        try:
            line = input("> " if sys.stdin.isatty() else "").strip()
        except (EOFError, UnicodeDecodeError):
            return
        if line in ("", "q"):
            return
        yield line.strip("'\"")


def _lessons(agent: Agent) -> Iterator[str]:
    """Tell what an agent was taught, a line each."""
    if not isinstance(agent, Pupil):
        yield from agent.log.splitlines()
        return
    user_lessons = agent.lessons.user_lessons()
    yield f"{len(user_lessons):,} given one at a time"
    for entry in agent.lessons.standing():
        if isinstance(entry, Bulk):
            yield f"{entry.n_lessons:,} of {entry.source or 'drawings that came with their labels'}"
