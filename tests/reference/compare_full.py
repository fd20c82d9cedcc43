#!/usr/bin/env python3
"""Compare the built command with the reference at full size, on random weights.

    compare_full.py --taskexpert build/taskexpert                      base and large at 512x512
    compare_full.py --taskexpert build/taskexpert --config nyud.ini    the model of a settings file, at its size

Per task: norm of the difference over norm of the double-precision result, for the command and for PyTorch in single
precision. Fails where the command's error is above --limit.
Freshly initialised weights have biases, memory and alpha of 0 and norms of 1: --jitter adds random
numbers to them.
"""
import argparse
import os
import sys
import tempfile
import time

import numpy as np
import torch

from command import CommandError, make_weights, noise, parse_size, run, write_png
from safetensors_io import load, save
from taskexpert import TaskExpert, load_weights, model_names

MEAN, STD = np.array([0.485, 0.456, 0.406]), np.array([0.229, 0.224, 0.225])
INPUT_LIMIT = 1e-5  # of the normalised picture, absolute


def jitter(path, seed=7):
    """Make the vectors of a weight file (biases, norms, memory, alpha, running statistics) non-trivial."""
    tensors, metadata = load(path)
    random = np.random.RandomState(seed)
    for name, values in tensors.items():
        if values.ndim == 1:
            change = 0.1 * random.standard_normal(values.shape)
            change = np.abs(change) if name.endswith("running_var") else change
            tensors[name] = (values + change).astype(np.float32)
    save(path, tensors, metadata)


def relative(values, expected):
    return float(np.linalg.norm((values - expected).ravel()) / np.linalg.norm(expected.ravel()))


def reference(settings, tensors, image, dtype):
    """{task: logits (K,H,W) in double} and seconds"""
    model = TaskExpert(settings, device="meta").to_empty(device="cpu").to(dtype)
    load_weights(model, tensors)
    start = time.perf_counter()
    result = model(torch.from_numpy(image[None]).to(dtype))
    return {t: v[0].double().numpy() for t, v in result.logits.items()}, time.perf_counter() - start


def check_raw(raw, rgb, tasks):
    """The command's raw results: all there, all finite, and its input is the normalised picture."""
    expected = ((rgb / 255.0 - MEAN) / STD).transpose(2, 0, 1)
    for name in ("input",) + tuple(tasks):
        if name not in raw:
            raise CommandError("the raw file has no '%s'" % name)
        if not np.isfinite(raw[name]).all():
            raise CommandError("'%s' of the raw file holds values that are not finite" % name)
    if raw["input"].shape != expected.shape:
        raise CommandError("'input' has shape %s, not %s" % (raw["input"].shape, expected.shape))
    worst = float(np.abs(raw["input"] - expected).max())
    if worst > INPUT_LIMIT:
        raise CommandError("'input' is not the normalised picture: largest difference %g" % worst)


def compare(options, folder, title, backbone):
    """Print the table of one model. Returns the number of tasks above the limit."""
    weights = make_weights(options.taskexpert, folder, options.config, backbone, options.size)
    if options.jitter:
        jitter(weights)
    tensors, settings = load(weights, model_names)
    size = int(settings["input.height"]), int(settings["input.width"])
    rgb, picture = noise(size, 3), os.path.join(folder, "noise.png")
    write_png(picture, rgb)
    run(options.taskexpert, "infer", "-w", weights, picture, "-o", folder, "--raw", *options.infer_args.split())
    raw, _ = load(os.path.join(folder, "noise.raw.safetensors"))
    config = TaskExpert(settings, device="meta").config
    check_raw(raw, rgb, config.tasks)
    single, single_seconds = reference(settings, tensors, raw["input"], torch.float32)
    double, double_seconds = reference(settings, tensors, raw["input"], torch.float64)
    print("%s, %dx%d; reference: %.1f s single, %.1f s double" % (title, *size, single_seconds, double_seconds))
    print("  %-12s %14s %14s %14s" % ("task", "command", "PyTorch single", "one another"))
    failed = 0
    for task in config.tasks:
        if raw[task].shape != double[task].shape:
            raise CommandError("'%s' has shape %s, not %s" % (task, raw[task].shape, double[task].shape))
        error = relative(raw[task], double[task])
        wrong = not error <= options.limit
        failed += wrong
        print("  %-12s %14.2e %14.2e %14.2e%s" % (task, error, relative(single[task], double[task]),
                                                  relative(raw[task], single[task]),
                                                  "  ABOVE %g" % options.limit if wrong else ""))
    sys.stdout.flush()
    return failed


def main():
    parser = argparse.ArgumentParser(description="compare the command with the reference at full size")
    parser.add_argument("--taskexpert", required=True, help="path of the built command")
    parser.add_argument("--config", help="ini file of the model; without it: base and large")
    parser.add_argument("--model", action="append", help="backbone to compare (may be repeated)")
    parser.add_argument("--size", type=parse_size, help="HxW; default: that of --config, else 512x512")
    parser.add_argument("--jitter", action="store_true", help="random biases, norms, memory and alpha")
    parser.add_argument("--limit", type=float, default=1e-5, help="largest relative error")
    parser.add_argument("--infer-args", default="", help="more arguments for 'infer', for example to pick a device")
    parser.add_argument("--threads", type=int, default=os.cpu_count(), help="threads of PyTorch")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    if options.config is None:
        options.size = options.size or (512, 512)
        models = options.model or ["base", "large"]
    else:
        models = options.model or [None]
    failed = 0
    with torch.inference_mode():
        for backbone in models:
            with tempfile.TemporaryDirectory() as folder:
                failed += compare(options, folder, backbone or options.config, backbone)
    print("%d tasks above the limit" % failed)
    return 1 if failed else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except (CommandError, OSError, ValueError) as error:
        sys.exit("compare_full: %s" % error)
