"""ONNX Runtime sessions."""

import io
import os
import warnings
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import redirect_stdout
from functools import cache, cached_property
from pathlib import Path

import numpy as np
import onnxruntime as ort

from dahyf_core.errors import ModelFileError

CPU = "CPUExecutionProvider"
CUDA = "CUDAExecutionProvider"
TENSORRT = "TensorrtExecutionProvider"
DIRECTML = "DmlExecutionProvider"
COREML = "CoreMLExecutionProvider"

PROVIDERS: Mapping[str, Mapping[str, str]] = {
    CUDA: {"use_tf32": "0", "cudnn_conv_algo_search": "HEURISTIC"},
    TENSORRT: {},
    DIRECTML: {},
    COREML: {"ModelFormat": "MLProgram"},
    CPU: {},
}
"""Execution providers in order of preference, with their options. CUDA is before TensorRT, which builds an engine for
each new number of patches. CUDA and Core ML compute in float32: without TF32, and in the typed format. cuDNN's default
would time all its convolutions for each new number of patches."""

MOST_THREADS = 4
"""Largest number of threads. Small networks gain nothing from more."""


class Session:
    """A loaded network, whose inputs and outputs all have the batch first.

    `provider` names the ONNX Runtime execution provider that runs it.
    """

    def __init__(self, model: Path, provider: str, threads: int) -> None:
        """Raises whatever ONNX Runtime raises when the provider cannot load the file."""
        self._model, self._threads = model, threads
        self._session = _open(model, provider, threads)
        self.provider = provider

    @property
    def inputs(self) -> tuple[str, ...]:
        """Names of the network's inputs, in the order of the file."""
        return tuple(each.name for each in self._session.get_inputs())

    @property
    def outputs(self) -> tuple[str, ...]:
        """Names of the network's outputs, in the order of the file."""
        return tuple(each.name for each in self._session.get_outputs())

    @property
    def metadata(self) -> Mapping[str, str]:
        """The metadata properties of the file."""
        metadata: Mapping[str, str] = self._session.get_modelmeta().custom_metadata_map
        return metadata

    def run(self, **inputs: np.ndarray) -> list[np.ndarray]:
        """Run the network on named inputs; returns its outputs in the order of the file.

        A GPU provider that fails is warned about and replaced by the CPU, for this and all later runs.
        """
        if self.provider == CPU and len(next(iter(inputs.values()))) >= self._threads > 1:
            return self._run_apart(inputs)
        try:
            outputs: list[np.ndarray] = self._session.run(None, inputs)
            return outputs
        except Exception as error:  # ONNX Runtime raises a different type for each provider and fault
            if self.provider == CPU:
                raise
            _warn_of_failure(self.provider, self._model, error)
        self._session, self.provider = _open(self._model, CPU, self._threads), CPU
        outputs = self._session.run(None, inputs)
        return outputs

    def _run_apart(self, inputs: Mapping[str, np.ndarray]) -> list[np.ndarray]:
        """Run a batch in parts of one thread each: threads then wait for each other once, not at every layer."""
        shares = zip(*(np.array_split(array, self._threads) for array in inputs.values()), strict=True)
        parts = [dict(zip(inputs, share, strict=True)) for share in shares]
        outputs = self._workers.map(lambda part: self._one_thread.run(None, part), parts)
        return [np.concatenate(arrays) for arrays in zip(*outputs, strict=True)]

    @cached_property
    def _one_thread(self) -> ort.InferenceSession:
        return _open(self._model, CPU, 1)

    @cached_property
    def _workers(self) -> ThreadPoolExecutor:
        return ThreadPoolExecutor(self._threads)


REINSTALL = "Reinstall DaHyF Hands."


def create_session(model: Path, threads: int = 0, remedy: str = REINSTALL) -> Session:
    """Load an ONNX file with the first of PROVIDERS that works; one that fails is warned about and skipped.

    The file must stay as long as the session. threads: CPU threads, 0 for one per core, but at most MOST_THREADS.
    Raises ModelFileError, which carries the remedy, when the file is missing or no provider can load it.
    """
    if not model.is_file():
        raise ModelFileError(f"The network file {model} is missing.", remedy)
    threads = threads or min(_usable_cores(), MOST_THREADS)
    reason = "no execution provider is installed"
    available = ort.get_available_providers()
    for provider in (name for name in PROVIDERS if name in available):
        try:
            return Session(model, provider, threads)
        except Exception as error:  # as above
            reason = _first_line(error)
            if provider != CPU:
                _warn_of_failure(provider, model, error)
    raise ModelFileError(f"The network file {model} cannot be loaded: {reason}.", remedy)


def _open(model: Path, provider: str, threads: int) -> ort.InferenceSession:
    """A session that runs on `provider` or fails: ONNX Runtime by itself would go on elsewhere and print to stdout."""
    options = ort.SessionOptions()
    options.intra_op_num_threads = threads
    options.log_severity_level = 4
    # Idle threads would spin and take cores away from decoding.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    if provider in (CUDA, TENSORRT):
        _load_cuda()
    session = ort.InferenceSession(model, options, providers=[(provider, PROVIDERS[provider])], enable_fallback=0)
    if provider not in session.get_providers():
        raise RuntimeError(f"{provider} is installed but does not start; its libraries or its device may be missing")
    return session


@cache
def _load_cuda() -> None:
    """Load the libraries of CUDA and cuDNN from pip's packages, where ONNX Runtime by itself does not look.

    ONNX Runtime prints which libraries are missing. The print is suppressed, and they are searched elsewhere.
    """
    with redirect_stdout(io.StringIO()):
        ort.preload_dlls(directory="")


def _usable_cores() -> int:
    """Cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _warn_of_failure(provider: str, model: Path, error: Exception) -> None:
    warnings.warn(f"{provider} cannot run {model.name} and is left out: {_first_line(error)}.", stacklevel=3)


def _first_line(error: Exception) -> str:
    lines = str(error).strip().splitlines()
    return lines[0].rstrip(".") if lines else type(error).__name__
