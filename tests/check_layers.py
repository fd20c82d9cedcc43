#!/usr/bin/env python3
"""The laws of the house that a program can check: who includes whom, sizes of files, names, the public header.

    check_layers.py [--library libtaskexpert.so] [ROOT]    check a source tree; also the library's exported symbols
    check_layers.py --self-test                            check the check: every law on a small tree that breaks it
"""
import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile

# folder under host/ -> folders whose headers its files may include, besides its own and "taskexpert.h"
LAYERS = {
    "base": (),
    "device": ("base",),
    "graph": ("base", "device"),
    "ops": ("base", "device", "graph"),
    "model": ("base", "device", "graph", "ops"),
    "data": ("base",),
    "scheduler": ("base", "device", "graph", "ops", "model"),
    "train": ("base", "device", "graph", "ops", "model", "data", "scheduler"),
    "eval": ("base", "device", "graph", "ops", "model", "data", "scheduler"),
    "tune": ("base", "device", "graph", "ops", "model", "train"),
    "cli": (),
}
INCLUDE = re.compile(r'^\s*#\s*include\s*(["<])([^">]+)[">]')
OPENCL = re.compile(r"^(CL/|OpenCL/|clblast)")
MOST_LINES = {".c": 500, ".cl": 400, ".clh": 400}
MOST_COLUMNS = 128
SOURCES = (".c", ".h", ".cl", ".clh", ".py", ".sh")


def files_under(root, *folders):
    """Paths relative to root, sorted."""
    for folder in folders:
        for place, inner, names in os.walk(os.path.join(root, folder)):
            inner.sort()
            for name in sorted(names):
                yield os.path.relpath(os.path.join(place, name), root)


def read_lines(root, path):
    with open(os.path.join(root, path), encoding="utf-8") as file:
        return file.read().splitlines()


def include_problem(root, layer, kind, name):
    """Why a file of a layer may not include this, or None."""
    if kind == "<":
        if OPENCL.match(name) and layer != "device":
            return "only host/device may include <%s>" % name
        return None
    if name == "taskexpert.h":
        return None
    if layer == "cli":
        own = "/" not in name and os.path.exists(os.path.join(root, "host/cli", name))
        return None if own else 'host/cli may include "taskexpert.h" and its own headers only, not "%s"' % name
    target = name.split("/")[0]
    if target == layer or target in LAYERS[layer]:
        return None
    return 'host/%s may not include "%s"' % (layer, name)


def check_includes(root):
    for path in files_under(root, "host"):
        layer = path.split(os.sep)[1]
        if layer not in LAYERS:
            yield "%s: host/%s is not a layer" % (path, layer)
            continue
        for number, line in enumerate(read_lines(root, path), 1):
            found = INCLUDE.match(line)
            problem = include_problem(root, layer, *found.groups()) if found else None
            if problem:
                yield "%s:%d: %s" % (path, number, problem)


def check_names(root):
    for path in files_under(root, "host"):
        if os.path.splitext(os.path.basename(path))[0] == "utils":
            yield "%s: name it after what is in it" % path
    for path in files_under(root, "kernels"):
        stem, suffix = os.path.splitext(os.path.basename(path))
        parts = stem.split("_")
        hosts = ["host/%s/%s.c" % (layer, "_".join(parts[:n])) for layer in ("ops", "tune") for n in range(len(parts), 0, -1)]
        if suffix == ".cl" and not any(os.path.exists(os.path.join(root, host)) for host in hosts):
            yield "%s: there is no %s" % (path, " or ".join(hosts))


def check_sizes(root):
    for path in files_under(root, "host", "kernels", "include", "tests", "tools", "scripts"):
        suffix = os.path.splitext(path)[1]
        if suffix not in SOURCES or os.sep + "golden" + os.sep in path or os.sep + "corpus" + os.sep in path:
            continue
        lines = read_lines(root, path)
        most = MOST_LINES.get(suffix)
        if most and len(lines) > most and not path.startswith("tests"):
            yield "%s: %d lines, at most %d" % (path, len(lines), most)
        for number, line in enumerate(lines, 1):
            if len(line) > MOST_COLUMNS:
                yield "%s:%d: %d columns, at most %d" % (path, number, len(line), MOST_COLUMNS)


def run(*command):
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, universal_newlines=True)
    return done.returncode, done.stdout


def check_header(root):
    """The public header compiles alone, as C11 and as C++."""
    header = os.path.join(root, "include/taskexpert.h")
    for language, standard in (("c", "c11"), ("c++", "c++11")):
        status, text = run("clang", "-x", language, "-std=" + standard, "-pedantic", "-Wall", "-Wextra", "-Werror",
                           "-fsyntax-only", header)
        if status:
            yield "include/taskexpert.h as %s: %s" % (standard, text.strip())


def check_symbols(library):
    status, text = run("nm", "-D", "--defined-only", library)
    names = [line.split()[-1].split("@")[0] for line in text.splitlines()]
    if status or not names:
        yield "%s: nm finds no symbols: %s" % (library, text.strip())
    for name in names:
        if not name.startswith("te_"):
            yield "%s: exports '%s', which does not begin with te_" % (library, name)


