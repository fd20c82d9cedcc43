#!/usr/bin/env python3
"""Check the parameter counts of the reference model against those of docs/MODEL.md (five PASCAL tasks, 512x512)."""
import sys

from taskexpert import TaskExpert

# settings over the defaults, millions of parameters
COUNTS = [
    ("base without memory", {"model.backbone": "base", "model.memory": "false"}, "225.28"),
    ("base without memory, mlp gate",
     {"model.backbone": "base", "model.memory": "false", "model.gate": "mlp"}, "255.02"),
    ("base", {"model.backbone": "base"}, "237.12"),
    ("large", {"model.backbone": "large"}, "423.67"),
    ("small", {"model.backbone": "small"}, "42.25"),
    ("tiny", {"model.backbone": "tiny"}, "9.65"),
]


def count(settings):
    """Trainable parameters; "meta" tensors have a shape and no storage."""
    return sum(p.numel() for p in TaskExpert(settings, device="meta").parameters())


def main():
    failed = 0
    for name, settings, expected in COUNTS:
        got = "%.2f" % (count(settings) / 1e6)
        failed += got != expected
        print("%-32s %8s M, expected %8s M  %s" % (name, got, expected, "ok" if got == expected else "WRONG"))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
