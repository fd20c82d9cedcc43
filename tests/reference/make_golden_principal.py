#!/usr/bin/env python3
"""Write the golden file of principal components: rows of numbers, and what NumPy's singular value decomposition says of them.

    make_golden_principal.py [--out FOLDER]    write tests/golden/principal.safetensors (the same bytes every time)
    make_golden_principal.py --check           decompose the file's rows again and compare

The tensors are golden.<case>.rows (M,D), .directions (3,D), unit vectors whose largest number is positive, and .variances (4):
the mean squares along them, then the one in all directions; zeros where there are fewer than three.
"""
import argparse
import os
import sys

import numpy as np

from safetensors_io import load, save

NAME = "principal"
FOLDER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "golden")
CASES = {  # M, D, deviations along hidden directions
    "tall": (60, 12, (5, 3, 2, 1, 1, 1, 1, 1, 1, 1, 1, 1)),
    "wide": (9, 40, (4, 3, 2, 1)),
    "close": (200, 24, (1.05, 1.02, 1.0) + (0.97,) * 5),
    "line": (30, 7, (2,)),
    "narrow": (25, 2, (3, 1)),
}


def draw():
    """{tensor: float32}: rows away from 0 with deviations of their own along random directions"""
    random, tensors = np.random.RandomState(20231123), {}
    for case, (count, width, deviations) in CASES.items():
        directions = np.linalg.qr(random.standard_normal((width, width)))[0][:len(deviations)]
        rows = random.standard_normal((count, len(deviations))) * deviations @ directions + random.standard_normal(width)
        tensors["golden.%s.rows" % case] = rows.astype(np.float32)
    return tensors


def decompose(rows):
    rows = rows.astype(np.float64)
    rows = rows - rows.mean(0)
    values, directions = np.linalg.svd(rows, full_matrices=False)[1:]
    variances, found = np.zeros(4), np.zeros((3, rows.shape[1]))
    variances[3] = np.mean(np.sum(rows ** 2, 1))
    for k in range(min(3, len(values))):
        if values[k] > 1e-5 * values[0]:
            variances[k] = values[k] ** 2 / len(rows)
            found[k] = directions[k] * np.sign(directions[k][np.argmax(np.abs(directions[k]))])
    return found, variances


def add_results(tensors):
    for case in CASES:
        directions, variances = decompose(tensors["golden.%s.rows" % case])
        tensors["golden.%s.directions" % case] = directions.astype(np.float32)
        tensors["golden.%s.variances" % case] = variances.astype(np.float32)
    return tensors


def main():
    parser = argparse.ArgumentParser(description="write or check the golden file of principal components")
    parser.add_argument("--out", default=FOLDER, help="folder of the file")
    parser.add_argument("--check", action="store_true", help="compare instead of writing")
    options = parser.parse_args()
    path = os.path.join(options.out, NAME + ".safetensors")
    if not options.check:
        print("%s: %d bytes" % (NAME, save(path, add_results(draw()), {})))
        return 0
    tensors, _ = load(path)
    expected = add_results({name: values for name, values in tensors.items() if name.endswith(".rows")})
    wrong = [name for name in expected if not np.allclose(tensors.get(name, np.nan), expected[name], rtol=1e-5, atol=1e-6)]
    print("'%s' differs in %s" % (path, ", ".join(wrong)) if wrong else "'%s' is what NumPy says" % path)
    return 1 if wrong or set(tensors) != set(expected) else 0


if __name__ == "__main__":
    sys.exit(main())
