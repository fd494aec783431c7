"""Many visitors at once, with real clients on this machine: ``python -m tests.bench.load``.

Every visitor has a desk of its own, teaches it two labels nobody else teaches there, and then draws once a second; every
tenth drawing is a lesson. Meanwhile some train on all of MNIST. Measured are the guesses, whole, as the client sees
them; what is counted at the end: every lesson that was acknowledged is in the agent, and nothing of anybody else's.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from dataclasses import dataclass, field
from multiprocessing import get_context
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "tests"), str(ROOT / "tests" / "helpers"), str(ROOT / "tests" / "browser")]

import numpy as np  # noqa: E402
from gradio_client import Client, handle_file  # noqa: E402
from PIL import Image  # noqa: E402
from served import Server, written_digits  # noqa: E402

LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
TEACH_EVERY = 10
N_PROCESSES = 5  # of clients: fifty in one would wait for each other's interpreter, not for the server
WAIT_S = 60.0  # for any answer
ARRIVE_S = 25  # until processes of clients have started
IDLE_S = 60  # after which a desk goes in this test, so that it ends


def resident_mb(pid: int) -> float:
    """Memory of a process that is really there, in MB."""
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def megabytes_in(folder: Path) -> float:
    """Megabytes of the files in a folder and below."""
    total = 0
    for place, _, names in os.walk(folder):
        for name in names:
            try:
                total += (Path(place) / name).stat().st_size
            except OSError:  # it went meanwhile
                continue
    return total / 1e6


def processor_s(pid: int) -> float:
    """Seconds a process has kept processors busy."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def machine_s() -> tuple[float, float]:
    """Seconds of all cores since the machine began, and how many of them its neighbours took."""
    told = [int(each) for each in Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:9]]
    return sum(told) / os.sysconf("SC_CLK_TCK"), told[7] / os.sysconf("SC_CLK_TCK")


def calling(url: str) -> Client:
    """A client that reads neither certificates nor proxies anew for each request, 50 ms of it: there are none.

    It waits as long as a browser would: what takes long is counted as that, not as a fault.
    """
    own = {"trust_env": False, "timeout": WAIT_S}
    return Client(url, verbose=False, analytics_enabled=False, ssl_verify=False, httpx_kwargs=own)


@dataclass
class Seen:
    """What visitors have to tell."""

    times_ms: list[float] = field(default_factory=list)  # of guesses
    faults: list[str] = field(default_factory=list)
    n_taught: int = 0
    processor_s: float = 0.0


class Caller:
    """One visitor through the named endpoints."""

    def __init__(self, url: str, number: int, pictures: Sequence[Path]) -> None:
        self.client = calling(url)
        self.pictures, self.number, self.seen = pictures, number, Seen()
        self.labels = [f"{LETTERS[number % 26]}{number}", f"{LETTERS[number % 26]}{number}x"]
        self.teach(0), self.teach(1)

    def teach(self, turn: int) -> None:
        """Teach one lesson, and know that it was taken."""
        label = self.labels[turn % 2]
        told = self.client.predict(handle_file(str(self.pictures[turn % 2])), label, api_name="/teach")
        self.seen.n_taught += 1
        if told["n_lessons"] != self.seen.n_taught:
            self.seen.faults.append(f"{self.seen.n_taught} lessons taught, {told['n_lessons']} there")

    def guess(self, turn: int) -> None:
        """Draw, and see that the answer is one's own."""
        start = time.perf_counter()
        told = self.client.predict(handle_file(str(self.pictures[turn % 2])), api_name="/guess")
        self.seen.times_ms.append(1000 * (time.perf_counter() - start))
        if told["label"] != self.labels[turn % 2] or set(told["responses"]) != set(self.labels):
            self.seen.faults.append(f"{self.labels[turn % 2]} expected, got {told}"[:200])

    def visit(self, begin: float, seconds: float) -> None:
        """Draw once a second from a time on, until it is time to leave."""
        turn, due = 2, begin + self.number % 10 / 10
        while due < begin + seconds:
            time.sleep(max(0.0, due - time.time()))
            try:
                self.teach(turn) if turn % TEACH_EVERY == 0 else self.guess(turn)
            except Exception as error:  # whatever a client raises is counted
                self.seen.faults.append(f"{type(error).__name__}: {error}"[:200])
            turn, due = turn + 1, max(due + 1, time.time())  # whoever had to wait draws no faster for it


