#!/usr/bin/env python3
"""Write miniature NYUD-v2 and PASCAL-Context data sets, and the label arrays that reading them must give (docs/DATA.md).

    make_golden_datasets.py            write tests/golden/{nyud,pascal} and tests/golden/datasets.safetensors
    make_golden_datasets.py --check    read the data sets again and compare with the arrays

The pictures mean nothing; the files have the formats, types and oddities of the real ones. MATLAB files are SciPy's, with and
without compression. Arrays come from Pillow, NumPy, SciPy and scikit-image's thin(); the Laplacian is OpenCV's definition
written out. For picture p of set s the file holds s.p.<task> (C,h,w), pascal also s.p.shared (3,h,w), the normals on the
regions of classes that NYUD-v2 has too; what is ignored is 255, for normals and depth 0.
"""
import argparse
import os
import sys

import numpy as np
import scipy.io
from PIL import Image
from skimage.morphology import thin

from safetensors_io import load, save

GOLDEN = os.path.join(os.path.dirname(os.path.abspath(__file__)), os.pardir, "golden")
PARTS = {1: "hair head lear rear lebrow rebrow leye reye mouth nose", 2: "neck torso", 3: "luarm ruarm",
         4: "llarm rlarm lhand rhand", 5: "luleg ruleg", 6: "llleg rlleg lfoot rfoot"}
PART_CLASS = {name: number for number, names in PARTS.items() for name in names.split()}
SOME_SHARED = {59: "car", 72: "chair", 284: "person", 427: "tvmonitor", 440: "wall", 3: "air conditioner", 457: "wire"}
NOT_SHARED = {360: "sky", 431: "unknown", 187: "grass", 5: "artillery", 1: "accordion"}


# ---- reading, as docs/DATA.md says -----------------------------------------------------------------------------

def read_image(*path):
    return np.array(Image.open(os.path.join(*path)))


def vectors(rgb):
    """(h,w,3) bytes -> (3,h,w), without what is shorter than a half"""
    normals = np.float32(2) * rgb.astype(np.float32) / np.float32(255) - np.float32(1)
    normals[(normals.astype(np.float64) ** 2).sum(2) < 0.25] = 0
    return normals.transpose(2, 0, 1)


def laplacian(regions):
    """The sum of the four neighbours minus four times the pixel; the border is mirrored without its own pixels."""
    wide = np.pad(regions.astype(np.float64), 1, mode="reflect")
    return wide[:-2, 1:-1] + wide[2:, 1:-1] + wide[1:-1, :-2] + wide[1:-1, 2:] - 4 * wide[1:-1, 1:-1]


def human_parts(path, shape):
    label = np.zeros(shape, np.uint8)
    objects = scipy.io.loadmat(path, struct_as_record=False)["anno"][0, 0].objects
    for thing in objects.ravel():
        if thing.class_ind.item() != 15:
            continue
        for part in thing.parts.ravel():
            label[part.mask != 0] = PART_CLASS[str(part.part_name[0])]
    return label


def read_nyud(root, name):
    there, arrays = lambda *path: os.path.exists(os.path.join(root, *path)), {}
    if there("segmentation", name + ".png"):
        arrays["semseg"] = (read_image(root, "segmentation", name + ".png").astype(int) - 1) % 256
        arrays["semseg"] = arrays["semseg"].astype(np.uint8)
    if there("normals", name + ".png"):
        arrays["normals"] = vectors(read_image(root, "normals", name + ".png"))
    if there("edge", name + ".png"):
        arrays["edge"] = read_image(root, "edge", name + ".png").astype(np.float32) / np.float32(255)
    if there("depth", name + ".npy"):
        depth = np.load(os.path.join(root, "depth", name + ".npy")).astype(np.float32)
        arrays["depth"] = np.where(depth > 0, depth, 0).astype(np.float32)
    return arrays


