"""How long one answer takes from nothing: ``tejido classify --json IMAGE`` as a whole process, and its memory.

Beside it, in the same run and alternating: the bare imports that it cannot do without, and the same kind of network
through PyTorch and timm. Needs Linux or macOS.

    .venv/bin/python benchmarks/cold_start.py [--model skin-suspicion] [--image FILE] [--runs 9] [--json]
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
LIMITS = {"ratio to the imports": 3.5, "seconds": 0.5, "peak MB": 150.0}
IMPORTS = "import numpy, onnxruntime, PIL.Image"
TORCH = """
import sys, torch
from PIL import Image
from torchvision import transforms
from timm.models.efficientnet import _gen_mobilenet_v1
torch.set_grad_enabled(False)
model = _gen_mobilenet_v1("mobilenetv1_100", 0.5, pad_type="same", num_classes=2).eval()
image = Image.open(sys.argv[1]).convert("RGB")
steps = transforms.Compose([
    transforms.CenterCrop(min(image.size)), transforms.Resize(128), transforms.ToTensor(),
    transforms.Normalize([0.485, 0.456, 0.406], [0.229, 0.224, 0.225]),
])
print(model(steps(image)[None]).softmax(1).tolist())
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--model", default="skin-suspicion", help="name or file of the model")
    parser.add_argument("--image", type=Path, help="picture file; by default one is made")
    parser.add_argument("--runs", type=int, default=9, help="runs of each command")
    parser.add_argument(
        "--torch-runs", type=int, default=3, help="runs of PyTorch, which takes seconds; 0 leaves it out"
    )
    parser.add_argument("--json", action="store_true", help="print JSON")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        image = options.image or Path(folder) / "picture.jpg"
        if options.image is None:
            # In a process of its own: what this one uses would count as the children's peak memory.
            subprocess.run([sys.executable, HERE / "pictures.py", image], check=True)
        result = measure(str(options.model), image, options.runs, options.torch_runs)
    print(json.dumps(result, indent=2) if options.json else table(result))


def measure(model: str, image: Path, runs: int, torch_runs: int) -> dict[str, dict[str, float | int | bool]]:
    """Median seconds and peak memory of every command, each run once first so that the disk is warm."""
    tejido = str(Path(sys.executable).with_name("tejido"))
    commands = {
        "imports": [sys.executable, "-c", IMPORTS],
        "tejido": [tejido, "classify", "--json", "--model", model, str(image)],
        "torch": [sys.executable, "-c", TORCH, str(image)],
    }
    if torch_runs == 0:
        del commands["torch"]
    times: dict[str, list[float]] = {name: [] for name in commands}
    peaks: dict[str, list[float]] = {name: [] for name in commands}
    for command in commands.values():
        run(command)
    for number in range(runs):
        for name, command in commands.items():
            if name != "torch" or number < torch_runs:
                seconds, peak = run(command)
                times[name].append(seconds)
                peaks[name].append(peak)
    base = statistics.median(times["imports"])
    result: dict[str, dict[str, float | int | bool]] = {}
    for name in commands:
        seconds = statistics.median(times[name])
        result[name] = {
            "seconds": seconds,
            "fastest": min(times[name]),
            "slowest": max(times[name]),
            "peak MB": max(peaks[name]),
            "ratio to the imports": seconds / base,
            "runs": len(times[name]),
        }
    result["tejido"]["met"] = all(result["tejido"][name] <= limit for name, limit in LIMITS.items())
    return result


def run(command: list[str]) -> tuple[float, float]:
    """Wall seconds and peak resident memory (MB of 10^6 bytes) of one process."""
    start = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - start
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        sys.exit(f"failed with exit code {process.returncode}: {' '.join(command[:3])}")
    unit = 1 if sys.platform == "darwin" else 1024
    return seconds, usage.ru_maxrss * unit / 1e6


def table(result: dict[str, dict[str, float | int | bool]]) -> str:
    names = {
        "imports": f'python -c "{IMPORTS}"',
        "tejido": "tejido classify --json",
        "torch": "torch + timm, one image",
    }
    lines = [f"{'':<52} {'seconds':>8} {'range':>13} {'peak MB':>8} {'ratio':>6}"]
    for name, row in result.items():
        span = f"{row['fastest']:.2f}-{row['slowest']:.2f}"
        numbers = f"{row['seconds']:>8.3f} {span:>13} {row['peak MB']:>8.0f} {row['ratio to the imports']:>6.2f}"
        lines.append(f"{names[name]:<52} {numbers}")
    limits = ", ".join(f"{name} <= {limit:g}" for name, limit in LIMITS.items())
    lines.append(f"limits of tejido ({limits}): {'met' if result['tejido']['met'] else 'NOT met'}")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
