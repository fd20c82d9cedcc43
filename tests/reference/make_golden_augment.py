#!/usr/bin/env python3
"""Write the golden file of augmentation: pictures with labels, and what training makes of them (docs/DATA.md).

    make_golden_augment.py [--out FOLDER]    write tests/golden/augment.safetensors (the same bytes every time)
    make_golden_augment.py --check           compute again and compare with the file

Written from docs/DATA.md, in double precision, without a look at the C code's order of work: whole pictures are scaled
and then cut. For every case c the file holds
    c.rgb (h,w,3) bytes        c.<task> (C,h,w): the picture and its labels
    c.<n>.image (3,H,W)        c.<n>.label.<task> (C,H,W): sample n of it
    and the metadata "c.samples" (n n ...), "c.size" (H W), "seed", "scales" (least, most)
"""
import argparse
import os
import sys

import numpy as np

from safetensors_io import load, save

FOLDER = os.path.join(os.path.dirname(os.path.abspath(__file__)), os.pardir, "golden")
NAME, SEED, SCALES = "augment", 5, (0.5, 2.0)
TASKS = ("semseg", "human_parts", "sal", "normals", "edge", "depth")
IGNORED = {task: 0 if task in ("normals", "depth") else 255 for task in TASKS}
MEAN, DEVIATION = np.array((0.485, 0.456, 0.406)), np.array((0.229, 0.224, 0.225))
CASES = {"large": (40, 52, 16, 24), "small": (13, 11, 24, 16), "even": (16, 16, 16, 16), "dull": (30, 30, 16, 16)}
SAMPLES = 3  # a case


# ---- chance ----------------------------------------------------------------------------------------------------

def philox(key, counter):
    """Philox 4x32-10: the first of the four words"""
    mask, k0, k1 = 0xFFFFFFFF, key & 0xFFFFFFFF, key >> 32
    c = list(counter)
    for _ in range(10):
        a, b = 0xD2511F53 * c[0], 0xCD9E8D57 * c[2]
        c = [(b >> 32) ^ c[1] ^ k0, b & mask, (a >> 32) ^ c[3] ^ k1, a & mask]
        k0, k1 = (k0 + 0x9E3779B9) & mask, (k1 + 0xBB67AE85) & mask
    return c[0]


class Chance:
    """The decisions about one sample, by their numbers"""
    NAMES = ("scale", "flip", "brightness", "brightness_by", "contrast", "contrast_by", "contrast_last", "saturation",
             "saturation_by", "hue", "hue_by")
    CROP = 16

    def __init__(self, seed, sample):
        self.key, self.sample = seed ^ int.from_bytes(b"augment", "big"), sample

    def unit(self, decision):
        number = decision if isinstance(decision, int) else self.NAMES.index(decision)
        return (philox(self.key, (number, 0, self.sample, 0)) >> 8) / 2.0 ** 24

    def between(self, decision, low, high):
        return low + (high - low) * self.unit(decision)

    def coin(self, decision):
        return self.unit(decision) < 0.5

    def whole(self, decision, most):
        return int(self.unit(decision) * (most + 1))


# ---- geometry --------------------------------------------------------------------------------------------------

def neighbours(count, scaled):
    """Left neighbour, right neighbour and the right one's weight of each scaled pixel: half-pixel centres"""
    place = np.clip((np.arange(scaled) + 0.5) * count / scaled - 0.5, 0, count - 1)
    left = np.floor(place).astype(int)
    return left, np.minimum(left + 1, count - 1), place - left


def scale_picture(rgb, height, width):
    top, bottom, down = neighbours(rgb.shape[0], height)
    left, right, across = neighbours(rgb.shape[1], width)
    rows = rgb[top] * (1 - down)[:, None, None] + rgb[bottom] * down[:, None, None]
    both = rows[:, left] * (1 - across)[None, :, None] + rows[:, right] * across[None, :, None]
    return np.floor(both + 0.5).astype(np.uint8)


