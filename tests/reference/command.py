"""Running the built command for the comparisons: settings files, noise pictures, weights, runs."""
import configparser
import os
import struct
import subprocess
import zlib

import numpy as np


class CommandError(Exception):
    pass


def parse_size(text):
    """"HxW" -> (H, W)"""
    height, _, width = text.partition("x")
    if not (height.isdigit() and width.isdigit() and int(height) % 16 == 0 and int(width) % 16 == 0):
        raise ValueError("'%s' is no HxW in multiples of 16" % text)
    return int(height), int(width)


def write_config(path, source, backbone, size, classes=None):
    """The ini file `source` (None: none) with the backbone, the input size and the classes replaced (None: as they are)."""
    config = configparser.ConfigParser(inline_comment_prefixes=(";", "#"), interpolation=None)
    if source is not None:
        with open(source, encoding="utf-8") as file:
            config.read_file(file)
    for section in ("model", "input"):
        if not config.has_section(section):
            config.add_section(section)
    if backbone is not None:
        config.set("model", "backbone", backbone)
    if classes is not None:
        config.set("model", "semseg_classes", str(classes))
    if size is not None:
        config.set("input", "height", str(size[0]))
        config.set("input", "width", str(size[1]))
    with open(path, "w", encoding="utf-8") as file:
        config.write(file)


def noise(size, seed):
    """rgb (H,W,3), bytes: squares with noise over them, so that neither low nor high frequencies are missing."""
    random = np.random.RandomState(seed)
    height, width = size
    coarse = random.uniform(0, 255, (height // 16, width // 16, 3)).repeat(16, 0).repeat(16, 1)
    return np.clip(0.6 * coarse + 0.4 * random.uniform(0, 255, (height, width, 3)), 0, 255).astype(np.uint8)


def write_png(path, rgb):
    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    height, width, _ = rgb.shape
    rows = np.concatenate([np.zeros((height, 1), np.uint8), rgb.reshape(height, -1)], 1)  # filter 0 before each row
    with open(path, "wb") as file:
        file.write(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
                   + chunk(b"IDAT", zlib.compress(rows.tobytes(), 1)) + chunk(b"IEND", b""))


def run(*arguments):
    """Run a command and return its stdout; its stderr is shown only when it fails."""
    done = subprocess.run([str(a) for a in arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          universal_newlines=True)
    if done.returncode:
        raise CommandError("'%s' exited with %d: %s" % (" ".join(map(str, arguments)), done.returncode,
                                                         (done.stderr or done.stdout).strip()))
    return done.stdout


def make_weights(taskexpert, folder, source, backbone, size, seed=1, classes=None):
    """Random weights as `init` writes them. Returns the file's path."""
    config, weights = os.path.join(folder, "config.ini"), os.path.join(folder, "w.safetensors")
    write_config(config, source, backbone, size, classes)
    run(taskexpert, "init", "--config", config, "-o", weights, "--seed", seed)
    return weights
