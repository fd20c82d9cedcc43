#!/usr/bin/env python3
"""metrics.py against scikit-learn, SciPy and scikit-image, on random pictures and on the hard cases of the golden files.

    check_metrics.py [--seeds N]    exit status 1 where something differs, 77 where a library is missing

As the C program is held against metrics.py by tests/test_metrics.c, this is what ties its numbers to other people's.
"""
import argparse
import sys
import warnings

import numpy as np

import make_golden_metrics as golden
import metrics

try:
    from scipy import ndimage
    from scipy.interpolate import interp1d
    from skimage.morphology import thin
    from sklearn.metrics import (accuracy_score, confusion_matrix, fbeta_score, jaccard_score,
                                 mean_absolute_percentage_error, mean_squared_error)
except ImportError as error:
    print("not run: %s" % error)
    sys.exit(77)

warnings.filterwarnings("ignore", module="sklearn")


# ---- the metrics, by other people's code -----------------------------------------------------------------------

def join(maps, labels, valid):
    return np.concatenate([m[v] for m, v in zip(maps, valid)]), np.concatenate([l[v] for l, v in zip(labels, valid)])


def classes(maps, labels, count, needs_parts):
    kept = [(m, l) for m, l in zip(maps, labels)
            if (np.isin(l, range(1, count)) if needs_parts else l != metrics.IGNORED).any()]
    if not kept:
        return {}
    said, truth = join(*zip(*kept), [l != metrics.IGNORED for _, l in kept])
    matrix = confusion_matrix(truth, said, labels=range(count))
    shares = jaccard_score(truth, said, labels=range(count), average=None, zero_division=0)
    seen = matrix.sum(axis=0) + matrix.sum(axis=1) > 0
    return {"mIoU": 100 * shares.mean(), "accuracy": 100 * accuracy_score(truth, said),
            **{"IoU.%d" % c: 100 * shares[c] for c in np.flatnonzero(seen)}}


def depth(maps, labels):
    said, truth = join(maps, labels, [l > 0 for l in labels])
    if not truth.size:
        return {}
    said = np.clip(np.nan_to_num(said, nan=0, posinf=0, neginf=0), 0, None)
    with np.errstate(divide="ignore"):
        off = np.abs(np.log(said) - np.log(truth))
    # a ratio on the limit is not below it: logarithms cannot tell
    return {"rmse": mean_squared_error(truth, said, squared=False), "absrel": mean_absolute_percentage_error(truth, said),
            **{"delta%d" % n: 100 * np.mean(off < n * np.log(1.25) - 1e-9) for n in (1, 2, 3)}}


def normals(maps, labels):
    truth = np.concatenate([l.reshape(3, -1).T for l in labels])
    said = np.concatenate([m.reshape(-1, 3) for m in maps])
    kept = np.sqrt((truth ** 2).sum(axis=1)) >= 0.5
    if not kept.any():
        return {}
    truth, said = truth[kept], np.where(np.isfinite(said[kept]).all(axis=1)[:, None], said[kept], 0)
    across = np.linalg.norm(np.cross(said, truth), axis=1)
    angle = np.degrees(np.arctan2(across, (said * truth).sum(axis=1)))
    angle[~said.any(axis=1)] = 90
    return {"mean": angle.mean(), "median": np.quantile(angle, 0.5, method="inverted_cdf"),
            **{"within %g" % limit: 100 * np.mean(angle < limit) for limit in (11.25, 22.5, 30)}}


def saliency(maps, labels):
    said, truth = join(maps, labels, [l != metrics.IGNORED for l in labels])
    if not truth.size:
        return {}
    said = np.where(np.isnan(said), 0, said)
    truth = truth > 0.5

    def largest(probability):
        return 100 * max(fbeta_score(truth, probability.astype(np.float32) >= np.float32(t), beta=np.sqrt(0.3),
                                     zero_division=0) for t in np.arange(1, 20) * 0.05)

    with np.errstate(over="ignore"):
        return {"maxF": largest(said), "maxF_published": largest(1 / (1 + np.exp(-said)))}


