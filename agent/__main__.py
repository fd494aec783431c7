"""The command line, ``python -m agent``, and ``agent.launch`` for code: the only module that prints."""

from __future__ import annotations

import argparse
import os
import signal
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from agent.errors import AgentError

USAGE = """python -m agent [task=… agent=… recipe=… NAME=VALUE …]   teach an agent, ask it, keep everything in runs/
python -m agent -m NAME=VALUE,VALUE …                    every combination; what is finished is not run again
python -m agent compare experiment=[NAME,NAME]           tables and pictures of what came out
python -m agent deploy OWNER/SPACE                       this project as a Space of your own
"""
EXAMPLES = """  python -m agent                                        600 digits, half a minute
  python -m agent lessons=60 seed=3 agent=nearest        sixty digits, the baseline
  python -m agent recipe=forgetting                      hand, print and pen one after another
  python -m agent task=generate label=7                  teach, then draw sevens from memory
  python -m agent task=./marks.npz lessons=null          drawings of your own: arrays drawings and labels
  python -m agent agent=./mine.py:Mine agent.depth=5     a kind of your own: agent/recipes/README.md
  python -m agent -m agent=recall,nearest seed=1,2,3     six runs; hydra/launcher=joblib uses all cores
  python -m agent load='nearest digits 3' task=fonts     begin with the agent of an earlier run
"""
HEADS = {
    "task": "Tasks: task=…, several as task=[digits,fonts], their settings task.NAME=…",
    "agent": "Agents: agent=…, their settings agent.NAME=…",
    "recipe": "Recipes: recipe=…; your own lie in ./recipe/",
}
FLAGS_TOLD = """Flags
  -m                   runs every combination of values that commas part
  --cfg                shows all settings and runs nothing
  --config-dir FOLDER  looks for tasks, agents and recipes there too

What stands on the command line wins over code, code over recipes, recipes over defaults."""
COUNTS = {"n_lessons": "lessons", "n_test": "asked"}
SHARES = ("accuracy", "precision", "recall", "f1", "prequential", "unsure")
FLAGS = ("-m", "--multirun", "-h", "--help", "--cfg", "--config-dir")


