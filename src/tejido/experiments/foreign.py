"""Model files that are not ours: any ONNX classifier, with what it wants to see written down beside it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime as ort
from numpy.typing import NDArray
from PIL import Image
from scipy.special import expit, softmax

from tejido import taxonomy
from tejido.data.geometry import Steps
from tejido.errors import ModelFileError, RecipeError
from tejido.recipe.preprocessing import Preprocessing


class Foreign:
    """An ONNX classifier of others.

    Args:
        path: of the ``.onnx`` file; nothing beside it is read.
        asked: how it is to be asked.

    Raises:
        ModelFileError: it cannot be run.
        RecipeError: the labels are not those of the task, or there is no such output.
    """

    def __init__(self, path: Path, asked: Preprocessing) -> None:
        known = taxonomy.task(asked.task).label_names
        strange = [label for label in asked.labels if label not in known]
        if strange:
            raise RecipeError(f"{asked.task} has no label {strange[0]!r}; it has: {', '.join(known)}")
        try:
            options: Any = ort.SessionOptions()
            options.log_severity_level = 4
            session = ort.InferenceSession(path.read_bytes(), options, providers=["CPUExecutionProvider"])
        except FileNotFoundError:
            raise ModelFileError(f"{path}: no such model file") from None
        except Exception:  # the runtime raises its own private exception types
            raise ModelFileError(f"{path}: damaged, or not an ONNX file") from None
        outputs = [output.name for output in session.get_outputs()]
        if asked.output is not None and asked.output not in outputs:
            raise RecipeError(f"{path}: it has no output {asked.output!r}; it has: {', '.join(outputs)}")
        if len(session.get_inputs()) != 1:
            raise ModelFileError(f"{path}: it has {len(session.get_inputs())} inputs; one is wanted, the picture")
        self.path, self.asked = path, asked
        self._session = session
        self._input = session.get_inputs()[0].name
        self._output = asked.output or outputs[0]
        self._steps = Steps(asked.geometry, asked.size, None, asked.short_side)

    def probabilities(self, pixels: NDArray[np.uint8]) -> NDArray[np.float64]:
        """``float64[C]`` in the order of the labels, for ``uint8[H, W, 3]``.

        Raises:
            ModelFileError: it fails, or its answer is not one number a label.
        """
        asked = self.asked
        square = self._steps(Image.fromarray(pixels)).reshape(asked.size, asked.size, 3).astype(np.float32)
        if asked.channels == "bgr":
            square = square[:, :, ::-1]
        mean, std = (np.array(values, np.float32) for values in (asked.mean, asked.std))
        seen = (square / np.float32(asked.divide) - mean) / std
        batch = np.ascontiguousarray((seen if asked.layout == "nhwc" else seen.transpose(2, 0, 1))[None], np.float32)
        try:
            (answer,) = self._session.run([self._output], {self._input: batch})
        except Exception as error:  # likewise
            reason = str(error).strip().splitlines()[-1]
            raise ModelFileError(f"{self.path}: fails on a picture; is the preprocessing right? ({reason})") from None
        values = np.asarray(answer, np.float64).ravel()
        wanted = 1 if asked.answers == "sigmoid" else len(asked.labels)
        if len(values) != wanted or not np.isfinite(values).all():
            raise ModelFileError(f"{self.path}: answers {len(values)} numbers, and {wanted} finite ones are wanted")
        if asked.answers == "sigmoid":
            return np.array([1 - expit(values[0]), expit(values[0])])
        return np.asarray(softmax(values) if asked.answers == "logits" else values, np.float64)
