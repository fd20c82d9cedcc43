#!/usr/bin/env python3
"""Write the golden file of metrics: three small pictures with maps and labels of all tasks, and their scores.

    make_golden_metrics.py [--out FOLDER]    write tests/golden/metrics.safetensors (the same bytes every time)
    make_golden_metrics.py --check           compute the scores of the file's pictures again and compare
    make_golden_metrics.py --cost            match edges by least cost too, as the benchmark's code does, and compare

The tensors are golden.<picture>.<task>.{map,label}: maps (h,w), normals (h,w,3); labels (h,w), normals (3,h,w). The scores
are metadata golden.<task>.<name>.{model,trivial}, computed by metrics.py.
"""
import argparse
import os
import sys

import numpy as np

import metrics
from safetensors_io import load, save

NAME = "metrics"
FOLDER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "golden")
SIZES = (40, 33), (31, 44), (26, 26)
CLASSES = {"semseg": 6, "human_parts": 7}
DISTANCE = 0.05  # 2.6 pixels and less here: pictures are small
TASKS = "semseg", "human_parts", "sal", "normals", "edge", "depth"
IGNORED = metrics.IGNORED


# ---- pictures --------------------------------------------------------------------------------------------------

def field(random, size, width):
    """Smooth noise (h,w) of about one unit: white noise, averaged twice over (2 width + 1) pixels each way"""
    values = random.standard_normal(size)
    kernel = np.ones(2 * width + 1) / (2 * width + 1)
    for axis in (0, 1, 0, 1):
        padded = np.pad(values, [(width, width) if a == axis else (0, 0) for a in (0, 1)], mode="reflect")
        values = np.apply_along_axis(lambda line: np.convolve(line, kernel, "valid"), axis, padded)
    return values / values.std()


def drop(random, label, value, share=0.05):
    """A share of the pixels ignored"""
    return np.where(random.uniform(size=label.shape[-2:]) < share, value, label)


def draw_classes(random, size, count):
    fields = np.stack([field(random, size, 3) for _ in range(count)])
    label = fields.argmax(axis=0)
    said = (fields + 0.7 * np.stack([field(random, size, 2) for _ in range(count)])).argmax(axis=0)
    return said.astype(float), drop(random, label, IGNORED).astype(float)


def draw_saliency(random, size):
    base = field(random, size, 4)
    said = 1 / (1 + np.exp(-2 * (base - 0.5 + 0.6 * field(random, size, 2))))
    return said, drop(random, base > 0.5, IGNORED).astype(float)


def draw_normals(random, size):
    vectors = np.stack([field(random, size, 4), field(random, size, 4), 1.2 + 0.5 * field(random, size, 4)])
    label = vectors / np.linalg.norm(vectors, axis=0)
    said = label + 0.3 * np.stack([field(random, size, 2) for _ in range(3)])
    said = (said / np.linalg.norm(said, axis=0)).transpose(1, 2, 0)
    said[0, :3] = 0  # what a map holds where logits were not finite
    return said, drop(random, label, 0)


def draw_edges(random, size):
    """The line where a field changes its sign; a soft and slightly moved one is predicted, with noise."""
    base = field(random, size, 3)
    side = np.pad(base > 0, ((0, 1), (0, 1)), mode="edge")
    label = (side[:-1, :-1] != side[1:, :-1]) | (side[:-1, :-1] != side[:-1, 1:])
    moved = base + 0.25 * field(random, size, 2)
    said = 0.9 * np.exp(-(moved / 0.3) ** 2) * random.uniform(0.6, 1, size) + 0.05 * random.uniform(size=size)
    return said, drop(random, label, IGNORED).astype(float)


def draw_depth(random, size):
    label = 3 + np.exp(field(random, size, 4))
    said = np.maximum(label * (1 + 0.25 * field(random, size, 2)), 0)
    said[1, :2] = 0
    return said, drop(random, label, 0)


DRAW = {"sal": draw_saliency, "normals": draw_normals, "edge": draw_edges, "depth": draw_depth,
        **{task: lambda random, size, count=count: draw_classes(random, size, count) for task, count in CLASSES.items()}}


