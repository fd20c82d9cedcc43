"""The metrics of docs/METRICS.md, written down again with NumPy: slow, plain, and without a look at host/eval.

Each function takes lists of pictures, maps and labels as NumPy arrays in double precision, and returns {name: number}
for the model and for the trivial predictor, both empty where no picture counts. `noise(picture, height, width)` supplies
the 8-bit noise of the trivial predictor of edges, as that is the one thing that has to agree bit for bit.
"""
import numpy as np

IGNORED = 255


# ---- classes ---------------------------------------------------------------------------------------------------

def classes(maps, labels, count, needs_parts=False):
    pairs = [(m, l) for m, l in zip(maps, labels)
             if np.any((l > 0) & (l != IGNORED) if needs_parts else l != IGNORED)]
    if not pairs:
        return {}, {}
    said = np.concatenate([m[l != IGNORED] for m, l in pairs])
    truth = np.concatenate([l[l != IGNORED] for m, l in pairs])

    def scores(answer):
        unions = [np.sum((answer == c) | (truth == c)) for c in range(count)]
        shares = [np.sum((answer == c) & (truth == c)) / max(u, 1) for c, u in enumerate(unions)]
        named = {"IoU.%d" % c: 100 * shares[c] for c in range(count) if np.any(said == c) or np.any(truth == c)}
        return {"mIoU": 100 * np.mean(shares), "accuracy": 100 * np.mean(answer == truth), **named}

    commonest = np.argmax([np.sum(truth == c) for c in range(count)])
    return scores(said), scores(np.full_like(truth, commonest))


# ---- depth, normals --------------------------------------------------------------------------------------------

def depth(maps, labels):
    said = np.concatenate([m[l > 0] for m, l in zip(maps, labels)])
    said = np.where(np.isfinite(said) & (said > 0), said, 0)
    truth = np.concatenate([l[l > 0] for l in labels])
    if not truth.size:
        return {}, {}

    def scores(answer):
        with np.errstate(divide="ignore"):
            ratio = np.maximum(answer / truth, truth / answer)
        return {"rmse": np.sqrt(np.mean((answer - truth) ** 2)), "absrel": np.mean(np.abs(answer - truth) / truth),
                **{"delta%d" % n: 100 * np.mean(ratio < 1.25 ** n) for n in (1, 2, 3)}}

    return scores(said), scores(np.full_like(truth, truth.mean()))


