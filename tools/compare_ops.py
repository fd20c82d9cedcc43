#!/usr/bin/env python3
"""Time ops of a model against PyTorch's, on the same shapes, alternately in one run.

    compare_ops.py --taskexpert build/taskexpert --model base
    compare_ops.py --taskexpert build/taskexpert --model large --precision bf16

Each round runs `bench --ops`, which times every kind of call of the model by itself, and then the same calls in
PyTorch: products with their GELU and residual, attention, 3x3 convolutions, normalisation. Printed are medians over
the rounds. Only times of one run are comparable. PyTorch as Debian builds it multiplies with OpenBLAS (it says which
library), so its products are OpenBLAS's.
"""
import argparse
import json
import os
import sys
import time

import numpy as np
import torch
import torch.nn.functional as F

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..")
sys.path.insert(0, os.path.join(ROOT, "tests", "reference"))
sys.path.insert(0, os.path.join(ROOT, "tools"))

from command import CommandError, run  # noqa: E402
from compare_pytorch import DTYPES, blas_name, processor  # noqa: E402


class Call:
    """A row of `bench --ops --json`: inputs' shapes, and the op's options as 32-bit numbers."""

    def __init__(self, row):
        words = row["shape"].split()
        shapes = [word.lstrip("=") for word in words if not word.startswith("#")]
        self.shapes = [tuple(int(n) for n in text.strip("()").split(",") if n) if text != "-" else () for text in shapes]
        options = bytes.fromhex("".join(word[1:] for word in words if word.startswith("#")))
        self.options = np.frombuffer(options.ljust(48, b"\0"), "<i4")
        self.op, self.operations, self.key = row["op"], row["operations"], (row["op"], row["shape"])

    def tensors(self, dtype):
        return [torch.rand(shape).sub_(0.5).to(dtype) if shape else None for shape in self.shapes]


def linear(call, dtype):
    x, w, bias, residual = (call.tensors(dtype) + [None] * 3)[:4]
    groups, gelu = int(call.options[0]), bool(call.options[1])
    rows = x.reshape(-1, x.shape[-1])

    def product():
        if groups == 1:
            y = F.linear(x, w, bias)
        else:
            y = torch.bmm(rows.reshape(-1, groups, w.shape[1]).transpose(0, 1),
                          w.reshape(groups, -1, w.shape[1]).transpose(1, 2))
            y = y if bias is None else y + bias.reshape(groups, 1, -1)
        y = F.gelu(y) if gelu else y
        return y if residual is None else y + residual
    return product