def main(arguments: Sequence[str] | None = None) -> int:
    """Do what the command line says; gives the exit code: 2 for a mistake that is named."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    verb = VERBS.get(words[0]) if words else None
    try:
        return verb(words[1:]) if verb else _run(words)
    except AgentError as error:
        print(f"agent: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("\nagent: stopped. The same command goes on where the agent was saved last.", file=sys.stderr)
        return 130


def launch(arguments: Sequence[str] | None = None, /, **settings: Any) -> Any:
    """Run what the settings say, as the command line does: words of the command line win over them.

    Parameters
    ----------
    arguments : sequence of str, optional
        Words of a command line. In a script that calls this itself they are those it was started with.
    **settings
        As on the command line: ``task="digits"``, ``agent="nearest"`` or ``agent={"kind": "recall", "n_nodes": 60}``,
        ``recipe=…``, ``lessons=60``, ``metrics={"gap": "accuracy - prequential"}``.

    Returns
    -------
    agent.runs.Result
        What came out.

    Raises
    ------
    AgentError
        As the command line says it; a script that took its words from there prints it and exits with 2.
    """
    caller = sys._getframe(1).f_globals
    is_script = arguments is None and caller.get("__name__") == "__main__" and "__file__" in caller
    try:
        from agent import command

        said = sys.argv[1:] if is_script else list(arguments or ())
        return _watched(command.asked(command.merged(settings, said)))
    except AgentError as error:
        if not is_script:
            raise
        print(f"agent: {error}", file=sys.stderr)
        sys.exit(2)


def job(config: Any) -> Any:
    """Do one run of a sweep: its result, or the sentence that says why there is none."""
    from agent import command
    from agent.runs import planned, replaced, run

    try:
        asked = command.keywords(config)
        other = replaced(planned(**asked))
        result = run(**asked)
    except AgentError as error:
        return error
    _tell_replaced(other)
    print(f"{result.folder}: {_well(result.scores)}{' (was there)' if result.was_there else ''}", file=sys.stderr)
    return result


def _run(words: list[str]) -> int:
    flags = _flags(words)
    if "--help" in flags:
        print(page())
        return 0
    from agent import command

    if "--cfg" in flags:
        print(command.text_of(command.composed(words, flags.get("--config-dir"))), end="")
    elif "-m" in flags:
        from agent.__main__ import job as importable

        done = command.sweep(words, importable, flags.get("--config-dir"))
        wrong = [each for each in done if isinstance(each, AgentError)]
        print(table([each for each in done if not isinstance(each, AgentError)]))
        for error in wrong:
            print(f"agent: {error}", file=sys.stderr)
        return 2 if wrong else 0
    else:
        result = _watched(command.keywords(command.composed(words, flags.get("--config-dir"))))
        print(table([result]))
        print(_afterwards(result))
    return 0


def _flags(words: list[str]) -> dict[str, str]:
    """Take the flags out of the words."""
    flags: dict[str, str] = {}
    for word in [word for word in words if word.startswith("-")]:
        if word not in words:
            continue
        if word not in FLAGS:
            raise AgentError(f"expected a flag among {', '.join(FLAGS)}, got {word[:40]}.")
        name = {"--multirun": "-m", "-h": "--help"}.get(word, word)
        place = words.index(word)
        taken = 2 if name == "--config-dir" or (name == "--cfg" and words[place + 1 : place + 2] == ["job"]) else 1
        if name == "--config-dir" and len(words) == place + 1:
            raise AgentError("expected a folder after --config-dir, got none.")
        flags[name] = words[place + taken - 1]
        del words[place : place + taken]
    return flags


def _watched(asked: Mapping[str, Any]) -> Any:
    """Do one run with a bar that shows how far it is; the first Ctrl-C stops it between two steps, and it is saved."""
    from agent.runs import planned, replaced, running

    other = replaced(planned(**asked))
    steps, stopped = running(**asked), []
    try:
        before = signal.signal(signal.SIGINT, lambda *_: stopped.append(1) or signal.signal(signal.SIGINT, before))
    except ValueError:  # not the main thread
        before = None
    last = None
    try:
        while True:
            step = next(steps)
            if last is None:
                _tell_replaced(other)
            last = _shown(step, last)
            if stopped:
                steps.close()
                raise KeyboardInterrupt
    except StopIteration as done:
        return done.value
    finally:
        if last is not None and sys.stderr.isatty():
            print(file=sys.stderr)
        if before is not None:
            signal.signal(signal.SIGINT, before)


def _tell_replaced(other: str | None) -> None:
    """Say that what lay in the folder of a run is gone, and how it differed."""
    if other is not None:
        print(f"replaces an earlier run of other settings: {other}", file=sys.stderr)


def _shown(step: Any, last: Any) -> Any:
    """Show a step: as a bar where a person looks, else a line when something is done."""
    well = "" if step.accuracy is None else f"  {_percent(step.accuracy)} right"
    well = well if step.error is None else f"  error {step.error:.4g}"
    count = f"{step.n_done:,} of {step.n_total:,}{well}"
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
    was = " (finished before; again=true runs it anew)" if result.was_there else ""
    return "\n".join([*lines, f"{result.folder}{was}"])


def page() -> str:
    """Write the page of help."""
    from agent.runs import choices
    from agent.runs.settings import ABOUT

    parts = ["Pupil: a weightless agent that learns digits, or any symbol, from drawings.\n", USAGE, EXAMPLES]
    for group, head in HEADS.items():
        parts.append("\n".join([head, *(f"  {name:30} {text}" for name, text in choices.about(group).items()), ""]))
    parts.append("\n".join(["Settings", *(f"  {name:12} {text}" for name, text in ABOUT.items()), ""]))
    parts.append(FLAGS_TOLD)
    return "\n".join(parts)


def _well(scores: Mapping[str, Any]) -> str:
    """Say in a word how well a run went."""
    if "accuracy" in scores:
        return _percent(scores["accuracy"])
    return "no answers" if scores["error"] is None else f"error {scores['error']:.4g}"


def _percent(share: float | None) -> str:
    return "–" if share is None else f"{100 * share:.2f} %"


def _compare(words: Sequence[str]) -> int:
    from agent.errors import nearest
    from agent.runs.comparing import WORDS, compare, markdown, table

    given: dict[str, Any] = {}
    for word in words:
        name, equals, value = word.partition("=")
        if name not in WORDS or not equals:
            known = ", ".join(WORDS)
            raise AgentError(f"expected compare NAME=VALUE of {known}, got {word}.{nearest(name, WORDS)}")
        parts = [part.strip(" '\"") for part in value.strip("[]").split(",")]
        given[name] = value if name in ("folder", "to") else [part for part in parts if part]
    where, groups, left_out = compare(**given)
    for sentence in left_out:
        print(f"agent: left out: {sentence}", file=sys.stderr)
    print(f"{markdown(table(groups))}\n{where}")
    return 0


def _deploy(words: Sequence[str]) -> int:
    from agent import hub

    parser = argparse.ArgumentParser(prog="python -m agent deploy", description="upload this project as a Space")
    parser.add_argument("space", help="OWNER/NAME; made where there is none")
    parser.add_argument("--hardware", help="such as cpu-upgrade; the Hub's own choice otherwise")
    parser.add_argument("--token", default=os.environ.get("HF_TOKEN"), help="with the right to write, or HF_TOKEN")
    options = parser.parse_args(words)
    print(hub.deploy(Path(__file__).resolve().parents[1], options.space, options.token, options.hardware))
    return 0


VERBS = {"compare": _compare, "deploy": _deploy}

if __name__ == "__main__":
    sys.exit(main())
