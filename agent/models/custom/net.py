"""Modules of torch: minibatches, an optimiser, and the loss of the task. torch is imported here alone, when it is used.

Cross-entropy with an output for each label, mean squared error with numbers, of which NaN does not count. What a
module learned, its optimiser's state and the number of lessons are saved, so that it resumes to the same bytes.
"""

from __future__ import annotations

import dataclasses
import importlib
import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from agent.errors import AgentError, nearest
from agent.models.custom.signature import Spaces, Training, channels_first, seeded

AT_ONCE = 500  # answered together
PREFIXES = ("net.", "optim.")
N_SEEN = "n_seen"


class Net:
    """A module of torch that is trained."""

    KEEPS_STATE = True

    def __init__(self, module: Any, spaces: Spaces, config: Any) -> None:
        torch = self.torch
        self.spaces, self.seed, self.n_seen = spaces, config.seed, 0
        self.n_outputs = len(spaces.labels) or spaces.n_outputs
        names = [field.name for field in dataclasses.fields(Training)]
        self.training = dataclasses.replace(Training(), **{n: v for n, v in vars(config).items() if n in names})
        device = self.training.device
        try:
            self.device = torch.device(("cuda" if torch.cuda.is_available() else "cpu") if device == "auto" else device)
            self.module = module.to(self.device)
        except (RuntimeError, AssertionError) as error:
            raise AgentError(f"expected agent.device as auto or a device of torch, got {device} ({error}).") from error
        self.shape = self._fitting_shape()
        known = [n for n, one in vars(torch.optim).items() if isinstance(one, type) and n != "Optimizer"]
        optim = self.training.optim
        if optim not in known:
            raise AgentError(f"expected agent.optim among {', '.join(known)}, got {optim}.{nearest(optim, known)}")
        weights = [weight for weight in self.module.parameters() if weight.requires_grad]
        if not weights:
            raise AgentError(f"expected a module with weights to train, got {type(module).__name__} without any.")
        self.optimizer = getattr(torch.optim, optim)(weights, lr=self.training.lr)

    @property
    def torch(self) -> Any:
        """The library."""
        return importlib.import_module("torch")

    @property
    def n_state_bytes(self) -> int:
        """Most bytes that it takes to save, with an optimiser of two numbers for each weight."""
        return 3 * sum(array.nbytes for array in self._module_tensors().values()) + 1000

    def learn(self, inputs: np.ndarray, targets: Any) -> None:
        """Take a step for each batch; a part that is left over is spread over the batches."""
        if self.spaces.labels:
            place = {label: number for number, label in enumerate(self.spaces.labels)}
            unknown = sorted(set(targets) - set(place))
            if unknown:
                raise AgentError(f"expected labels that its net was made for, {' '.join(place)}, got {unknown[0]}.")
            targets = np.array([place[label] for label in targets])
        with seeded(self.seed + self.n_seen):  # of dropout
            for rows in np.array_split(np.arange(len(inputs)), math.ceil(len(inputs) / self.training.batch_size)):
                self._step(self._batch(inputs[rows]), self.torch.as_tensor(targets[rows], device=self.device))
        self.n_seen += len(inputs)

    def answer(self, inputs: np.ndarray) -> Sequence[Any]:
        """Give a share for each label, or numbers: (N, n_outputs) float64."""
        self.module.eval()
        answers = []
        with self.torch.no_grad():
            for start in range(0, len(inputs), AT_ONCE):
                answers.append(self._outputs(self._batch(inputs[start : start + AT_ONCE])))
        result = self.torch.cat(answers).double()
        return (result.softmax(1) if self.spaces.labels else result).cpu().numpy()

    def tensors(self) -> dict[str, np.ndarray]:
        """All it has learned, with the state of its optimiser."""
        arrays = {f"net.{name}": array for name, array in self._module_tensors().items()}
        for number, state in self.optimizer.state_dict()["state"].items():
            arrays |= {f"optim.{number}.{name}": _array(value) for name, value in state.items() if value is not None}
        return arrays | {N_SEEN: np.array([self.n_seen])}

    def load(self, tensors: Mapping[str, np.ndarray]) -> None:
        """Take over what was saved."""
        torch, expected = self.torch, self.module.state_dict()
        try:
            saved = {name.removeprefix("net."): one for name, one in tensors.items() if name.startswith("net.")}
            state = {name: torch.tensor(one).reshape(expected[name].shape) for name, one in saved.items()}
            self.module.load_state_dict(state)
            moments: dict[int, dict[str, Any]] = {}
            for name, array in tensors.items():
                prefix, _, rest = name.partition(".")
                if prefix == "optim":
                    number, _, key = rest.partition(".")
                    value = torch.tensor(array)  # files hold no array without axes, as counts of steps are
                    moments.setdefault(int(number), {})[key] = value.reshape(()) if key == "step" else value
            self.optimizer.load_state_dict({**self.optimizer.state_dict(), "state": moments})
            self.n_seen = int(tensors[N_SEEN][0])
        except (RuntimeError, KeyError, ValueError, IndexError) as error:
            name, message = type(self.module).__name__, " ".join(str(error).split())[:200]
            raise AgentError(
                f"expected arrays that fit {name}, got others ({message}). Was it changed since? Teach it again."
            ) from error

    def _module_tensors(self) -> dict[str, np.ndarray]:
        return {name: _array(value) for name, value in self.module.state_dict().items()}

    def _step(self, batch: Any, targets: Any) -> None:
        """Go a step against the gradient of the loss."""
        functional, mask = self.torch.nn.functional, None if self.spaces.labels else ~targets.isnan()
        if mask is not None and not mask.any():
            return
        self.module.train(len(batch) > 1)  # one alone has no mean to be normalised by

        def loss() -> Any:
            self.optimizer.zero_grad()
            outputs = self._outputs(batch)
            if mask is None:
                value = functional.cross_entropy(outputs, targets)
            else:
                value = functional.mse_loss(outputs[mask], targets[mask].to(outputs.dtype))
            value.backward()
            return value

        value = self.optimizer.step(loss).item()
        if not math.isfinite(value):
            raise AgentError(f"expected a finite loss, got {value}. Take a smaller agent.lr than {self.training.lr:g}.")

    def _outputs(self, batch: Any) -> Any:
        outputs = self.module(batch)
        outputs = getattr(outputs, "logits", outputs)  # of a module of transformers
        return outputs[0] if isinstance(outputs, tuple) else outputs

    def _batch(self, inputs: np.ndarray) -> Any:
        """Give inputs as float32 on the device, pictures with their channels first, uint8 as shares of white."""
        white = self.spaces.white if inputs.dtype == np.uint8 else 1
        values = np.nan_to_num(inputs.astype(np.float32)) / np.float32(white)
        is_moved = values.ndim == 4 and channels_first(values.shape[1:]) != values.shape[1:]
        values = np.moveaxis(values, -1, 1) if is_moved else values
        return self.torch.tensor(values.reshape(len(values), *self.shape), device=self.device)

    def _fitting_shape(self) -> tuple[int, ...]:
        """Find the shape of inputs that the module takes: pictures, or rows of numbers."""
        errors: list[Exception] = []
        inputs, got = np.zeros((2, *self.spaces.shape), np.float32), ""
        self.module.eval()
        for shape in dict.fromkeys((channels_first(self.spaces.shape), (math.prod(self.spaces.shape),))):
            self.shape = shape
            try:
                with self.torch.no_grad(), seeded(self.seed):
                    outputs = self._outputs(self._batch(inputs))
            except Exception as error:  # whatever a module may raise
                errors.append(error)
                continue
            if tuple(outputs.shape) == (2, self.n_outputs):
                return shape
            got = got or f"{tuple(outputs.shape)} of two inputs {(2, *shape)}"
        if not got:
            raise errors[0]
        name = type(self.module).__name__
        raise AgentError(f"expected {name} to give {self.n_outputs} numbers for each input, got {got}.")


def _array(value: Any) -> np.ndarray:
    """Give a tensor, or a number of an optimiser, as an array."""
    if not hasattr(value, "detach"):
        return np.array(value)
    value = value.detach().cpu()
    return (value.float() if value.dtype.is_floating_point and value.element_size() < 4 else value).numpy().copy()
