"""The command line: ``python -m agent deploy OWNER/SPACE`` uploads this project as a Space of one's own."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from agent import hub
from agent.errors import AgentError


def main(arguments: Sequence[str] | None = None) -> int:
    """Do what the command line says; gives the exit code: 2 for a mistake that is named."""
    parser = argparse.ArgumentParser(prog="python -m agent", description=__doc__)
    verbs = parser.add_subparsers(dest="verb", required=True)
    deploy = verbs.add_parser("deploy", help="upload this project as a Space")
    deploy.add_argument("space", help="OWNER/NAME; made where there is none")
    deploy.add_argument("--hardware", help="such as cpu-upgrade; the Hub's own choice otherwise")
    deploy.add_argument("--token", default=os.environ.get("HF_TOKEN"), help="with the right to write, or HF_TOKEN")
    options = parser.parse_args(arguments)
    try:
        print(hub.deploy(Path(__file__).resolve().parents[1], options.space, options.token, options.hardware))
    except AgentError as error:
        print(f"agent: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