def draw():
    """{tensor: float32}; human_parts of the last picture holds no part, its map does."""
    random, tensors = np.random.RandomState(20231122), {}
    for picture, size in enumerate(SIZES):
        for task in TASKS:
            said, label = DRAW[task](random, size)
            if task == "human_parts" and picture == len(SIZES) - 1:
                label = np.where(label == IGNORED, IGNORED, 0.0)
            tensors["golden.%d.%s.map" % (picture, task)] = said.astype(np.float32)
            tensors["golden.%d.%s.label" % (picture, task)] = label.astype(np.float32)
    return tensors


# ---- scores ----------------------------------------------------------------------------------------------------

def philox(stream, index):
    """The first word of host/base/random.h's te_random_words(0, stream, index): Philox 4x32-10"""
    word = (1 << 32) - 1
    c, key = [index & word, index >> 32, stream & word, stream >> 32], [0, 0]
    for _ in range(10):
        a, b = 0xD2511F53 * c[0], 0xCD9E8D57 * c[2]
        c = [(b >> 32) ^ c[1] ^ key[0], b & word, (a >> 32) ^ c[3] ^ key[1], a & word]
        key = [(key[0] + 0x9E3779B9) & word, (key[1] + 0xBB67AE85) & word]
    return c[0]


def noise(picture, height, width):
    """8-bit noise of the trivial predictor of edges"""
    return np.array([philox(picture, i) >> 24 for i in range(height * width)], np.uint8).reshape(height, width)


def of_task(tensors, task):
    maps, labels = ([tensors["golden.%d.%s.%s" % (p, task, what)].astype(float) for p in range(len(SIZES))]
                    for what in ("map", "label"))
    return maps, labels


def score(tensors):
    """{"golden.<task>.<name>.{model,trivial}": number}"""
    results = {task: metrics.classes(*of_task(tensors, task), count, task == "human_parts")
               for task, count in CLASSES.items()}
    results["depth"] = metrics.depth(*of_task(tensors, "depth"))
    results["normals"] = metrics.normals(*of_task(tensors, "normals"))
    results["sal"] = metrics.saliency(*of_task(tensors, "sal"))
    results["edge"] = metrics.edges(*of_task(tensors, "edge"), noise, DISTANCE)
    return {"golden.%s.%s.%s" % (task, name, which): float(value)
            for task, pair in results.items() for which, values in zip(("model", "trivial"), pair)
            for name, value in values.items()}


def make():
    tensors = draw()
    facts = {"golden.pictures": str(len(SIZES)), "golden.distance": str(DISTANCE),
             **{"golden.%s.classes" % task: str(count) for task, count in CLASSES.items()}}
    return tensors, {**facts, **{key: "%.9g" % value for key, value in score(tensors).items()}}


def check():
    tensors, metadata = load(os.path.join(FOLDER, NAME + ".safetensors"))
    wrong = [key for key, value in score(tensors).items() if abs(float(metadata[key]) - value) > 1e-6 * abs(value)]
    print("\n".join("'%s' differs" % key for key in wrong) or "as computed")
    return 1 if wrong else 0


def compare_costs():
    """Numbers of pairs by augmenting paths and by least cost, of the golden pictures and of noise"""
    random, wrong, cases = np.random.RandomState(1), 0, []
    tensors, _ = load(os.path.join(FOLDER, NAME + ".safetensors"))
    for said, label in zip(*of_task(tensors, "edge")):
        strength = metrics.suppress((255 * said).astype(np.uint8))
        cases += [(metrics.thin(strength > t), label == 1, DISTANCE * np.hypot(*label.shape)) for t in (0.01, 0.2, 0.5)]
    cases += [(random.uniform(size=(12, 12)) < p, random.uniform(size=(12, 12)) < q, r)
              for p in (0.1, 0.4, 0.8) for q in (0.1, 0.4, 0.8) for r in (1, 1.5, 2.1, 3)]
    for said, truth, radius in cases:
        pairs = metrics.match(said, truth, radius), metrics.match_by_cost(said, truth, radius)
        wrong += pairs[0] != pairs[1]
    print("%d cases, %d differ" % (len(cases), wrong))
    return 1 if wrong else 0


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", default=FOLDER)
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--cost", action="store_true")
    arguments = parser.parse_args()
    if arguments.check or arguments.cost:
        return check() if arguments.check else compare_costs()
    print("%d bytes" % save(os.path.join(arguments.out, NAME + ".safetensors"), *make()))
    return 0


if __name__ == "__main__":
    sys.exit(main())