def read_pascal(root, name):
    there, arrays = lambda *path: os.path.exists(os.path.join(root, *path)), {}
    shape = read_image(root, "JPEGImages", name + ".jpg").shape[:2]
    for folder in ("pascal-context", "VOC12"):  # the second wins
        if there("semseg", folder, name + ".png"):
            arrays["semseg"] = read_image(root, "semseg", folder, name + ".png")
    if there("human_parts", name + ".mat"):
        arrays["human_parts"] = human_parts(os.path.join(root, "human_parts", name + ".mat"), shape)
    if there("sal_distill", name + ".png"):
        arrays["sal"] = (read_image(root, "sal_distill", name + ".png").astype(np.float32) / 255 > 0.5).astype(np.uint8)
    if there("pascal-context", "trainval", name + ".mat"):
        regions = scipy.io.loadmat(os.path.join(root, "pascal-context", "trainval", name + ".mat"))["LabelMap"]
        arrays["edge"] = thin(np.abs(laplacian(regions)) > 0).astype(np.uint8)
    if there("normals_distill", name + ".png"):
        arrays["normals"] = vectors(read_image(root, "normals_distill", name + ".png"))
        arrays["shared"] = np.where(np.isin(regions, list(SOME_SHARED)), arrays["normals"], np.float32(0))
    return arrays


READERS = {"nyud": (read_nyud, "gt_sets"), "pascal": (read_pascal, "ImageSets/Context")}


def read_all():
    arrays = {}
    for data_set, (reader, lists) in READERS.items():
        root, names = os.path.join(GOLDEN, data_set), set()
        for split in ("train", "val"):
            with open(os.path.join(root, lists, split + ".txt")) as file:
                names.update(file.read().split())
        for name in sorted(names):
            for task, values in sorted(reader(root, name).items()):
                values = values if values.ndim == 3 else values[None]
                arrays["%s.%s.%s" % (data_set, name, task)] = np.ascontiguousarray(values)
    return arrays


# ---- writing miniatures ----------------------------------------------------------------------------------------

