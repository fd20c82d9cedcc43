#!/usr/bin/env python3
"""Write the golden files: tiny models with all their weights, an input, and the results of the reference.

    make_golden.py [--out FOLDER]    write tests/golden/*.safetensors (the same bytes every time)
    make_golden.py --check           compute all results again and compare them with the files

<case>.safetensors holds the weights under their names, the settings as metadata "model.<key>" and "input.<key>",
"golden.batch" as metadata, and the tensors
    golden.input (B,3,H,W)            golden.logits.<task> (B,K,H,W)
    golden.tap.<l> (B,N,C)            golden.gates.<l> (B,N,T*S), tasks in the model's order
    golden.experts.<l> (B,N,E*D), the experts' features side by side
    golden.memory.<l>.<task> (B,N,D)  after the write at tap l (memory off: the sum of z so far); l from 0
timm_backbone.safetensors holds a backbone under timm's names with a square position grid and a class token.
timm_expected*.safetensors hold settings, golden.input and golden.tap.<l> after that backbone replaced the one of
the model in the file that the metadata's "golden.model" names.

Weights are drawn in double precision and rounded to float; results are computed in double precision from the
rounded weights, then rounded. Nothing trivial is left: norms are not 1 and 0, biases, memory and alpha are not 0.
"""
import argparse
import os
import sys
import zlib

import numpy as np
import torch

from safetensors_io import load, save
from taskexpert import PATCH, TaskExpert, configure, load_timm_backbone, load_weights

FOLDER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "golden")
OTHERS = {"training", "training_sparse", "metrics", "metrics_hard", "edges", "augment", "datasets",
          "principal"}  # by scripts of their own
FILE_LIMIT, TOTAL_LIMIT = 500_000, 3_000_000  # bytes
LEAST_MARGIN = 1e-4  # between the last score that sparse:k keeps and the first it drops
CHECK_TOLERANCE = 1e-6  # of --check, relative to the largest value: other machines may round otherwise
TIMM_GRID, TIMM_CLASSES = 4, 10

SMALL = {
    "backbone": "tiny", "width": 16, "blocks": 2, "heads": 2, "taps": "1 2", "cls_token": "false",
    "tasks": "semseg edge", "semseg_classes": 3, "decoder_width": 16, "experts": 3, "expert_hidden": 16,
    "expert": "mlp", "gate": "conv3", "gate_width": 4, "connection": "dense", "memory": "true", "write": "add",
    "height": 32, "width_pixels": 48, "batch": 1,
}
TIMM_BACKBONE = {"blocks": 3, "taps": "1 3"}  # that of timm_backbone.safetensors

# what differs from SMALL
CASES = {
    "base": {"width": 32, "experts": 4, "expert_hidden": 32, "gate_width": 8, "tasks": "semseg sal"},
    "conv1_replace": {"gate": "conv1", "write": "replace", "blocks": 4, "taps": "1 2 3 4", "tasks": "sal edge"},
    "conv5_gated": {"gate": "conv5", "write": "gated", "tasks": "depth edge", "batch": 2},
    "mlp_memory_off": {**TIMM_BACKBONE, "gate": "mlp", "memory": "false", "tasks": "normals"},
    "sparse_nyud": {"connection": "sparse:2", "experts": 5, "tasks": "semseg depth normals edge",
                    "width_pixels": 64},
    "expert_conv": {"expert": "conv", "memory": "false", "connection": "sparse:2", "gate": "conv1",
                    "tasks": "sal depth", "height": 48, "width_pixels": 32},
    "cls_token": {**TIMM_BACKBONE, "cls_token": "true", "batch": 2},
    "six_tasks": {"decoder_width": 12, "tasks": "semseg human_parts sal normals edge depth"},
    "odd": {"width": 20, "heads": 4, "decoder_width": 20, "expert_hidden": 28, "gate_width": 6, "experts": 4,
            "semseg_classes": 5, "tasks": "semseg", "batch": 2, "height": 32, "width_pixels": 32},
    "single_token": {"width": 12, "heads": 1, "blocks": 1, "taps": "1", "experts": 1, "tasks": "depth",
                     "decoder_width": 8, "expert_hidden": 8, "gate_width": 4, "write": "gated", "height": 16,
                     "width_pixels": 16, "batch": 3},
    "head_64": {"width": 64, "heads": 1, "blocks": 1, "taps": "1", "experts": 2, "gate": "conv1", "tasks": "edge",
                "width_pixels": 32},
}
TIMM_EXPECTED = {"timm_expected": "mlp_memory_off", "timm_expected_cls": "cls_token"}


