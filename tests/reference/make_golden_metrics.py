#!/usr/bin/env python3
"""Write the golden files of metrics: small pictures with maps and labels of all tasks, and their scores.

    make_golden_metrics.py [--out FOLDER]    write them (the same bytes every time); needs SciPy and scikit-image
    make_golden_metrics.py --check           compute what the files say again, with NumPy alone, and compare

metrics.safetensors holds three pictures as they may be, metrics_hard.safetensors cases in which something is missing, equal,
on a limit or not a number. Tensors are <case>.<picture>.<task>.{map,label}: maps (h,w), normals (h,w,3); labels (h,w),
normals (3,h,w). The scores are metadata <case>.<task>.<name>.{model,trivial}, computed by metrics.py; a task of which no
picture counts has none. edges.safetensors holds small edge maps with the number of pairs that SciPy's assignment finds, and
sets of pixels as scikit-image thins them. check_metrics.py holds metrics.py against other libraries.
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


def draw(seed=20231122):
    """{tensor: float32}; human_parts of the last picture holds no part, its map does."""
    random, tensors = np.random.RandomState(seed), {}
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


def of_task(tensors, task, case="golden", pictures=len(SIZES)):
    maps, labels = ([tensors["%s.%d.%s.%s" % (case, p, task, what)].astype(float) for p in range(pictures)]
                    for what in ("map", "label"))
    return maps, labels


def score(tensors, case="golden", pictures=len(SIZES)):
    """{"<case>.<task>.<name>.{model,trivial}": number}"""
    results = {task: metrics.classes(*of_task(tensors, task, case, pictures), count, task == "human_parts")
               for task, count in CLASSES.items()}
    for task, function in ("depth", metrics.depth), ("normals", metrics.normals), ("sal", metrics.saliency):
        results[task] = function(*of_task(tensors, task, case, pictures))
    results["edge"] = metrics.edges(*of_task(tensors, "edge", case, pictures), noise, DISTANCE)
    return {"%s.%s.%s.%s" % (case, task, name, which): float(value)
            for task, pair in results.items() for which, values in zip(("model", "trivial"), pair)
            for name, value in values.items()}


def facts_of(case, pictures):
    return {"%s.pictures" % case: str(pictures), "%s.distance" % case: str(DISTANCE),
            **{"%s.%s.classes" % (case, task): str(count) for task, count in CLASSES.items()}}


def text_of(scores):
    return {key: "%.9g" % value for key, value in scores.items()}


def make():
    tensors = draw()
    return tensors, {**facts_of("golden", len(SIZES)), **text_of(score(tensors))}


# ---- hard cases ------------------------------------------------------------------------------------------------

NAME_HARD = "metrics_hard"
IGNORED_LABEL = {task: 0 if task in ("normals", "depth") else IGNORED for task in TASKS}


def hard_golden(random, task, said, label):
    return said, label


def hard_ignored(random, task, said, label):
    return said, np.full_like(label, IGNORED_LABEL[task])


def hard_equal(random, task, said, label):
    """All labels the same: one class, all salient, all edge, one depth, one normal"""
    if task == "normals":
        return said, np.broadcast_to(np.array([0.6, 0, 0.8])[:, None, None], label.shape)
    return said, np.full_like(label, 2 if task in CLASSES or task == "depth" else 1)


def hard_empty(random, task, said, label):
    """Nothing to find: class 0, nothing salient, no edge; depths next to zero, normals just long enough"""
    if task == "normals":
        return said, label * np.float32(0.5000001)
    return said, np.full_like(label, 1e-3 if task == "depth" else 0)


def hard_silent(random, task, said, label):
    """Nothing predicted: zeros everywhere"""
    return np.zeros_like(said), label


def hard_ties(random, task, said, label):
    """Values on thresholds and limits"""
    if task == "sal":
        return random.randint(0, 21, said.shape) * 0.05, label
    if task == "edge":
        return random.choice([0, 0.2, 0.4, 51 / 255, 1], said.shape), label
    if task == "depth":
        truth = random.choice([0, 1, 2, 4.0], label.shape)
        return truth * random.choice([0.8, 1, 1.25, 1.5625, 1.953125], label.shape), truth
    if task == "normals":
        axes = np.concatenate([np.eye(3), -np.eye(3)])
        return axes[random.randint(0, 6, said.shape[:2])], axes[random.randint(0, 6, said.shape[:2])].transpose(2, 0, 1)
    return label * (label != IGNORED), label


def hard_nan(random, task, said, label):
    """Predictions that are no numbers, infinite, or outside of what there is"""
    if task in CLASSES:
        return said, label
    strange = random.choice([np.nan, np.inf, -np.inf, -3, 7], said.shape)
    return np.where(random.uniform(size=said.shape) < 0.3, strange, said), label


HARD = {name[5:]: function for name, function in list(globals().items()) if name.startswith("hard_")}
HARD_SIZES = {case: ((11, 9), (8, 13)) for case in HARD}
HARD["pixel"] = hard_golden
HARD_SIZES["pixel"] = (1, 1), (1, 1)
HARD["line"] = hard_golden
HARD_SIZES["line"] = (1, 14), (9, 1)


def draw_hard(seed=4):
    random, tensors = np.random.RandomState(seed), {}
    for case, change in sorted(HARD.items()):
        for picture, (height, width) in enumerate(HARD_SIZES[case]):
            for task in TASKS:
                said, label = DRAW[task](random, (16, 16))
                rows = (said[:height, :width], label[..., :height, :width])
                said, label = change(random, task, *rows)
                tensors["%s.%d.%s.map" % (case, picture, task)] = said.astype(np.float32)
                tensors["%s.%d.%s.label" % (case, picture, task)] = label.astype(np.float32)
    return tensors


def score_hard(tensors):
    scores = {}
    for case in sorted(HARD):
        scores.update(score(tensors, case, len(HARD_SIZES[case])))
    return scores


def make_hard():
    tensors, facts = draw_hard(), {}
    for case in sorted(HARD):
        facts.update(facts_of(case, len(HARD_SIZES[case])))
    return tensors, {**facts, **text_of(score_hard(tensors))}


# ---- pairs and lines: what SciPy and scikit-image say -----------------------------------------------------------

NAME_EDGES = "edges"
RADII = 1, 1.5, 2.25, 3
PAIR_CASES, THIN_CASES = 64, 40


def draw_pairs(random, size=(14, 13), count=PAIR_CASES):
    """(radius, predicted, label): noise of all densities, and lines that lie next to each other"""
    for n in range(count):
        radius = RADII[n % len(RADII)]
        said, truth = (random.uniform(size=size) < random.uniform(0.02, 0.7) for _ in range(2))
        if n % 3 == 2:
            truth = np.roll(said, (n % 2, 1), axis=(0, 1)) ^ (random.uniform(size=size) < 0.05)
        yield radius, said, truth


def draw_blobs(random, size=(24, 24), count=THIN_CASES):
    for n in range(count):
        if n % 2:
            yield random.uniform(size=size) < random.uniform(0.2, 0.98)
        else:
            yield field(random, size, 1 + n % 4) > random.uniform(-1, 1)


def pairs_by_scipy(said, truth, radius):
    from scipy.optimize import linear_sum_assignment
    cost, n, m = metrics.outlier_costs(said, truth, radius)
    rows, columns = linear_sum_assignment(cost)
    return int(np.sum((rows < n) & (columns < m)))


def make_edges():
    """The file's numbers are SciPy's and scikit-image's; --check needs neither."""
    from skimage.morphology import thin
    random = np.random.RandomState(7)
    cases = list(draw_pairs(random))
    blobs = np.stack(list(draw_blobs(random)))
    tensors = {"pairs.radius": np.array([radius for radius, _, _ in cases], np.float32),
               "pairs.said": np.stack([said for _, said, _ in cases]).astype(np.uint8),
               "pairs.truth": np.stack([truth for _, _, truth in cases]).astype(np.uint8),
               "pairs.count": np.array([pairs_by_scipy(said, truth, radius) for radius, said, truth in cases], np.uint8),
               "thin.before": blobs.astype(np.uint8), "thin.after": np.stack([thin(b) for b in blobs]).astype(np.uint8)}
    return tensors, {}