def attention(call, dtype):
    qkv, heads = call.tensors(dtype)[0], int(call.options[0])
    batch, tokens, width = qkv.shape

    def attend():
        q, k, v = qkv.reshape(batch, tokens, 3, heads, width // 3 // heads).permute(2, 0, 3, 1, 4)
        if hasattr(F, "scaled_dot_product_attention"):
            y = F.scaled_dot_product_attention(q, k, v)
        else:
            y = (q @ k.transpose(-2, -1) * (q.shape[-1] ** -0.5)).softmax(-1) @ v
        return y.transpose(1, 2).reshape(batch, tokens, -1)
    return attend


def conv(call, dtype):
    x, w, bias = call.tensors(dtype)[:3]
    height, width, groups, gelu = (int(n) for n in call.options[:4])
    grid = x.reshape(x.shape[0], height, width, -1).permute(0, 3, 1, 2).contiguous()

    def convolve():
        y = F.conv2d(grid, w, bias, padding=w.shape[-1] // 2, groups=groups)
        return F.gelu(y) if gelu else y
    return convolve


def layernorm(call, dtype):
    x, scale, shift = call.tensors(dtype)[:3]
    return lambda: F.layer_norm(x, x.shape[-1:], scale, shift, 1e-6)


PEERS = {"linear": linear, "attention": attention, "conv": conv, "layernorm": layernorm}


def time_torch(work, runs):
    seconds = []
    for _ in range(runs + 1):
        start = time.perf_counter()
        work()
        seconds.append(time.perf_counter() - start)
    return float(np.median(seconds[1:]))


def bench(options):
    arguments = [options.taskexpert, "bench", "--ops", "--json", "--runs", options.runs,
                 "--precision", options.precision, *options.bench_args.split()]
    if options.weights:
        arguments += ["-w", options.weights]
    elif options.config:
        arguments += ["--config", options.config]
    else:
        height, width = options.size.split("x")
        arguments += ["model.backbone=" + options.model, "input.height=" + height, "input.width=" + width]
    return json.loads(run(*arguments))


def measure(options):
    dtype = DTYPES[options.precision]
    ours, theirs, calls, result = {}, {}, {}, None
    for _ in range(options.rounds):
        result = bench(options)
        for row in result["ops"]:
            if row["op"] in PEERS and row["pass"] == "forward" and (row["op"] != "layernorm" or "#0100" in row["shape"]):
                call = Call(row)
                calls.setdefault(call.key, (call, row, PEERS[call.op](call, dtype)))
                ours.setdefault(call.key, []).append(row["seconds"])
                theirs.setdefault(call.key, []).append(time_torch(calls[call.key][2], options.runs))
    return result, [(call, row, float(np.median(ours[key])), float(np.median(theirs[key])))
                    for key, (call, row, _) in calls.items()]


def report(options, result, rows):
    print("device      %s, %s %s" % (result["device"]["name"], result["device"]["platform"], result["device"]["driver"]))
    print("processor   %s, %d cores, load %.1f" % (processor(), os.cpu_count(), os.getloadavg()[0]))
    print("PyTorch     %s, %d threads, %s, %s" % (torch.__version__, torch.get_num_threads(), options.precision, blas_name()))
    print("ceiling     %.0f GFLOP/s measured" % (result["ceilings"]["operations_per_second"] / 1e9))
    print("%-10s %-9s %-58s %9s %9s %9s %7s" % ("op", "variant", "shape", "GFLOP/s", "PyTorch", "ms", "ratio"))
    for call, row, mine, other in sorted(rows, key=lambda item: -item[1]["share_of_pass"]):
        rates = ["%9.1f" % (call.operations / t / 1e9) if call.operations else " " * 9 for t in (mine, other)]
        print("%-10s %-9s %-58s %s %s %9.3f %7.2f"
              % (call.op, row["variant"], row["shape"], *rates, 1e3 * mine, other / mine))
    products = [other / mine for call, _, mine, other in rows if call.op == "linear"]
    print("ratio of products: %.2f to %.2f, median %.2f" % (min(products), max(products), float(np.median(products))))


def main():
    parser = argparse.ArgumentParser(description="time a model's ops against PyTorch's")
    parser.add_argument("--taskexpert", required=True, help="path of the built command")
    parser.add_argument("--weights", help="weight file of the model")
    parser.add_argument("--config", help="ini file of the model")
    parser.add_argument("--model", default="base", help="backbone, without --weights and --config")
    parser.add_argument("--size", default="512x512", help="HxW, with --model")
    parser.add_argument("--rounds", type=int, default=3, help="rounds of command and PyTorch in turn")
    parser.add_argument("--runs", type=int, default=7, help="timed runs of each kind of call a round")
    parser.add_argument("--precision", default="fp32", choices=tuple(DTYPES), help="of both sides")
    parser.add_argument("--threads", type=int, default=os.cpu_count(), help="threads of PyTorch")
    parser.add_argument("--bench-args", default="", help="more arguments for 'bench'")
    options = parser.parse_args()
    if options.rounds < 1 or options.runs < 1:
        parser.error("--rounds and --runs must be 1 or more")
    torch.set_num_threads(options.threads)
    with torch.inference_mode():
        report(options, *measure(options))


if __name__ == "__main__":
    try:
        main()
    except (CommandError, OSError, ValueError) as error:
        sys.exit("compare_ops: %s" % error)
