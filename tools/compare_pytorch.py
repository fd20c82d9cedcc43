#!/usr/bin/env python3
"""Time the command against the same model in PyTorch, alternately in one run.

    compare_pytorch.py --taskexpert build/taskexpert --model base --size 512x512 --rounds 5 --time 3
    compare_pytorch.py --taskexpert build/taskexpert --config configs/rooms.ini --train --batch 4

Each round runs `infer --time N` (which warms up, then times N forward passes) and N forward passes of PyTorch after
one to warm up. Only times of one run are comparable. PyTorch runs the model of tests/reference as it is written:
direct order of the heads, its own kernels, inference mode. --precision is that of both sides.

Before any is timed, the logits of both are compared with PyTorch's in single precision, on the same weights and
picture. More than LIMITS of the norm of a task's, and more than PyTorch's own in that precision, is an error.

With --train, a round is `train` on generated rooms for N+1 steps, of which the first is left out and the time that a
step waited for its samples too, and as many steps of PyTorch on a batch of the same size: forward, losses, backward,
clipping, Adam; no stochastic depth, no augmentation. With --precision bf16 PyTorch trains as its users do, by autocast:
operands of products in bfloat16, weights, moments and losses in float32. Generated rooms have ROOMS_CLASSES classes, so
a model of --model is made for them. What is compared before is the forward pass; steps are, by tests/test_training.

PyTorch as Debian builds it multiplies with whatever provides libblas.so.3, and the plain one there is some thirty
times slower than OpenBLAS: a ratio against it would say nothing. So PyTorch's product is first timed against its
own convolution of the same size, and a slow one stops the comparison. The remedy is `apt install
libopenblas0-pthread`.
"""
import argparse
import csv
import json
import os
import platform
import sys
import tempfile
import time

import numpy as np
import torch

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..")
sys.path.insert(0, os.path.join(ROOT, "tests", "reference"))

from command import CommandError, make_weights, noise, parse_size, run, write_png  # noqa: E402
from compare_full import check_raw, relative  # noqa: E402
from safetensors_io import load  # noqa: E402
from taskexpert import TaskExpert, load_weights, model_names  # noqa: E402
from training import train  # noqa: E402

LINE = "forward_seconds"
ROOMS_CLASSES = 22  # of generated rooms, which training draws
PRODUCT = 1024  # rows, columns and depth of the product that judges PyTorch's BLAS
SLOW_BLAS = 0.25  # of the rate of a convolution of the same size
DTYPES = {"fp32": torch.float32, "bf16": torch.bfloat16}  # by the command's names
LIMITS = {"fp32": 1e-5, "bf16": 1e-2}


def processor():
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as file:
            for line in file:
                if line.startswith("model name"):
                    return line.split(":", 1)[1].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()


def picked_device(options):
    """The settings of [device] among those of the training or the inference that is timed."""
    words = options.train_args.split() if options.train else options.infer_args.split()
    return [word for word in words if word.startswith("device.")]


def infer_arguments(options, weights, picture, folder):
    return ["infer", "-w", weights, picture, "-o", folder, "infer.precision=" + options.precision,
            *options.infer_args.split(), *(picked_device(options) if options.train else [])]


def time_command(options, weights, picture, folder):
    """Seconds of N forward passes, as the command itself measures them."""
    text = run(options.taskexpert, *infer_arguments(options, weights, picture, folder), "--time", options.time)
    seconds = [float(line.split()[1]) for line in text.splitlines() if line.startswith(LINE + " ")]
    if len(seconds) != options.time:
        raise CommandError("'infer --time %d' printed %d lines of '%s'" % (options.time, len(seconds), LINE))
    return seconds


def time_torch(model, image, number):
    """Seconds of `number` forward passes after one to warm up."""
    seconds = []
    for _ in range(number + 1):
        start = time.perf_counter()
        model(image)
        seconds.append(time.perf_counter() - start)
    return seconds[1:]