def suppress(levels):
    height, width = levels.shape
    weights = np.array([1, 2, 3, 4, 5, 4, 3, 2, 1]) / 25
    smooth = levels / 255.0
    for axis in (0, 1):
        smooth = ndimage.correlate1d(smooth, weights, axis=axis, mode="reflect")

    def along(values, axis):
        return np.gradient(values, axis=axis) if values.shape[axis] > 1 else 0 * values

    dxx, dxy, dyy = along(along(smooth, 1), 1), along(along(smooth, 0), 1), along(along(smooth, 0), 0)
    dxy, dxx, dyy = (np.where(np.abs(d) < 1e-13, 0, d) for d in (dxy, dxx, dyy))
    angle = np.arctan(dyy * np.where(dxy > 0, -1, 1) / (dxx + 1e-5))
    y, x = np.mgrid[:height, :width].astype(float)
    kept = np.ones(levels.shape, bool)
    for side in (-1, 1):
        px = np.clip(x + side * np.cos(angle), 0, max(width - 1.001, 0))
        py = np.clip(y + side * np.sin(angle), 0, max(height - 1.001, 0))
        other = ndimage.map_coordinates(levels.astype(float), [py, px], order=1, mode="nearest")
        kept &= 1.01 * levels >= other * (1 - 1e-12)
    out = np.where(kept, levels / 255.0, 0)
    fade = min(5, height // 2, width // 2)
    if fade:
        far = [np.minimum(np.minimum(np.arange(n), n - 1 - np.arange(n)), fade) / fade for n in (height, width)]
        out = out * far[0][:, None] * far[1]
    return out


def edges(maps, labels, distance):
    kept = [(m, l) for m, l in zip(maps, labels) if (l != metrics.IGNORED).any()]
    if not kept:
        return {}
    found, total = [], 0
    for said, label in kept:
        levels = np.floor(np.float32(255) * np.clip(np.where(np.isnan(said), 0, said), 0, 1).astype(np.float32))
        strength, valid = suppress(levels.astype(float)), label != metrics.IGNORED
        truth = label == 1
        total += truth.sum()
        counts = []
        for threshold in metrics.THRESHOLDS:
            lines = thin(strength > threshold + 1e-12) & valid
            counts.append((golden.pairs_by_scipy(lines, truth, distance * np.hypot(*label.shape)), lines.sum(), truth.sum()))
        found.append(counts)
    found = np.array(found, float)

    def rates(counts):
        both, said, truth = counts
        return np.where(truth == 0, 0, np.where(said == 0, 1, both / max(said, 1))), 1.0 if truth == 0 else both / truth

    def f(counts):
        precision, recall = rates(counts)
        return 2 * precision * recall / max(precision + recall, 1e-300)

    curve = [rates(counts) for counts in found.sum(axis=0)]
    best = [max(range(len(picture)), key=lambda k: (f(picture[k]), -k)) for picture in found]
    recall = {}
    for p, r in reversed(curve):
        recall[float(r)] = float(p)
    ap = 0.0
    if len(recall) > 1:
        ap = interp1d(list(recall), list(recall.values()), bounds_error=False, fill_value=0)(np.arange(101) / 100).sum()
    return {"odsF": 100 * max(f(counts) for counts in found.sum(axis=0)),
            "oisF": 100 * f(sum(picture[k] for picture, k in zip(found, best))), "AP": ap}


# ---- comparing -------------------------------------------------------------------------------------------------

def score(tensors, case, pictures):
    def of(task):
        return golden.of_task(tensors, task, case, pictures)

    results = {task: classes(*of(task), count, task == "human_parts") for task, count in golden.CLASSES.items()}
    results.update(depth=depth(*of("depth")), normals=normals(*of("normals")), sal=saliency(*of("sal")),
                   edge=edges(*of("edge"), golden.DISTANCE))
    return {"%s.%s.%s.model" % (case, task, name): float(value)
            for task, values in results.items() for name, value in values.items()}


def compare(tensors, case, pictures, seed):
    ours = {key: value for key, value in golden.score(tensors, case, pictures).items() if key.endswith(".model")}
    theirs = score(tensors, case, pictures)
    wrong = ["%s has no counterpart" % key for key in set(ours) ^ set(theirs)]
    wrong += ["%s: %.9g, other libraries %.9g" % (key, ours[key], theirs[key])
              for key in set(ours) & set(theirs) if not abs(ours[key] - theirs[key]) <= 1e-5]
    return ["seed %d: %s" % (seed, text) for text in sorted(wrong)], len(ours)


def compare_pairs(seed):
    """Numbers of pairs by augmenting paths and by SciPy's assignment, sets of pixels by both ways to thin them"""
    random, wrong = np.random.RandomState(seed), []
    for n, (radius, said, truth) in enumerate(golden.draw_pairs(random, count=40)):
        pairs = metrics.match(said, truth, radius)
        if pairs != golden.pairs_by_scipy(said, truth, radius):
            wrong.append("seed %d: pairs of case %d" % (seed, n))
    for n, pixels in enumerate(golden.draw_blobs(random, count=20)):
        if np.any(metrics.thin(pixels) != thin(pixels)):
            wrong.append("seed %d: thinning of case %d" % (seed, n))
    return wrong, 60


def compare_long_lines():
    """A line and the same moved along itself by the whole radius: one more pair moves all others, which is dearer than a
    pixel left over from a hundred pairs on. There, and only there, the benchmark has one pair less (docs/METRICS.md)."""
    wrong = []
    for length, missing in (40, 0), (99, 0), (101, 1), (150, 1):
        said, truth = np.zeros((1, length + 1), bool), np.zeros((1, length + 1), bool)
        said[0, :length], truth[0, 1:] = True, True
        if golden.pairs_by_scipy(said, truth, 1) + missing != length:
            wrong.append("line of %d" % length)
    return wrong, 4


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=3)
    seeds = range(100, 100 + parser.parse_args().seeds)
    done = [compare_long_lines()]
    for seed in seeds:
        done.append(compare_pairs(seed))
        done.append(compare(golden.draw(seed), "golden", len(golden.SIZES), seed))
        hard = golden.draw_hard(seed)
        done += [compare(hard, case, len(golden.HARD_SIZES[case]), seed) for case in sorted(golden.HARD)]
    wrong = [text for texts, _ in done for text in texts]
    print("\n".join(wrong + ["%d numbers compared, %d differ" % (sum(count for _, count in done), len(wrong))]))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