def settings_of(case):
    """({"model.width": "32", ...}, B)"""
    values = dict(SMALL, **CASES[case])
    batch, height, width = values.pop("batch"), values.pop("height"), values.pop("width_pixels")
    settings = {"model." + key: str(value) for key, value in values.items()}
    settings.update({"input.height": str(height), "input.width": str(width)})
    return settings, batch


def seeded(name):
    """Random numbers of their own for every file: RandomState's stream is frozen, unlike default_rng's."""
    return np.random.RandomState(zlib.crc32(name.encode()))


def draw(name, shape, random):
    """A weight of such a size that activations stay O(1)."""
    normal = random.standard_normal(shape)
    if name.endswith("running_var"):
        return random.uniform(0.5, 1.5, shape)
    if name.endswith(("norm.weight", "norm1.weight", "norm2.weight", "bn.weight")):
        return 1 + 0.2 * normal
    if name.endswith(("bias", "running_mean")):
        return 0.2 * normal
    if name.endswith(("pos_embed", "cls_token")) or name.startswith("memory."):
        return 0.5 * normal
    if ".alpha." in name:
        return normal
    gain = 1.0
    if ".gates." in name and name.endswith(("conv2.weight", "fc2.weight")):
        gain = 2.0  # scores that differ
    if name.endswith("qkv.weight"):
        gain = 1.5  # attention that is not uniform
    return gain * normal / np.sqrt(np.prod(shape[1:]))


def draw_state(shapes, random):
    return {name: draw(name, shape, random).astype(np.float32) for name, shape in shapes.items()}


def as_float(tensor):
    return tensor.detach().to(torch.float32).numpy()


def doubled(image):
    return torch.from_numpy(image).double()


def check_scale(case, tensors):
    """Golden values must be O(1): a result that is nearly 0 or huge would hide errors."""
    for name, values in tensors.items():
        scale = float(np.sqrt(np.mean(np.square(values, dtype=np.float64))))
        if name.startswith("golden.") and not 0.02 < scale < 20:
            raise SystemExit("%s: '%s' has root mean square %g" % (case, name, scale))


def check_margin(case, model, image):
    """sparse:k must not hang on the last bit of a score."""
    k, least = model.config.top, np.inf
    taps, grid = model.backbone(image)
    for tap, mmoe in zip(taps, model.mmoe):
        for gate in mmoe.gates.values():
            scores = gate(tap, grid).softmax(2).sort(2, descending=True)[0]
            least = min(least, float((scores[:, :, k - 1] - scores[:, :, k]).min()))
    if least < LEAST_MARGIN:
        raise SystemExit("%s: two scores at the limit of sparse:%d differ by %g only" % (case, k, least))