def crowd(url: str, numbers: Sequence[int], pictures: Sequence[Path], begin: float, seconds: float) -> Seen:
    """Let some visitors come, all in this process: begin is when they start to draw, in seconds since 1970."""
    callers = [Caller(url, number, pictures) for number in numbers]
    busy, late = time.process_time(), time.time() - begin
    threads = [threading.Thread(target=caller.visit, args=(begin, seconds), daemon=True) for caller in callers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(seconds + 60)
    together = Seen(processor_s=time.process_time() - busy)
    for caller in callers:
        caller.client.close()
        together.times_ms += caller.seen.times_ms
        together.faults += caller.seen.faults
        together.n_taught += caller.seen.n_taught
    if late > 0:
        together.faults.append(f"expected all visitors to be there when it begins, got some {late:.1f} s later")
    return together


def trains(url: str, begin: float, seconds: float) -> int:
    """Teach all of MNIST again and again, as the Teach tab does; gives how often."""
    client, n_done = calling(url), 0
    time.sleep(max(0.0, begin - time.time()))
    while time.time() < begin + seconds:
        course = client.submit(60_000, api_name="/train")
        for _ in course:
            if time.time() > begin + seconds:
                course.cancel()
                break
        else:
            n_done += 1
    client.close()
    return n_done


def measured(n_visitors: int, n_training: int, seconds: float) -> dict[str, float]:
    """Let them all come, and give the figures."""
    drawings = written_digits()
    with tempfile.TemporaryDirectory() as folder:
        pictures = []
        for label in "49":
            pictures.append(Path(folder) / f"{label}.png")
            Image.fromarray(drawings[label][0]).save(pictures[-1])
        server = Server(folder, {"PUPIL_IDLE_S": str(IDLE_S)})
        try:
            return _measured(server, pictures, n_visitors, n_training, seconds)
        finally:
            server.stop()


def _measured(
    server: Server, pictures: list[Path], n_visitors: int, n_training: int, seconds: float
) -> dict[str, float]:
    pid, url = server.process.pid, server.url
    first = Caller(url, 0, pictures)
    first.guess(0)
    calling(url).predict(10, api_name="/train")  # everything is loaded once, the digits of MNIST too: 47 MB for all
    before_mb = resident_mb(pid)
    numbers, begin = range(1, n_visitors + 1), time.time() + ARRIVE_S + n_visitors / 5
    with ProcessPoolExecutor(N_PROCESSES + 1, get_context("spawn")) as pool:
        crowds = [
            pool.submit(crowd, url, numbers[each::N_PROCESSES], pictures, begin, seconds) for each in range(N_PROCESSES)
        ]
        courses = pool.submit(trained, url, n_training, begin, seconds)
        time.sleep(max(0.0, begin - time.time()))
        served, (all_s, taken_s) = processor_s(pid), machine_s()
        time.sleep(seconds)
        served, most_mb = processor_s(pid) - served, resident_mb(pid)
        taken = (machine_s()[1] - taken_s) / (machine_s()[0] - all_s)
        seen, n_courses = [each.result() for each in crowds], courses.result()
    after_mb = _left_behind(first, pid)
    times, faults = np.concatenate([each.times_ms for each in seen]), [fault for each in seen for fault in each.faults]
    for fault in faults[:5]:
        print(fault, file=sys.stderr)
    return {
        "visitors": n_visitors,
        "training": n_training,
        "guesses": len(times),
        "lessons": sum(each.n_taught for each in seen),
        "median, ms": float(np.median(times)),
        "95 %, ms": float(np.quantile(times, 0.95)),
        "slowest, ms": float(times.max()),
        "faults": len(faults),
        "MB before": before_mb,
        "MB at the end": most_mb,
        "MB after they left": after_mb,
        "trainings on 60,000 digits finished": n_courses,
        "clients' share of a core": sum(each.processor_s for each in seen) / seconds,
        "server's share of a core": served / seconds,
        "share of both cores used by others": taken,
    }


def trained(url: str, n_training: int, begin: float, seconds: float) -> int:
    """Let some train at once; gives how many courses came to their end."""
    with ThreadPoolExecutor(max(1, n_training)) as pool:
        return sum(pool.map(lambda _: trains(url, begin, seconds), range(n_training)))


def _left_behind(first: Caller, pid: int) -> float:
    """Wait until the desks of those who left are cleared: the next to come clears them."""
    time.sleep(IDLE_S + 5)
    for turn in range(5):
        first.teach(turn)
    return resident_mb(pid)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--visitors", type=int, default=50)
    parser.add_argument("--training", type=int, default=2)
    parser.add_argument("--seconds", type=float, default=180.0)
    options = parser.parse_args()
    for row in load(options.visitors, options.training, options.seconds):
        print(f"{row['quantity']}: {row['measured']} (target: {row['target']})")


def load(n_visitors: int = 50, n_training: int = 2, seconds: float = 180.0) -> list[dict[str, str]]:
    """Measure, and give rows for the results."""
    got = measured(n_visitors, n_training, seconds)
    left = got["MB after they left"] - got["MB before"]
    wanted = {"median, ms": "< 250", "95 %, ms": "< 1,000", "faults": "0", "MB left behind": "< 50"}
    return [
        {
            "quantity": name,
            "measured": f"{value:,.1f}" if "share" in name else f"{value:,.0f}",
            "target": wanted.get(name, "–"),
        }
        for name, value in (got | {"MB left behind": left}).items()
    ]


if __name__ == "__main__":
    main()