def time_command_training(options, weights, size, folder):
    """Seconds of N training steps after one to warm up, as log.csv has them, without waiting for samples."""
    with tempfile.TemporaryDirectory(dir=folder) as parent:
        out = os.path.join(parent, "run")
        run(options.taskexpert, "train", "-q", "-w", weights, "-o", out, "train.iterations=%d" % (options.time + 1),
            "train.precision=" + options.precision, "train.batch=%d" % options.batch, "train.depth_rate=0",
            "train.validate_every=0", "data.source=rooms", "data.augment=off", "input.height=%d" % size[0],
            "input.width=%d" % size[1], *options.train_args.split())
        with open(os.path.join(out, "log.csv"), encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
    return [float(row["seconds"]) - float(row["waited"]) for row in rows[1:]]


def draw_batch(model, batch, size, dtype):
    """(images, {task: labels}) as tests/reference/training.py wants them"""
    random, labels = np.random.RandomState(5), {}
    shape = (batch, 1) + tuple(size)
    for task, head in model.heads.items():
        if task in ("semseg", "human_parts", "sal"):
            labels[task] = random.randint(0, head.pred.weight.shape[0], shape)
        elif task == "normals":
            vectors = random.standard_normal((batch, 3) + tuple(size))
            labels[task] = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
        else:
            labels[task] = random.uniform(size=shape) < 0.1 if task == "edge" else random.uniform(1, 5, shape)
    images = random.standard_normal((batch, 3) + tuple(size))
    return (torch.from_numpy(images).to(dtype),
            {task: torch.from_numpy(np.asarray(values, np.float32)).to(dtype) for task, values in labels.items()})


def use_autocast(model, dtype):
    """Let forward passes of a float32 model take products in `dtype`; its logits stay float32, as losses want them."""
    forward = model.forward

    def forward_cast(image):
        with torch.autocast("cpu", dtype):
            result = forward(image)
        return result._replace(logits={task: logits.float() for task, logits in result.logits.items()})
    model.forward = forward_cast


def time_torch_training(model, batch, number):
    """Seconds of `number` training steps after one to warm up."""
    times = []

    def batches():
        for _ in range(number + 1):
            times.append(time.perf_counter())
            yield batch
    train(model, batches(), 1e-5, 40000)
    times.append(time.perf_counter())
    return list(np.diff(times)[1:])


def rate(work):
    """GF/s of a product of PRODUCT^3, best of ten."""
    best = float("inf")
    for _ in range(10):
        start = time.perf_counter()
        work()
        best = min(best, time.perf_counter() - start)
    return 2 * PRODUCT ** 3 / best / 1e9


def blas_name():
    """The library behind PyTorch's products, as far as this process's memory map shows it."""
    try:
        with open("/proc/self/maps", encoding="utf-8") as file:
            paths = {line.split()[-1] for line in file}
    except OSError:
        paths = set()
    names = ("libblas", "libopenblas", "libblis", "libatlas", "libmkl_core")  # not numpy's own copy, not cuBLAS
    paths = {path for path in paths if os.path.basename(path).startswith(names)}
    return ", ".join(sorted(paths)) or "inside PyTorch"


def product_rates():
    """GF/s of a matrix product and of the same product as a 1x1 convolution, in single precision."""
    side = int(PRODUCT ** 0.5)
    left, right = torch.rand(PRODUCT, PRODUCT) - 0.5, torch.rand(PRODUCT, PRODUCT) - 0.5
    image, weight = left.reshape(1, PRODUCT, side, side), right.reshape(PRODUCT, PRODUCT, 1, 1)
    return rate(lambda: left @ right), rate(lambda: torch.conv2d(image, weight))


def check_blas(options):
    """The two rates; an error where PyTorch would be a peer of straw."""
    rates = product_rates()
    if rates[0] < SLOW_BLAS * rates[1] and not options.allow_slow_blas:
        raise CommandError("PyTorch multiplies matrices at %.0f GF/s but convolves at %.0f: its BLAS ('%s') is "
                           "slow, install libopenblas0-pthread (--allow-slow-blas compares all the same)"
                           % (*rates, blas_name()))
    return rates


def summary(seconds):
    """best, lower quartile, median, upper quartile"""
    return (min(seconds),) + tuple(float(value) for value in np.percentile(seconds, (25, 50, 75)))


def load_model(weights, dtype):
    tensors, settings = load(weights, model_names)
    model = TaskExpert(settings, device="meta").to_empty(device="cpu").to(dtype)
    load_weights(model, tensors)
    return model, model.use_fused_attention()


def logits_of(model, image):
    """{task: (K,H,W)}, as numpy keeps them"""
    with torch.no_grad():
        return {task: values[0].float().numpy() for task, values in model(image).logits.items()}


def check_results(options, weights, rgb, picture, folder, model, dtype):
    """Largest error of the command and of `model` over the tasks, each against PyTorch in single precision."""
    run(options.taskexpert, *infer_arguments(options, weights, picture, folder), "--raw")
    raw, _ = load(os.path.splitext(picture)[0] + ".raw.safetensors")
    check_raw(raw, rgb, model.heads)
    image = torch.from_numpy(raw["input"][None])
    results = logits_of(model, image.to(dtype))
    exact = results if options.precision == "fp32" else logits_of(load_model(weights, torch.float32)[0], image)
    ours, theirs = (max(relative(values[task], exact[task]) for task in exact) for values in (raw, results))
    limit = max(LIMITS[options.precision], theirs)
    if not ours <= limit:
        raise CommandError("the command's results are %.1e away from PyTorch's in fp32, more than %.1e of their norm: "
                           "times mean nothing" % (ours, limit))
    return ours, theirs


def device_name(options):
    """The device that the command chooses, by the settings of [device] if some are given, with its driver."""
    devices = json.loads(run(options.taskexpert, "devices", "--json", *picked_device(options)))
    chosen = next(device for device in devices if device["chosen"])
    return "%s, %s %s" % (chosen["name"], chosen["platform"], chosen["driver"])


def report(options, size, fused, rates, errors, load_before, ours, theirs):
    print("device      %s" % device_name(options))
    print("processor   %s, %d cores, load %.1f before" % (processor(), os.cpu_count(), load_before))
    print("PyTorch     %s, %d threads, %s, %s attention"
          % (torch.__version__, torch.get_num_threads(), options.precision, "fused" if fused else "plain"))
    slow = rates[0] < SLOW_BLAS * rates[1]
    print("BLAS        %s, %.0f GF/s (convolution %.0f)%s"
          % (blas_name(), *rates, "  SLOW: the ratios below mean nothing" if slow else ""))
    print("model       %s, %dx%d, batch %d, %d rounds of %d %s"
          % (options.weights or options.config or options.model, *size, options.batch, options.rounds, options.time,
             "training steps" if options.train else "forward passes"))
    print("results     %.1e from PyTorch's in fp32%s (largest of the tasks, of their norm)"
          % (errors[0], ", PyTorch's in %s %.1e" % (options.precision, errors[1]) if errors[1] else ""))
    print("%-11s %10s %10s %10s %10s" % ("seconds", "best", "lower q.", "median", "upper q."))
    rows = [summary(sum(ours, [])), summary(sum(theirs, []))]
    for name, row in zip(("command", "PyTorch"), rows):
        print("%-11s %10.4f %10.4f %10.4f %10.4f" % ((name,) + row))
    print("%-11s %10.3f %10.3f %10.3f %10.3f" % (("ratio",) + tuple(t / o for o, t in zip(*rows))))
    rounds = sorted(min(t) / min(o) for o, t in zip(ours, theirs))
    print("ratio of the best within a round: median %.3f, %.3f to %.3f (above 1: the command is faster)"
          % (float(np.median(rounds)), rounds[0], rounds[-1]))


def measure(options, folder):
    load_before = os.getloadavg()[0]  # others' work: a busy machine makes poor timings
    rates = check_blas(options)
    weights = options.weights or \
        make_weights(options.taskexpert, folder, options.config, options.model, options.size,
                     classes=ROOMS_CLASSES if options.train and not options.config else None)
    dtype = DTYPES[options.precision]
    if options.train and dtype != torch.float32:
        model, fused = load_model(weights, torch.float32)
        use_autocast(model, dtype)
        dtype = torch.float32
    else:
        model, fused = load_model(weights, dtype)
    size = model.config.height, model.config.width_pixels
    rgb, picture = noise(size, 3), os.path.join(folder, "noise.png")
    write_png(picture, rgb)
    image = torch.from_numpy(rgb.transpose(2, 0, 1)[None] / 127.5 - 1).to(dtype)
    batch = draw_batch(model, options.batch, size, dtype) if options.train else None
    errors, ours, theirs = check_results(options, weights, rgb, picture, folder, model, dtype), [], []
    for _ in range(options.rounds):
        if options.train:
            ours.append(time_command_training(options, weights, size, folder))
            theirs.append(time_torch_training(model, batch, options.time))
        else:
            ours.append(time_command(options, weights, picture, folder))
            theirs.append(time_torch(model, image, options.time))
    report(options, size, fused, rates, errors, load_before, ours, theirs)


def main():
    parser = argparse.ArgumentParser(description="time the command against PyTorch")
    parser.add_argument("--taskexpert", required=True, help="path of the built command")
    parser.add_argument("--weights", help="weight file; without it, random weights are made")
    parser.add_argument("--config", help="ini file of the model")
    parser.add_argument("--model", help="backbone; default: that of --config, else base")
    parser.add_argument("--size", type=parse_size, help="HxW; default: that of --config, else 512x512")
    parser.add_argument("--rounds", type=int, default=5, help="rounds of command and PyTorch in turn")
    parser.add_argument("--time", type=int, default=3, help="timed forward passes a round, of each")
    parser.add_argument("--precision", default="fp32", choices=tuple(DTYPES), help="of both sides")
    parser.add_argument("--threads", type=int, default=os.cpu_count(), help="threads of PyTorch")
    parser.add_argument("--allow-slow-blas", action="store_true", help="compare even where PyTorch's BLAS is slow")
    parser.add_argument("--infer-args", default="", help="more arguments for 'infer', for example device.index=1")
    parser.add_argument("--train", action="store_true", help="time training steps")
    parser.add_argument("--batch", type=int, default=1, help="pictures of a training step")
    parser.add_argument("--train-args", default="", help="more arguments for 'train'")
    options = parser.parse_args()
    if options.rounds < 1 or options.time < 1 or options.batch < 1:
        parser.error("--rounds, --time and --batch must be 1 or more")
    if options.batch > 1 and not options.train:
        parser.error("--batch is for --train: infer takes one picture at a time")
    if options.weights and (options.config or options.model or options.size):
        parser.error("--weights fixes the model: no --config, --model or --size beside it")
    if options.config is None and options.weights is None:
        options.model, options.size = options.model or "base", options.size or (512, 512)
    torch.set_num_threads(options.threads)
    with torch.inference_mode(not options.train), tempfile.TemporaryDirectory() as folder:
        measure(options, folder)


if __name__ == "__main__":
    try:
        main()
    except (CommandError, OSError, ValueError) as error:
        sys.exit("compare_pytorch: %s" % error)
