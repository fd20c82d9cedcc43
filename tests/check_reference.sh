#!/bin/sh
# The PyTorch reference against plain loops and the parameter counts of docs/MODEL.md; the golden files against the
# scripts that wrote them; metrics against other libraries, where they are. Not run (77) without PyTorch.
#
#   check_reference.sh PYTHON
set -u
here=$(cd "$(dirname "$0")" && pwd)
if ! "$1" -c 'import torch' 2>/dev/null; then
    echo "not run: python3-torch is not installed"
    exit 77
fi
for name in training augment metrics principal; do
    "$1" -B "$here/reference/make_golden_$name.py" --check || exit 1
done
"$1" -B "$here/reference/check_metrics.py" --seeds 1 || [ $? -eq 77 ] || exit 1
if "$1" -c 'import PIL, scipy, skimage' 2>/dev/null; then
    "$1" -B "$here/reference/make_golden_datasets.py" --check || exit 1
fi
"$1" -B "$here/reference/check_counts.py" && exec "$1" -B "$here/reference/test_reference.py"