class Writer:
    def __init__(self, data_set):
        self.root, self.chance = os.path.join(GOLDEN, data_set), np.random.default_rng(4)

    def path(self, *parts):
        path = os.path.join(self.root, *parts)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        return path

    def list(self, folder, **lists):
        for split, names in lists.items():
            with open(self.path(folder, split + ".txt"), "w") as file:
                file.write("".join(name + "\n" for name in names))

    def mat(self, variables, compress, *parts):
        path = self.path(*parts)
        scipy.io.savemat(path, variables, do_compression=compress)
        with open(path, "r+b") as file:  # the date of its making
            file.write(b"MATLAB 5.0 MAT-file, a miniature for tests".ljust(116))

    def blocks(self, shape, values, size):
        """Patches of random values, a disc and a line on them"""
        small = self.chance.choice(values, (shape[0] // size + 1, shape[1] // size + 1))
        plane = np.kron(small, np.ones((size, size), int))[:shape[0], :shape[1]]
        y, x = np.mgrid[:shape[0], :shape[1]]
        plane[(y - shape[0] / 2) ** 2 + (x - shape[1] / 3) ** 2 < (min(shape) / 3.5) ** 2] = values[0]
        plane[abs(x - 2 * y) < 2] = values[1]
        return plane

    def bytes(self, *shape):
        return self.chance.integers(0, 256, shape, dtype=np.uint8)

    def picture(self, values, *parts, palette=False):
        image = Image.fromarray(values.astype(np.uint8))
        if palette:
            image = image.convert("P")
            image.putdata(values.ravel().tolist())
            image.putpalette([(37 * i + 11 * c) % 256 for i in range(256) for c in range(3)])
        image.save(self.path(*parts))


def write_nyud():
    writer = Writer("nyud")
    for name, shape in (("0001", (17, 22)), ("0002", (20, 13))):
        writer.picture(writer.bytes(*shape, 3), "images", name + ".png")
        writer.picture(writer.blocks(shape, [0, 1, 5, 17, 39, 40], 4), "segmentation", name + ".png")
        writer.picture(writer.bytes(*shape, 3) // 4 * 5 - 30, "normals", name + ".png")
    shape = (17, 22)
    writer.picture(np.where(writer.blocks(shape, [0, 1], 3), 255, 0), "edge", "0001.png")
    metres = writer.chance.uniform(0.5, 9.5, shape).astype(np.float32)
    metres[3:5, 2:9] = 0
    np.save(writer.path("depth", "0001.npy"), metres)
    writer.list("gt_sets", train=["0001"], val=["0002", "0001"])


def struct(fields, rows):
    array = np.zeros((1, len(rows)), [(field, object) for field in fields])
    for i, row in enumerate(rows):
        for field, value in zip(fields, row):
            array[0, i][field] = value
    return array


def annotation(writer, name, shape, things):
    """things: (class, its number, names of parts)"""
    def mask():
        values = np.zeros(shape, np.uint8)
        top, left = writer.chance.integers(0, shape[0] - 2), writer.chance.integers(0, shape[1] - 3)
        values[top:top + shape[0] // 4 + 1, left:left + shape[1] // 4 + 1] = 1
        return values
    rows = [(kind, float(number), mask(), struct(("part_name", "mask"), [(part, mask()) for part in parts])
             if parts else np.zeros((0, 0))) for kind, number, parts in things]
    return struct(("imname", "objects"), [(name, struct(("class", "class_ind", "mask", "parts"), rows))])


def write_pascal():
    writer = Writer("pascal")
    sizes = {"2008_000001": (40, 48), "2008_000002": (15, 18), "2008_000003": (2, 9)}
    for name, shape in sizes.items():
        writer.picture(writer.bytes(*shape, 3), "JPEGImages", name + ".jpg")
        writer.picture(writer.bytes(*shape, 3), "normals_distill", name + ".png")
    one, two, three = sizes
    regions = {one: (writer.blocks(sizes[one], [360, 59, 440, 431, 427, 187, 5], 6).astype(np.uint16), True),
               two: (writer.blocks(sizes[two], [3, 1, 5, 2, 4], 3).astype(float), False),
               three: (writer.chance.choice([284, 72, 457], sizes[three]).astype(np.uint16), True)}
    regions[two][0][np.isin(regions[two][0], [2, 4])] = 1  # of small numbers only those whose place in the list is known
    for name, (values, compress) in regions.items():
        writer.mat({"LabelMap": values}, compress, "pascal-context", "trainval", name + ".mat")
    writer.picture(writer.blocks(sizes[one], [0, 15, 255, 20], 7), "semseg", "VOC12", one + ".png", palette=True)
    writer.picture(writer.blocks(sizes[one], [3, 4], 7), "semseg", "pascal-context", one + ".png")
    writer.picture(writer.blocks(sizes[two], [0, 12, 20, 255], 4), "semseg", "pascal-context", two + ".png")
    people = [("person", 15, list(PART_CLASS)), ("dog", 12, ["tail", "muzzle"]), ("person", 15, []),
              ("person", 15, ["torso", "lfoot", "hair"])]
    writer.mat({"anno": annotation(writer, one, sizes[one], people)}, True, "human_parts", one + ".mat")
    writer.mat({"anno": annotation(writer, two, sizes[two], [("cat", 8, ["tail"]), ("person", 15, ["neck"])])}, False,
               "human_parts", two + ".mat")
    writer.mat({"anno": annotation(writer, three, sizes[three], [])}, True, "human_parts", three + ".mat")
    writer.picture(writer.blocks(sizes[one], [0, 127, 128, 255], 5), "sal_distill", one + ".png")
    writer.picture(writer.bytes(*sizes[two]), "sal_distill", two + ".png")
    writer.list("ImageSets/Context", train=[one, three], val=[two, one])


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--check", action="store_true")
    path = os.path.join(GOLDEN, "datasets.safetensors")
    if not parser.parse_args().check:
        write_nyud()
        write_pascal()
        print("datasets: %d bytes" % save(path, read_all()))
        return 0
    expected, made = load(path)[0], read_all()
    for name in sorted(set(expected) | set(made)):
        if name not in made or name not in expected or not np.array_equal(expected[name], made[name]):
            print("FAILED: datasets.safetensors, '%s'" % name)
            return 1
    print("datasets.safetensors: %d arrays are what the files give" % len(made))
    return 0


if __name__ == "__main__":
    sys.exit(main())