def problems_of(root, library=None):
    found = [*check_includes(root), *check_names(root), *check_sizes(root), *check_header(root)]
    return found + (list(check_symbols(library)) if library else [])


# ---- the self-test: a lawful small tree, then one violation at a time ----

LAWFUL = {
    "include/taskexpert.h": "int te_run(int x);\n",
    "host/base/status.h": "",
    "host/base/status.c": '#include "base/status.h"\n#include "taskexpert.h"\n#include <stdio.h>\n',
    "host/device/opencl.h": "#include <CL/cl.h>\n",
    "host/device/clblast.c": "#include <clblast_c.h>\n",
    "host/ops/linear.c": '#include "graph/graph.h"\n',
    "host/data/picture.c": '#include "base/status.h"\n',
    "host/eval/maps.c": '#include "scheduler/x.h"\n#include "data/map.h"\n',
    "host/cli/help.h": "",
    "host/cli/main.c": '#include "help.h"\n#include "taskexpert.h"\n',
    "kernels/linear.cl": "\n" * 400,
    "kernels/linear_cpu.cl": "",
}
VIOLATIONS = [  # file, content, what must be said
    ("host/base/files.c", '#include "device/device.h"\n', 'files.c:1: host/base may not include "device/device.h"'),
    ("host/device/list.c", '#include "graph/graph.h"\n', 'host/device may not include "graph/graph.h"'),
    ("host/ops/gate.c", '\n# include "model/model.h"\n', 'gate.c:2: host/ops may not include "model/model.h"'),
    ("host/model/vit.c", '#include "data/map.h"\n', 'host/model may not include "data/map.h"'),
    ("host/data/map.c", '#include "device/device.h"\n', 'host/data may not include "device/device.h"'),
    ("host/scheduler/run.c", '#include "data/map.h"\n', 'host/scheduler may not include "data/map.h"'),
    ("host/eval/run.c", '#include "cli/help.h"\n', 'host/eval may not include "cli/help.h"'),
    ("host/cli/infer.c", '#include "base/status.h"\n', 'its own headers only, not "base/status.h"'),
    ("host/graph/plan.c", "#include <CL/cl.h>\n", "only host/device may include <CL/cl.h>"),
    ("host/ops/conv.c", "#include <clblast_c.h>\n", "only host/device may include <clblast_c.h>"),
    ("host/misc/a.c", "", "host/misc is not a layer"),
    ("host/base/utils.c", "", "name it after what is in it"),
    ("kernels/norm_cpu.cl", "", "there is no host/ops/norm_cpu.c or host/ops/norm.c"),
    ("host/ops/long.c", "\n" * 501, "501 lines, at most 500"),
    ("kernels/linear.cl", "\n" * 401, "401 lines, at most 400"),
    ("tests/wide.c", "/" * 129 + "\n", "wide.c:1: 129 columns, at most 128"),
    ("include/taskexpert.h", "int te_run(int x = 1);\n", "include/taskexpert.h as c11"),
    ("include/taskexpert.h", "int te_run(int class);\n", "include/taskexpert.h as c++11"),
]


def write_tree(root, files):
    for path, content in files.items():
        os.makedirs(os.path.dirname(os.path.join(root, path)), exist_ok=True)
        with open(os.path.join(root, path), "w", encoding="utf-8") as file:
            file.write(content)


def symbols_problem(folder):
    """What the check says of a library that exports te_good and bad."""
    source, library = os.path.join(folder, "symbols.c"), os.path.join(folder, "symbols.so")
    with open(source, "w", encoding="utf-8") as file:
        file.write("int te_good(void);\nint te_good(void) { return 0; }\nint bad(void);\nint bad(void) { return 0; }\n")
    run("clang", "-shared", "-fPIC", "-nostdlib", "-o", library, source)
    return list(check_symbols(library))


def self_test():
    failed = []
    with tempfile.TemporaryDirectory() as folder:
        root = os.path.join(folder, "tree")
        write_tree(root, LAWFUL)
        found = problems_of(root)
        if found:
            failed.append("the lawful tree: %s" % found)
        for path, content, expected in VIOLATIONS:
            shutil.rmtree(root)
            write_tree(root, {**LAWFUL, path: content})
            found = problems_of(root)
            if len(found) != 1 or expected not in found[0]:
                failed.append("%s: expected '%s', got %s" % (path, expected, found))
        found = symbols_problem(folder)
        if len(found) != 1 or "exports 'bad'" not in found[0]:
            failed.append("symbols: %s" % found)
    for line in failed:
        print("FAILED %s" % line)
    print("%d passed, %d failed" % (len(VIOLATIONS) + 2 - len(failed), len(failed)))
    return 1 if failed else 0


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("root", nargs="?", default=os.path.join(os.path.dirname(__file__), ".."))
    parser.add_argument("--library", help="also check the symbols that this shared library exports")
    parser.add_argument("--self-test", action="store_true")
    arguments = parser.parse_args()
    if arguments.self_test:
        return self_test()
    found = problems_of(os.path.normpath(arguments.root), arguments.library)
    for line in found:
        print(line)
    print("%d broken laws" % len(found))
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