def check_edges(tensors):
    of = {name: tensors["pairs." + name] for name in ("radius", "said", "truth", "count")}
    wrong = ["pairs %d" % n for n, count in enumerate(of["count"])
             if metrics.match(of["said"][n], of["truth"][n], of["radius"][n]) != count]
    return wrong + ["thin %d" % n for n, before in enumerate(tensors["thin.before"])
                    if np.any(metrics.thin(before) != tensors["thin.after"][n])]


# ---- the command -----------------------------------------------------------------------------------------------

FILES = {NAME: make, NAME_HARD: make_hard, NAME_EDGES: make_edges}
SCORES = {NAME: score, NAME_HARD: score_hard}


def differs(text, value):
    """A score of a file from what it is now"""
    return text is None or not (float(text) == value or abs(float(text) - value) <= 1e-6 * abs(value))


def check():
    wrong = check_edges(load(os.path.join(FOLDER, NAME_EDGES + ".safetensors"))[0])
    for name, function in SCORES.items():
        tensors, metadata = load(os.path.join(FOLDER, name + ".safetensors"))
        wrong += [key for key, value in function(tensors).items() if differs(metadata.get(key), value)]
    print("\n".join("'%s' differs" % key for key in wrong) or "as computed")
    return 1 if wrong else 0


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", default=FOLDER)
    parser.add_argument("--check", action="store_true")
    arguments = parser.parse_args()
    if arguments.check:
        return check()
    for name, function in FILES.items():
        print("%d bytes" % save(os.path.join(arguments.out, name + ".safetensors"), *function()))
    return 0


if __name__ == "__main__":
    sys.exit(main())
