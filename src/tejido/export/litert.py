"""A trained network as a LiteRT file (once TensorFlow Lite), for apps that have that runtime and no other.

LiteRT knows no pictures of any size, so the file begins behind crop and resize: whoever uses it must bring the picture
to ``uint8[S, S, 3]`` exactly as Pillow does. What goes wrong there costs more than anything that is lost elsewhere.
"""

from __future__ import annotations

import contextlib
import copy
import io
import logging
import tempfile
import warnings
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from tejido.errors import RecipeError, TejidoError
from tejido.export.deployed import Deployed


class FixedSize(nn.Module):
    """What stands behind crop and resize in a model file.

    Args:
        module: of one square, that reads nothing but the picture.

    Raises:
        RecipeError: it cuts the picture into patches, or reads age, sex and site.
    """

    def __init__(self, module: Deployed) -> None:
        super().__init__()
        if module.aggregate is not None:
            raise RecipeError("LiteRT: patches need pictures of any size, which the format does not have; export ONNX")
        if module.segmenter is not None:
            raise RecipeError(
                "LiteRT: an outline has the size of its picture, which the format must know before; export ONNX"
            )
        if len(module.inputs) > 1:
            raise RecipeError("LiteRT: only networks that read nothing but the picture can be exported; export ONNX")
        self.module = module
        self.size = module.geometry.size

    def forward(self, image: Tensor) -> tuple[Tensor, ...]:
        """``uint8[S, S, 3]`` to the model file's outputs: probabilities, heatmap if any (of the square), quality."""
        square = image.permute(2, 0, 1).unsqueeze(0)
        answer = self.module.answer(square)
        return tuple(answer[name][0] for name in self.module.outputs)


def convert(module: FixedSize) -> bytes:
    """The bytes of a LiteRT file.

    Raises:
        ModuleNotFoundError: the extra ``litert`` is not installed.
        TejidoError: the format cannot express a part of the network; the message has the converter's reason.
    """
    import litert_torch

    example = torch.zeros(module.size, module.size, 3, dtype=torch.uint8)
    noise = io.StringIO()
    logging.disable(logging.WARNING)
    try:
        with (
            warnings.catch_warnings(),
            contextlib.redirect_stdout(noise),
            contextlib.redirect_stderr(noise),
            tempfile.TemporaryDirectory() as folder,
        ):
            warnings.simplefilter("ignore")
            path = Path(folder) / "model.tflite"
            # the converter reads weights as they lie in memory, and so muddles up those with channels last
            plain = copy.deepcopy(module).eval().to(memory_format=torch.contiguous_format)
            litert_torch.convert(plain, (example,)).export(str(path))
            return path.read_bytes()
    except Exception as error:  # the converter raises many types
        reason = str(error).strip().splitlines() or [type(error).__name__]
        raise TejidoError(f"LiteRT cannot express this network: {reason[0]}") from None
    finally:
        logging.disable(logging.NOTSET)


class Interpreter:
    """Runs a LiteRT file in Python.

    Args:
        file: its bytes.
    """

    def __init__(self, file: bytes) -> None:
        from ai_edge_litert.interpreter import Interpreter as Runtime

        self._runtime = Runtime(model_content=file, num_threads=1)
        self._runner = self._runtime.get_signature_runner()
        (self._input,) = self._runner.get_input_details()
        self.outputs = sorted(self._runner.get_output_details())
        """Names of the outputs, in the order of ``FixedSize.forward``."""

    def run(self, square: NDArray[np.uint8]) -> list[NDArray[np.float32]]:
        """Outputs for ``uint8[S, S, 3]``."""
        found = self._runner(**{self._input: square})
        return [found[name] for name in self.outputs]