def make_case(case):
    settings, batch = settings_of(case)
    random = seeded(case)
    model = TaskExpert(settings).double()
    tensors = draw_state({name: tuple(value.shape) for name, value in model.state_dict().items()}, random)
    load_weights(model, tensors)
    config = model.config
    image = random.standard_normal((batch, 3, config.height, config.width_pixels)).astype(np.float32)
    result = model(doubled(image))
    grid = (config.height // PATCH, config.width_pixels // PATCH)
    if config.top:
        check_margin(case, model, doubled(image))
    tensors["golden.input"] = image
    tensors.update({"golden.logits." + task: as_float(value) for task, value in result.logits.items()})
    for l in range(len(config.taps)):
        tensors["golden.tap.%d" % l] = as_float(result.taps[l])
        tensors["golden.gates.%d" % l] = as_float(result.gates[l])
        tensors["golden.experts.%d" % l] = as_float(
            torch.cat([expert(result.taps[l], grid) for expert in model.mmoe[l].experts], 2))
        for task in config.tasks:
            tensors["golden.memory.%d.%s" % (l, task)] = as_float(result.memory[l][task])
    check_scale(case, tensors)
    return tensors, dict(settings, **{"golden.batch": str(batch)})


def make_timm_backbone():
    """A file as timm writes it: 16 wide, 3 blocks, 4x4 positions and the class row, a classifier."""
    settings, _ = settings_of("cls_token")
    backbone = TaskExpert(settings).backbone
    shapes = {name: tuple(value.shape) for name, value in backbone.state_dict().items()}
    width = configure(settings).width
    shapes["pos_embed"] = (1, TIMM_GRID * TIMM_GRID + 1, width)
    shapes.update({"head.weight": (TIMM_CLASSES, width), "head.bias": (TIMM_CLASSES,)})
    return draw_state(shapes, seeded("timm_backbone")), {}


def make_timm_expected(name, timm):
    case = TIMM_EXPECTED[name]
    settings, batch = settings_of(case)
    model = TaskExpert(settings).double()
    load_timm_backbone(model, timm)
    config = model.config
    image = seeded(name).standard_normal((batch, 3, config.height, config.width_pixels)).astype(np.float32)
    tensors = {"golden.input": image}
    for l, tap in enumerate(model.backbone(doubled(image))[0]):
        tensors["golden.tap.%d" % l] = as_float(tap)
    check_scale(name, tensors)
    return tensors, dict(settings, **{"golden.batch": str(batch), "golden.model": case + ".safetensors"})


def make_all():
    """{file stem: (tensors, metadata)}"""
    files = {case: make_case(case) for case in CASES}
    files["timm_backbone"] = make_timm_backbone()
    for name in TIMM_EXPECTED:
        files[name] = make_timm_expected(name, files["timm_backbone"][0])
    return files


def write(folder):
    total = 0
    for name, (tensors, metadata) in make_all().items():
        path = os.path.join(folder, name + ".safetensors")
        size = save(path, tensors, metadata)
        total += size
        print("%-20s %7d bytes, %3d tensors" % (name, size, len(tensors)))
        if size > FILE_LIMIT:
            raise SystemExit("'%s' is larger than %d bytes" % (path, FILE_LIMIT))
    print("%-20s %7d bytes" % ("total", total))
    if total > TOTAL_LIMIT:
        raise SystemExit("the golden files are larger than %d bytes" % TOTAL_LIMIT)


def differences(folder):
    """Lines that say where the files in `folder` are not what make_all() computes."""
    lines, files = [], make_all()
    stems = {name[:-len(".safetensors")] for name in os.listdir(folder) if name.endswith(".safetensors")}
    lines += ["'%s' is missing" % name for name in sorted(set(files) - stems)]
    lines += ["'%s' is no golden file" % name for name in sorted(stems - set(files) - OTHERS)]
    for name in sorted(set(files) & stems):
        tensors, metadata = load(os.path.join(folder, name + ".safetensors"))
        if metadata != files[name][1] or list(tensors) != list(files[name][0]):
            lines.append("'%s' has other metadata or names" % name)
            continue
        for key, expected in files[name][0].items():
            if tensors[key].shape != expected.shape or tensors[key].dtype != np.float32:
                lines.append("'%s' of '%s' has another shape or type" % (key, name))
            elif not np.max(np.abs(tensors[key] - expected)) <= CHECK_TOLERANCE * np.max(np.abs(expected)):
                lines.append("'%s' of '%s' differs" % (key, name))
    return lines


def main():
    parser = argparse.ArgumentParser(description="write or check the golden files")
    parser.add_argument("--out", default=FOLDER, help="folder of the files")
    parser.add_argument("--check", action="store_true", help="compare instead of writing")
    options = parser.parse_args()
    torch.set_num_threads(1)  # the order of sums, and with it the last bit, must not depend on the machine's cores
    with torch.inference_mode():
        if not options.check:
            os.makedirs(options.out, exist_ok=True)
            write(options.out)
            return 0
        lines = differences(options.out)
    print("\n".join(lines) if lines else "the golden files are what the reference computes")
    return 1 if lines else 0


if __name__ == "__main__":
    sys.exit(main())
