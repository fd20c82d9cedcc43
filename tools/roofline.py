#!/usr/bin/env python3
"""The least time that a device's peaks allow a model's ops: a bound, not a measurement.

    taskexpert bench --ops --runs 1 --json model.backbone=base > base.json
    tools/roofline.py base.json                               # the devices below, public figures
    tools/roofline.py base.json --tflops 20.7 --gbs 512       # one of your own

Every op takes at least its operations over the peak, and at least its bytes (inputs and result once, nothing kept in
a cache from one op to the next) over the bandwidth; the larger counts. Only the shapes matter, so the measurement may
come from any device.
"""
import argparse
import json
import sys

# fp32 FLOP a second on the ordinary units, bytes a second; the makers' data sheets.
DEVICES = {"AMD RX 6800 XT": (20.7e12, 512e9), "Intel Arc A770": (19.7e12, 560e9), "NVIDIA A100": (19.5e12, 1555e9),
           "NVIDIA H100": (66.9e12, 3350e9)}


def bound(rows, device):
    """Seconds of all runs of these rows, and the part of them that memory bounds."""
    peak, bandwidth = device
    total = memory = 0.0
    for row in rows:
        compute, transfer = row["operations"] / peak, row["bytes"] / bandwidth
        total += row["runs"] * max(compute, transfer)
        memory += row["runs"] * transfer if transfer > compute else 0.0
    return total, memory


def read_rows(path, training):
    with open(path, encoding="utf-8") as file:
        ops = json.load(file)["ops"]
    wanted = "training" if training else "forward"
    rows = [row for row in ops if row["pass"] == wanted]
    if not rows:
        sys.exit(f"roofline.py: '{path}' has no ops of a {wanted} pass: run taskexpert bench --ops --json"
                 + (" --train" if training else ""))
    return rows


def print_table(rows, devices):
    names = sorted({row["op"] for row in rows}, key=lambda op: -bound([r for r in rows if r["op"] == op],
                                                                     next(iter(devices.values())))[0])
    print("| op | GFLOP | MB | " + " | ".join(f"{name}, ms" for name in devices) + " |")
    print("|---|---|---|" + "---|" * len(devices))
    for op in names + ["all"]:
        part = [row for row in rows if op in ("all", row["op"])]
        operations = sum(row["runs"] * row["operations"] for row in part) / 1e9
        megabytes = sum(row["runs"] * row["bytes"] for row in part) / 1e6
        cells = [f"{1e3 * total:.2f} ({memory / total:.0%})" if total else "-"
                 for total, memory in (bound(part, device) for device in devices.values())]
        print(f"| {op} | {operations:.1f} | {megabytes:.0f} | " + " | ".join(cells) + " |")
    print("\nBounds, not measurements; in brackets the part that memory bounds.")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("bench", metavar="BENCH.json", help="what taskexpert bench --ops --json printed")
    parser.add_argument("--tflops", type=float, help="peak of the device, 10^12 fp32 operations a second")
    parser.add_argument("--gbs", type=float, help="its memory's bandwidth, 10^9 bytes a second")
    parser.add_argument("--train", action="store_true", help="the training step's ops")
    arguments = parser.parse_args()
    if (arguments.tflops is None) != (arguments.gbs is None):
        parser.error("--tflops and --gbs go together")
    if arguments.tflops is not None and not (arguments.tflops > 0 and arguments.gbs > 0):
        parser.error("--tflops and --gbs must be above 0")
    devices = DEVICES if arguments.tflops is None else {"bound": (arguments.tflops * 1e12, arguments.gbs * 1e9)}
    print_table(read_rows(arguments.bench, arguments.train), devices)


if __name__ == "__main__":
    main()
