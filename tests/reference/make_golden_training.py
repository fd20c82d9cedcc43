#!/usr/bin/env python3
"""Write the golden files of training: steps of two tiny models.

    make_golden_training.py [--out FOLDER]    write tests/golden/<run>.safetensors (the same bytes every time)
    make_golden_training.py --check           run again and compare with the files
    make_golden_training.py --conditioning    how far PyTorch in single precision strays from the runs

    training        all six tasks, gated writes, dense scores; decoded features of 12, which fill no vector
    training_sparse added writes (the default), sparse scores, convolutions as experts, a class token; features of 16

A file holds the weights before the first step under their names, the settings as metadata "model.<key>" and
"input.<key>", "golden.batch", "golden.steps", "golden.rate" (before the schedule) and "golden.iterations" (the
schedule's length) as metadata, and the tensors
    golden.input (B,3,H,W)         golden.label.<task> (B,1,H,W), normals (B,3,H,W): the batch of every step
    golden.loss.<task> (steps)     without the paper's weights, before each step
    golden.norm (steps)            of the whole gradient, before clipping
    golden.final.<name>            every weight and running statistic after the last step
Losses, labels' conventions and optimiser are those of training.py.

Weights and batch are drawn in double precision and rounded to float; the run is in double precision from the
rounded numbers, its results are rounded. Two kinds of weights have a gradient of zero up to rounding, which Adam
turns into steps that mean nothing, and neither changes a result; leave them out when final weights are compared:
    heads.<task>.conv.bias                     batch norm subtracts it; it is not trained here, see training.py
    backbone.blocks.<i>.attn.qkv.bias[C:2C]    that of the keys adds one number to all scores of a query
"""
import argparse
import itertools
import os
import sys

import numpy as np
import torch

from make_golden import CHECK_TOLERANCE, FOLDER, as_float, draw_state, seeded
from safetensors_io import load, save
from taskexpert import TaskExpert, configure, load_weights
from training import IGNORED, LARGEST_NORM, train

FILE_LIMIT = 700_000  # bytes
RATE, ITERATIONS, BATCH = 1e-3, 40, 4
# Sparse scores are chosen: runs that differ by rounding choose differently one day, here in step 10, and part.
STEPS = {"training": 20, "training_sparse": 8}
CELL = 8  # pixels a side: labels are constant on cells
WITHOUT_PARTS, WITHOUT_NORMALS = 2, 1  # the pictures whose labels of that task are all ignored

# The losses of normals and depth have a kink where prediction and label meet, and the direction of a short vector
# changes fast: runs that differ by rounding would cross a kink in different steps and part from there, tenfold
# every few steps. Hence predictions that start long and in the middle, and labels on either side of them.
FIRST_BIAS = {"heads.normals.pred.bias": (0.1, -0.2, 2.5), "heads.depth.pred.bias": (3,)}
FIRST_GAIN = {"heads.normals.pred.weight": 0.5, "heads.depth.pred.weight": 0.5}
TILT = 0.65, 0.45  # of a normal's x and y, of its z, before it is brought to length 1
NEAR, FAR = 0.3, 4.8  # metres

GATED = {
    "model.backbone": "tiny", "model.width": "16", "model.blocks": "2", "model.heads": "2", "model.taps": "1 2",
    "model.cls_token": "false", "model.tasks": "semseg human_parts sal normals edge depth",
    "model.semseg_classes": "5", "model.decoder_width": "12", "model.experts": "3", "model.expert_hidden": "16",
    "model.expert": "mlp", "model.gate": "conv3", "model.gate_width": "4", "model.connection": "dense",
    "model.memory": "true", "model.write": "gated", "input.height": "32", "input.width": "48",
}
RUNS = {
    "training": GATED,
    "training_sparse": dict(GATED, **{
        "model.cls_token": "true", "model.tasks": "semseg normals edge depth", "model.decoder_width": "16",
        "model.expert": "conv", "model.gate": "conv1", "model.connection": "sparse:3", "model.write": "add",
    }),
}


# ---- the batch -------------------------------------------------------------------------------------------------

def cells(values):
    """(B,?,h,w) -> (B,?,H,W): each value on a square of CELL pixels a side"""
    return values.repeat(CELL, 2).repeat(CELL, 3)


def some(random, shape, share):
    """A mask (B,1,H,W): `share` of the pixels, each on its own rather than in cells."""
    return random.uniform(size=(shape[0], 1) + shape[2:]) < share


def draw_classes(random, count, grid):
    return cells(random.randint(0, count, grid).astype(np.float64))