def normals(maps, labels):
    """maps (h,w,3), labels (3,h,w)"""
    truth = np.concatenate([l.reshape(3, -1).T for l in labels])
    said = np.concatenate([m.reshape(-1, 3) for m in maps])
    valid = np.linalg.norm(truth, axis=1) >= 0.5
    truth, said = truth[valid], said[valid]
    said = np.where(np.isfinite(said).all(axis=1, keepdims=True), said, 0)
    if not truth.size:
        return {}, {}

    def unit(v):
        length = np.linalg.norm(v, axis=-1, keepdims=True)
        return np.where(length > 0, v / np.maximum(length, 1e-300), 0)

    def scores(answer):
        cosine = np.sum(answer * truth, axis=1)
        angle = np.degrees(np.arccos(np.clip(cosine, -1, 1)))  # another formula, less exact near 0
        angle[np.linalg.norm(answer, axis=1) == 0] = 90
        return {"mean": angle.mean(), "median": np.sort(angle)[(len(angle) - 1) // 2],
                **{"within %g" % limit: 100 * np.mean(angle < limit) for limit in (11.25, 22.5, 30)}}

    truth, said = unit(truth), unit(said)
    return scores(said), scores(np.broadcast_to(unit(truth.mean(axis=0)), truth.shape))


# ---- saliency --------------------------------------------------------------------------------------------------

def saliency(maps, labels):
    truth = np.concatenate([l[l != IGNORED] for l in labels]) > 0.5
    said = np.concatenate([m[l != IGNORED] for m, l in zip(maps, labels)])
    said = np.where(np.isnan(said), 0, said)
    if not truth.size:
        return {}, {}

    def f(answer):
        both = np.sum(answer & truth)
        precision, recall = both / max(answer.sum(), 1), both / max(truth.sum(), 1)
        return 100 * 1.3 * precision * recall / max(0.3 * precision + recall, 1e-300)

    def largest(probability):
        return max(f(probability.astype(np.float32) >= np.float32(0.05 * n)) for n in range(1, 20))

    everything = f(np.ones_like(truth))
    return ({"maxF": largest(said), "maxF_published": largest(1 / (1 + np.exp(-said)))},
            {"maxF": everything, "maxF_published": everything})


# ---- edges -----------------------------------------------------------------------------------------------------

THRESHOLDS = [0.001] + [n / 100 for n in range(1, 100)] + [0.999]


def smooth(levels):
    """The triangle filter, unnormalised: exact."""
    weights = np.array([1, 2, 3, 4, 5, 4, 3, 2, 1.0])
    for axis in (0, 1):
        padded = np.pad(levels, [(4, 4) if a == axis else (0, 0) for a in (0, 1)], mode="symmetric")
        levels = np.apply_along_axis(lambda line: np.convolve(line, weights, "valid"), axis, padded)
    return levels


def derivative(values, axis):
    return np.gradient(values, axis=axis) if values.shape[axis] > 1 else np.zeros_like(values)


def suppress(levels):
    """8-bit levels (h,w) -> strengths in 0..1"""
    height, width = levels.shape
    s, unit = smooth(levels.astype(float)), 625 * 255.0
    dy = derivative(s, 0)
    dxx, dxy, dyy = derivative(derivative(s, 1), 1), derivative(dy, 1), derivative(dy, 0)
    angle = np.arctan(dyy / unit * np.where(dxy > 0, -1, 1) / (dxx / unit + 1e-5))
    out = levels / 255.0
    for y in range(height):
        for x in range(width):
            for side in (-1, 1):
                px = max(min(x + side * np.cos(angle[y, x]), width - 1.001), 0)
                py = max(min(y + side * np.sin(angle[y, x]), height - 1.001), 0)
                ix, iy = int(px), int(py)
                fx, fy = px - ix, py - iy
                corner = levels[np.ix_([iy, min(iy + 1, height - 1)], [ix, min(ix + 1, width - 1)])].astype(float)
                value = np.array([1 - fy, fy]) @ corner @ np.array([1 - fx, fx])
                if 1.01 * levels[y, x] < value * (1 - 1e-12):
                    out[y, x] = 0
    fade = min(5, height // 2, width // 2)
    for n in range(fade):
        for line in (out[n], out[height - 1 - n], out[:, n], out[:, width - 1 - n]):
            line *= n / fade
    return out


def thin(mask):
    """Guo and Hall's two subiterations, the neighbours counter-clockwise from the east."""
    mask = np.pad(mask.astype(bool), 1)
    steps = [(0, 1), (-1, 1), (-1, 0), (-1, -1), (0, -1), (1, -1), (1, 0), (1, 1)]
    while True:
        before = mask.sum()
        for turn in (0, 4):
            gone = []
            for y, x in zip(*np.nonzero(mask)):
                v = [None] + [bool(mask[y + a, x + b]) for a, b in steps] * 2
                if sum(not v[i] and (v[i + 1] or v[i + 2]) for i in (1, 3, 5, 7)) != 1:
                    continue
                if not 2 <= min(sum(v[i] or v[i + 1] for i in (1, 3, 5, 7)),
                                sum(v[i] or v[i + 1] for i in (2, 4, 6, 8))) <= 3:
                    continue
                if not ((v[2 + turn] or v[3 + turn] or not v[8 + turn]) and v[1 + turn]):
                    gone.append((y, x))
            for place in gone:
                mask[place] = False
        if mask.sum() == before:
            return mask[1:-1, 1:-1]


def links(said, truth, radius):
    a, b = np.argwhere(said), np.argwhere(truth)
    if len(a) == 0 or len(b) == 0:
        return np.zeros((len(a), len(b)))
    return np.sqrt(((a[:, None] - b[None]) ** 2).sum(axis=2))


def match(said, truth, radius):
    """Pairs of a largest matching, by Kuhn's augmenting paths."""
    near = links(said, truth, radius) <= radius
    reach = [np.flatnonzero(row) for row in near]
    partner = np.full(near.shape[1], -1)

    def augment(i, seen):
        for j in reach[i]:
            if j not in seen:
                seen.add(j)
                if partner[j] < 0 or augment(partner[j], seen):
                    partner[j] = i
                    return True
        return False

    return sum(augment(i, set()) for i in range(len(reach)))


def outlier_costs(said, truth, radius):
    """The matrix of the assignment that the benchmark's correspondPixels solves, but for its drawing a few outliers a
    pixel at random: pixels of both maps, then as many outliers; a pair with or of outliers costs 100 radii."""
    distance = links(said, truth, radius)
    n, m = distance.shape
    cost = np.full((n + m, n + m), 100.0 * radius)
    cost[:n, :m] = np.where(distance <= radius, distance, 1e6 * (radius + 1))
    return cost, n, m


def f_of(matched, predicted, truth):
    precision, recall = rates(matched, predicted, truth)
    return 2 * precision * recall / (precision + recall) if precision + recall > 0 else 0.0


def rates(matched, predicted, truth):
    if truth == 0:
        return 0.0, 1.0
    return (matched / predicted if predicted else 1.0), matched / truth


def curve(levels, labels, distance, step=1):
    """(odsF, oisF, AP) of 8-bit maps."""
    taken = list(range((len(THRESHOLDS) - 1) % step, len(THRESHOLDS), step))
    counts, truths = np.zeros((len(levels), len(taken), 2)), []
    for p, (level, label) in enumerate(zip(levels, labels)):
        strength, valid = suppress(level), label != IGNORED
        truth = valid & (label > 0.5)
        truths.append(truth.sum())
        for k, n in enumerate(taken):
            said = thin(strength > THRESHOLDS[n] + 1e-12) & valid
            counts[p, k] = match(said, truth, distance * np.hypot(*label.shape)), said.sum()
    total, sums = sum(truths), counts.sum(axis=0)
    ods = max(f_of(*row, total) for row in sums)
    best = [int(np.argmax([f_of(*row, t) for row in counts[p]])) for p, t in enumerate(truths)]
    ois = f_of(*sum(counts[p, k] for p, k in enumerate(best)), total)
    points = {}
    for row in sums:  # the lowest threshold of those with one recall
        precision, recall = rates(*row, total)
        points.setdefault(recall, precision)
    recalls, precisions = zip(*sorted(points.items()))
    between = np.interp(np.arange(101) / 100, recalls, precisions, left=0, right=0)
    return ods, ois, between.sum() / 100 if len(points) > 1 else 0.0


def to_levels(probability):
    probability = np.clip(np.where(np.isnan(probability), 0, probability), 0, 1).astype(np.float32)
    return (np.float32(255) * probability).astype(np.uint8)


def edges(maps, labels, noise, distance=0.0075):
    counted = [p for p, l in enumerate(labels) if np.any(l != IGNORED)]
    if not counted:
        return {}, {}
    labels = [labels[p] for p in counted]
    model = curve([to_levels(maps[p]) for p in counted], labels, distance)
    random = curve([noise(p, *l.shape) for p, l in zip(counted, labels)], labels, distance, 10)
    truth = sum(np.sum((l > 0.5) & (l != IGNORED)) for l in labels)
    everywhere = f_of(truth, sum(np.sum(l != IGNORED) for l in labels), truth)
    names = "odsF", "oisF", "AP"
    trivial = max(random[0], everywhere), max(random[1], everywhere), random[2]
    return ({n: 100 * v for n, v in zip(names, model)}, {n: 100 * v for n, v in zip(names, trivial)})
