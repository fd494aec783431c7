"""Equal agents give equal responses, bit for bit, on any processor: nothing depends on what its compiler may use."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from numba.core.registry import cpu_target

from agent import preprocessing
from agent.agents import new
from agent.datasets import mnist
from agent.kernels import edges
from agent.kernels import recall as kernels
from tests.helpers.agents import SMALL

ROOT = Path(__file__).resolve().parents[2]
N_DRAWINGS, N_LESSONS, N_WARPED = 400, 600, 3


def compute(file: str) -> None:
    """Encode 400 drawings, as drawn and warped; answer them after 600 lessons, and by refined nodes after those."""
    drawings, labels = mnist("train")
    thumbnails, n = preprocessing.to_thumbnails(drawings[: N_DRAWINGS + N_LESSONS]), N_DRAWINGS
    pupil = new("recall", seed=0)
    fixed = pupil.model._fixed
    shape = n * (N_WARPED + 1)
    features = kernels.Features(
        np.empty((shape, len(fixed.reads)), np.uint16),
        np.empty((shape, preprocessing.SIDE, edges.CODE_STRIDE), np.uint8),
        np.empty((shape, edges.SKETCH, edges.SKETCH_STRIDE), np.uint8),
        np.empty((shape, edges.SIGNATURE_WORDS), np.uint64),
    )
    kernels.encode_copies(thumbnails[:n], fixed.fields, 0, N_WARPED + 1, fixed.reads, features)
    arrays = features._asdict()
    arrays |= {"thumbnails": thumbnails, "fields": fixed.fields}
    arrays["canonical"] = np.stack([preprocessing.canonical(drawing) for drawing in thumbnails[:n]])
    pupil.learn_many(drawings[n : n + N_LESSONS], labels[n : n + N_LESSONS])
    arrays["responses"] = np.stack([guess.responses for guess in pupil.predict_many(drawings[:n])])
    refined = new("recall", seed=1, **SMALL["recall"])
    refined.learn_many(drawings[n : n + N_LESSONS], labels[n : n + N_LESSONS])
    refined.study()
    arrays["refined_responses"] = np.stack([guess.responses for guess in refined.predict_many(drawings[:n])])
    arrays |= {f"refined_{name}": array for name, array in refined.model.tensors().items()}
    np.savez(file, processor=np.array(cpu_target.target_context.codegen().magic_tuple()[1]), **arrays)


@pytest.mark.slow
def test_a_generic_processor_gives_the_same_bits_as_this_one(tmp_path):
    compute(str(tmp_path / "this.npz"))
    generic = {"NUMBA_CPU_NAME": "generic", "NUMBA_CPU_FEATURES": "", "NUMBA_CACHE_DIR": str(tmp_path / "cache")}
    libraries = {
        "NPY_DISABLE_CPU_FEATURES": " ".join(np.show_config(mode="dicts")["SIMD Extensions"].get("found", [])),
        "GLIBC_TUNABLES": "glibc.cpu.hwcaps=-AVX512F,-AVX2,-FMA",
    }
    command = "import sys; from tests.unit.test_equal_bits import compute; compute(sys.argv[1])"
    environment = os.environ | generic | libraries | {"PYTHONPATH": str(ROOT)}
    subprocess.run(
        [sys.executable, "-c", command, str(tmp_path / "generic.npz")], cwd=ROOT, env=environment, check=True
    )
    with np.load(tmp_path / "this.npz") as ours, np.load(tmp_path / "generic.npz") as theirs:
        assert str(theirs["processor"]) == "generic"
        for name in set(ours) - {"processor"}:
            n_different = int((ours[name] != theirs[name]).sum()) if ours[name].shape == theirs[name].shape else -1
            assert n_different == 0, f"{n_different} of {ours[name].size} {name} differ"