def scale_label(label, height, width):
    """(C,h,w) -> (C,height,width), nearest"""
    rows = [y * label.shape[1] // height for y in range(height)]
    columns = [x * label.shape[2] // width for x in range(width)]
    return label[:, rows][:, :, columns]


def varied(semseg):
    counts = np.unique(semseg[semseg != 255], return_counts=True)[1]
    return len(counts) > 1 and counts.max() <= 0.75 * counts.sum()


def choose_crop(chance, semseg, size):
    """Top and left of the crop, and the number of draws that it took"""
    room = [max(have - want, 0) for have, want in zip(semseg.shape, size)]
    for draw in range(11):
        top, left = (chance.whole(Chance.CROP + 2 * draw + i, room[i]) for i in (0, 1))
        if varied(semseg[top:top + size[0], left:left + size[1]]):
            break
    return top, left, draw + 1


def pad(values, size, value):
    """(C,h,w) in the middle of (C,H,W)"""
    padded = np.full(values.shape[:1] + size, value, np.float64)
    top, left = ((want - have) // 2 for want, have in zip(size, values.shape[1:]))
    padded[:, top:top + values.shape[1], left:left + values.shape[2]] = values
    return padded


def ignore(labels):
    short = np.sqrt((labels["normals"] ** 2).sum(0)) < 0.5
    labels["normals"][:, short] = 0
    labels["depth"][labels["depth"] <= 0] = 0
    if not np.isin(labels["human_parts"], range(1, 7)).any():
        labels["human_parts"][:] = 255


# ---- colour ----------------------------------------------------------------------------------------------------

def eight_bits(values):
    return np.clip(values, 0, 255).astype(np.uint8)


def to_hsv(rgb):
    """Hue 0 to 179; quotients through 4096ths, as OpenCV takes them"""
    r, g, b = (rgb[..., c].astype(int) for c in range(3))
    most, spread = rgb.max(-1).astype(int), rgb.max(-1).astype(int) - rgb.min(-1)
    turn = np.where(most == r, g - b, np.where(most == g, b - r + 2 * spread, r - g + 4 * spread))

    def share(number, unit, by):
        return (number * np.where(by, np.rint(unit * 4096 / np.maximum(by, 1)), 0).astype(int) + 2048) >> 12
    hue = share(turn, 30, spread)
    return np.stack([np.where(hue < 0, hue + 180, hue), share(spread, 255, most), most], -1)


def to_rgb(hsv):
    """The textbook's six cases, in whole numbers (30 parts of 255), halves rounded up"""
    sixth, rest, strength, full = hsv[..., 0] // 30, hsv[..., 0] % 30, hsv[..., 1], 255 * 30
    value = hsv[..., 2] * full
    p, q, t = (hsv[..., 2] * (full - strength * part) for part in (30, rest, 30 - rest))
    cases = ((value, t, p), (q, value, p), (p, value, t), (p, q, value), (t, p, value), (value, p, q))
    channels = [np.choose(sixth, [case[c] for case in cases]) for c in range(3)]
    return ((2 * np.stack(channels, -1) + full) // (2 * full)).astype(np.uint8)


def change_colours(rgb, chance):
    contrast = chance.between("contrast_by", 0.5, 1.5) if chance.coin("contrast") else None
    last = chance.coin("contrast_last")
    if chance.coin("brightness"):
        rgb = eight_bits(rgb + chance.between("brightness_by", -32, 32))
    if contrast is not None and not last:
        rgb = eight_bits(rgb * contrast)
    if chance.coin("saturation"):
        hsv = to_hsv(rgb)
        hsv[..., 1] = eight_bits(hsv[..., 1] * chance.between("saturation_by", 0.5, 1.5))
        rgb = to_rgb(hsv)
    if chance.coin("hue"):
        hsv = to_hsv(rgb)
        hsv[..., 0] = (hsv[..., 0] + chance.whole("hue_by", 35) - 18) % 180
        rgb = to_rgb(hsv)
    if contrast is not None and last:
        rgb = eight_bits(rgb * contrast)
    return rgb


# ---- samples ---------------------------------------------------------------------------------------------------

def augment(rgb, labels, size, sample):
    """image (3,H,W), {task: (C,H,W)}, and what was drawn: scale, number of crops, flipped"""
    chance = Chance(SEED, sample)
    scale = chance.between("scale", *SCALES)
    height, width = int(rgb.shape[0] * scale), int(rgb.shape[1] * scale)
    rgb = scale_picture(rgb, height, width)
    labels = {task: scale_label(label, height, width) for task, label in labels.items()}
    labels["depth"] = labels["depth"] / scale
    top, left, draws = choose_crop(chance, labels["semseg"][0], size)
    rgb = rgb[top:top + size[0], left:left + size[1]]
    labels = {task: label[:, top:top + size[0], left:left + size[1]] for task, label in labels.items()}
    flipped = chance.coin("flip")
    if flipped:
        rgb, labels = rgb[:, ::-1], {task: label[:, :, ::-1].copy() for task, label in labels.items()}
        labels["normals"][0] *= -1
    rgb = change_colours(rgb, chance)
    image = pad(((rgb / 255.0 - MEAN) / DEVIATION).transpose(2, 0, 1), size, 0)
    labels = {task: pad(label, size, IGNORED[task]) for task, label in labels.items()}
    ignore(labels)
    return image, labels, (scale, draws, flipped)


def draw_picture(random, name, height, width):
    """Blocks of colour with noise, and labels of blocks; "dull" is of nearly one class."""
    def blocks(values):
        cells = random.choice(values, ((height + 6) // 7, (width + 6) // 7))
        return np.kron(cells, np.ones((7, 7)))[:height, :width]
    rgb = np.stack([blocks(range(20, 236)) for _ in range(3)], -1) + random.randint(-20, 21, (height, width, 3))
    normals = random.standard_normal((3, height, width))
    normals /= np.linalg.norm(normals, axis=0)
    normals *= np.where(random.uniform(size=(height, width)) < 0.2, 0.1, 1.0)
    semseg = blocks((0, 1, 2, 255))
    if name == "dull":
        semseg = np.zeros((height, width))
        semseg[:9, :9] = 1
    labels = {"semseg": semseg, "human_parts": blocks((0, 0, 255) if name == "even" else (0, 0, 0, 3)),
              "sal": blocks((0, 1)), "normals": normals, "edge": blocks((0, 1, 255)),
              "depth": blocks((0.0, 1.5, 4.0)) + random.uniform(-0.1, 0.1, (height, width))}
    return rgb.astype(np.uint8), {task: np.float32(label).reshape(-1, height, width) for task, label in labels.items()}


def make():
    """(tensors, metadata)"""
    random, tensors = np.random.RandomState(SEED), {}
    metadata, drawn, number = {"seed": SEED, "scales": "%g %g" % SCALES}, [], 0
    for name, (height, width, *size) in CASES.items():
        rgb, labels = draw_picture(random, name, height, width)
        tensors[name + ".rgb"] = rgb
        tensors.update({name + "." + task: label for task, label in labels.items()})
        metadata[name + ".samples"] = " ".join(str(number + i) for i in range(SAMPLES))
        metadata[name + ".size"] = "%d %d" % tuple(size)
        for _ in range(SAMPLES):
            image, made, facts = augment(rgb, {t: v.astype(np.float64) for t, v in labels.items()}, tuple(size), number)
            tensors["%s.%d.image" % (name, number)] = image.astype(np.float32)
            tensors.update({"%s.%d.label.%s" % (name, number, t): v.astype(np.float32) for t, v in made.items()})
            drawn.append(facts)
            number += 1
    check_draws(drawn)
    return tensors, {key: str(value) for key, value in metadata.items()}


def check_draws(drawn):
    """The cases are worth something only if everything happens in them."""
    scales, draws, flips = zip(*drawn)
    if not (min(scales) < 0.8 and max(scales) > 1.5 and 11 in draws and 1 in draws and any(1 < d < 11 for d in draws)
            and 0.2 < np.mean(flips) < 0.8):
        raise SystemExit("the draws are too much alike: %s" % (drawn,))


def main():
    parser = argparse.ArgumentParser(description="write or check the golden file of augmentation")
    parser.add_argument("--out", default=FOLDER, help="folder of the file")
    parser.add_argument("--check", action="store_true", help="compare instead of writing")
    options = parser.parse_args()
    path, (tensors, metadata) = os.path.join(options.out, NAME + ".safetensors"), make()
    if not options.check:
        os.makedirs(options.out, exist_ok=True)
        print("%-20s %7d bytes" % (NAME, save(path, tensors, metadata)))
        return 0
    have, facts = load(path)
    same = facts == metadata and list(have) == list(tensors) and all(np.array_equal(have[k], tensors[k]) for k in have)
    print("the golden file of augmentation is %swhat the reference computes" % ("" if same else "NOT "))
    return 0 if same else 1


if __name__ == "__main__":
    sys.exit(main())