def draw_normals(random, grid):
    """Unit vectors tilted far to one of four sides; see FIRST_BIAS."""
    sides = np.where(random.uniform(size=(grid[0], 2) + grid[2:]) < 0.5, -TILT[0], TILT[0])
    vectors = cells(np.concatenate([sides, np.full(grid, TILT[1])], 1))
    vectors += 0.08 * random.standard_normal(vectors.shape)
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def draw_depth(random, grid):
    """Metres: near or far"""
    return cells(random.uniform(0, 1, grid) + np.where(random.uniform(size=grid) < 0.5, NEAR, FAR))


def borders(classes):
    """1 where the pixel to the right or below is of another class"""
    other = np.zeros(classes.shape, bool)
    other[..., :, :-1] |= classes[..., :, :-1] != classes[..., :, 1:]
    other[..., :-1, :] |= classes[..., :-1, :] != classes[..., 1:, :]
    return other.astype(np.float64)


def draw_labels(random, channels, size):
    """{task: (B,1,H,W) or (B,3,H,W)}, float; a tenth of the pixels is ignored, for each task another tenth."""
    grid = (BATCH, 1, size[0] // CELL, size[1] // CELL)
    semseg = draw_classes(random, channels["semseg"], grid)
    labels = {
        "semseg": semseg, "human_parts": draw_classes(random, channels.get("human_parts", 7), grid),
        "sal": (draw_classes(random, 3, grid) == 0).astype(np.float64), "normals": draw_normals(random, grid),
        "edge": borders(semseg), "depth": draw_depth(random, grid),
    }
    ignored = {task: 0 if task in ("normals", "depth") else IGNORED for task in labels}
    for task, values in labels.items():
        labels[task] = np.where(some(random, values.shape, 0.1), ignored[task], values).astype(np.float32)
    labels["human_parts"][WITHOUT_PARTS] = IGNORED
    labels["normals"][WITHOUT_NORMALS] = 0
    return {task: values for task, values in labels.items() if task in channels}


def draw_image(random, size):
    """Like a normalised picture: cells of one colour, and noise"""
    coarse = cells(random.standard_normal((BATCH, 3, size[0] // CELL, size[1] // CELL)))
    return (coarse + 0.5 * random.standard_normal(coarse.shape)).astype(np.float32)


# ---- the run ---------------------------------------------------------------------------------------------------

def draw_start(name):
    """Everything before the first step of a run: {name: weights}, image, labels"""
    random, config = seeded(name), configure(RUNS[name])
    model = TaskExpert(RUNS[name], device="meta")
    weights = draw_state({name: tuple(value.shape) for name, value in model.state_dict().items()}, random)
    weights.update({name: np.float32(values) for name, values in FIRST_BIAS.items()})
    weights.update({name: weights[name] * np.float32(gain) for name, gain in FIRST_GAIN.items()})
    size = (config.height, config.width_pixels)
    return weights, draw_image(random, size), draw_labels(random, config.channels, size)


def run(name, weights, image, labels, dtype=torch.float64):
    """-> {task: losses (STEPS)}, norms (STEPS), {name: weights after the last step}"""
    model = TaskExpert(RUNS[name]).to(dtype)
    with torch.no_grad():
        load_weights(model, weights)
    batch = torch.from_numpy(image).to(dtype), {t: torch.from_numpy(v).to(dtype) for t, v in labels.items()}
    with torch.enable_grad():
        losses, norms = train(model, itertools.repeat(batch, STEPS[name]), RATE, ITERATIONS)
    return ({task: np.array([step[task] for step in losses]) for task in labels}, np.array(norms),
            model.state_dict())


def check_run(weights, losses, norms, final):
    """A run is worth comparing with only if it moves everything, clips some steps and not all, and learns."""
    for name, before in weights.items():
        frozen = name.startswith("heads.") and name.endswith(".conv.bias")
        moved = float(np.abs(as_float(final[name]) - before).max())
        if frozen and moved or not frozen and moved < RATE:
            raise SystemExit("'%s' moved by %g" % (name, moved))
    if not norms.min() < LARGEST_NORM < norms.max():
        raise SystemExit("norms %s: clipping never or always" % norms)
    for task, values in losses.items():
        if not 0.02 < values[-1] < values[0] < 20:
            raise SystemExit("loss of %s goes from %g to %g" % (task, values[0], values[-1]))


def make(name):
    """(tensors, metadata)"""
    weights, image, labels = draw_start(name)
    losses, norms, final = run(name, weights, image, labels)
    check_run(weights, losses, norms, final)
    tensors = dict(weights, **{"golden.input": image})
    tensors.update({"golden.label." + task: values for task, values in labels.items()})
    tensors.update({"golden.loss." + task: values.astype(np.float32) for task, values in losses.items()})
    tensors["golden.norm"] = norms.astype(np.float32)
    tensors.update({"golden.final." + key: as_float(value) for key, value in final.items()})
    return tensors, dict(RUNS[name], **{"golden.batch": str(BATCH), "golden.steps": str(STEPS[name]),
                                      "golden.rate": str(RATE), "golden.iterations": str(ITERATIONS)})


def path_in(folder, name):
    return os.path.join(folder, name + ".safetensors")


def write(folder, name):
    size = save(path_in(folder, name), *make(name))
    print("%-20s %7d bytes" % (name, size))
    if size > FILE_LIMIT:
        raise SystemExit("'%s' is larger than %d bytes" % (path_in(folder, name), FILE_LIMIT))


def differences(folder, name):
    """Lines that say where a file in `folder` is not what make() computes."""
    if not os.path.exists(path_in(folder, name)):
        return ["'%s' is missing" % name]
    tensors, metadata = load(path_in(folder, name))
    expected_tensors, expected_metadata = make(name)
    if metadata != expected_metadata or list(tensors) != list(expected_tensors):
        return ["'%s' has other metadata or names" % name]
    lines = []
    for key, expected in expected_tensors.items():
        if tensors[key].shape != expected.shape or tensors[key].dtype != np.float32:
            lines.append("'%s' of '%s' has another shape or type" % (key, name))
        elif not np.max(np.abs(tensors[key] - expected)) <= CHECK_TOLERANCE * np.max(np.abs(expected)):
            lines.append("'%s' of '%s' differs" % (key, name))
    return lines


# ---- single precision ------------------------------------------------------------------------------------------

def compared(name, values, width):
    """What of a final weight is worth comparing, flat: nothing of conv.bias, no bias of the keys; see above."""
    if name.startswith("heads.") and name.endswith(".conv.bias"):
        return values[:0]
    if name.endswith("attn.qkv.bias"):
        return np.concatenate([values[:width], values[2 * width:]])
    return values.ravel()


def conditioning(run_name):
    """Single against double precision: {"loss.<task>", "norm": relative differences (STEPS)}, and {name: (norm
    of the difference over the weight's norm, largest difference, norm over the movement's)}"""
    start = draw_start(run_name)
    losses, norms, final = run(run_name, *start)
    single_losses, single_norms, single_final = run(run_name, *start, dtype=torch.float32)
    steps = {"loss." + task: np.abs(single_losses[task] / values - 1) for task, values in losses.items()}
    steps["norm"] = np.abs(single_norms / norms - 1)
    weights, width = {}, int(RUNS[run_name]["model.width"])
    for name, value in final.items():
        before, double, single = (compared(name, v, width).astype(np.float64) for v in
                                  (start[0][name], value.detach().numpy(), single_final[name].detach().numpy()))
        if double.size:
            error = single - double
            weights[name] = (np.linalg.norm(error) / np.linalg.norm(double), np.abs(error).max(),
                             np.linalg.norm(error) / np.linalg.norm(double - before))
    return steps, weights


def print_conditioning(run_name):
    steps, weights = conditioning(run_name)
    print("%s: relative difference of single precision, by step" % run_name)
    for name, values in steps.items():
        print("  %-18s %s  largest %.1e" % (name, " ".join("%.0e" % v for v in values), values.max()))
    print("final weights: norm of the difference over the weight's, largest difference, norm over the movement's")
    for name, values in sorted(weights.items(), key=lambda item: -item[1][0])[:12]:
        print("  %-44s %.1e %.1e %.1e" % (name, *values))
    print("  %-44s %.1e %.1e %.1e" % (("largest of all %d" % len(weights),)
                                      + tuple(max(column) for column in zip(*weights.values()))))


def main():
    parser = argparse.ArgumentParser(description="write or check the golden files of training")
    parser.add_argument("--out", default=FOLDER, help="folder of the files")
    parser.add_argument("--check", action="store_true", help="compare instead of writing")
    parser.add_argument("--conditioning", action="store_true", help="compare with single precision instead")
    options = parser.parse_args()
    torch.set_num_threads(1)  # the order of sums, and with it the last bit, must not depend on the machine's cores
    if options.conditioning:
        for name in RUNS:
            print_conditioning(name)
        return 0
    if not options.check:
        os.makedirs(options.out, exist_ok=True)
        for name in RUNS:
            write(options.out, name)
        return 0
    lines = [line for name in RUNS for line in differences(options.out, name)]
    print("\n".join(lines) if lines else "the golden files of training are what the reference computes")
    return 1 if lines else 0


if __name__ == "__main__":
    sys.exit(main())
