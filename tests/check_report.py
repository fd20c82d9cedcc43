#!/usr/bin/env python3
"""What `taskexpert eval -o FOLDER` wrote is whole and says one thing: the JSON, the CSV, the page and the table on stdout.

    check_report.py FOLDER TABLE [PICTURES_ALIKE]

With a third argument all pixels of all pictures have depth and normals: the pooled numbers are means of the pictures' own.
"""
import base64
import csv
import json
import math
import os
import re
import sys
import xml.etree.ElementTree as xml


def refuse_twice(pairs):
    keys = [key for key, _ in pairs]
    assert len(set(keys)) == len(keys), "a key twice in %s" % keys
    return dict(pairs)


def read_table(path):
    """(task, metric) -> model, trivial, as printed"""
    rows = {}
    with open(path, encoding="utf-8") as file:
        lines = [line.split() for line in file if not line.startswith("multi-task")]
    assert lines[0] == ["task", "metric", "unit", "model", "trivial", "better", "pictures"], lines[0]
    for words in lines[1:]:
        metric = " ".join(word for word in words[1:-4] if word not in ("%", "m", "degrees"))
        rows[words[0], metric] = words[-4], words[-3]
    return rows


def check_json(report, table):
    found = {(s["task"], s["metric"]): s for s in report["scores"] if "class" not in s}
    assert set(found) == set(table), (sorted(found), sorted(table))
    for key, (model, trivial) in table.items():
        assert "%.4g" % found[key]["model"] == model, key
        assert "%.4g" % found[key]["trivial"] == trivial, key
    for gate in report.get("gates", []):
        assert abs(sum(gate["mean"]) - 1) < 1e-5 and 0 <= gate["entropy"] <= 1, gate
    for figure in report["figures"]:
        if figure["kind"] == "histogram":
            assert abs(sum(figure["values"][1]) - 100) < 1e-6, figure["title"]
    for task in ("semseg", "human_parts"):
        check_confusion(report, task)


def check_confusion(report, task):
    """IoU and accuracy follow from the matrix."""
    for figure in report["figures"]:
        if figure["task"] == task and figure["kind"] == "matrix":
            matrix, classes = figure["values"], range(len(figure["values"]))
            right = sum(matrix[c][c] for c in classes)
            accuracy = [s for s in report["scores"] if (s["task"], s["metric"]) == (task, "accuracy")][0]
            assert abs(accuracy["model"] - 100 * right / sum(map(sum, matrix))) < 1e-5
            for score in report["scores"]:
                if score["task"] == task and "class" in score:
                    c = score["class"]
                    union = sum(matrix[c]) + sum(row[c] for row in matrix) - matrix[c][c]
                    assert not union or abs(score["model"] - 100 * matrix[c][c] / union) < 1e-5, score


def check_csv(rows, report, alike):
    head, rows = rows[0], rows[1:]
    assert len(rows) == report["pictures"] and all(len(row) == len(head) for row in rows)
    assert head[:3] == ["picture", "width", "height"]
    for column, name in enumerate(head[3:], 3):
        task, _, metric = name.partition(" ")
        own = [float(row[column]) for row in rows if row[column]]
        assert all(math.isfinite(value) for value in own), name
        pooled = [s for s in report["scores"] if (s["task"], s["metric"]) == (task, metric)]
        if alike and task in ("depth", "normals"):
            power = 2 if metric == "rmse" else 1
            mean = (sum(value ** power for value in own) / len(own)) ** (1 / power)
            assert abs(mean - pooled[0]["model"]) < 1e-5 * mean, (name, mean, pooled[0]["model"])
    return [row[0] for row in rows]


def check_page(text, report):
    page = xml.fromstring(text)
    ids = [node.get("id") for node in page.iter() if node.get("id")]
    assert len(set(ids)) == len(ids)
    for node in page.iter():
        assert node.tag not in ("script", "link", "iframe", "object", "base"), node.tag
        assert not any(name.startswith("on") for name in node.attrib), node.attrib
        source, target = node.get("src"), node.get("href")
        if source is not None:
            start = "data:image/png;base64,"
            assert source.startswith(start), source[:80]
            assert base64.b64decode(source[len(start):], validate=True).startswith(b"\x89PNG\r\n\x1a\n")
        assert target is None or target[0] == "#" and target[1:] in ids, target
        assert node.tag != "img" or node.get("alt")
        assert node.tag != "th" or node.get("scope") in ("row", "col")
    style = page.find("head/style").text
    assert "url(" not in style and "@import" not in style and "prefers-color-scheme:dark" in style
    body = "".join(page.itertext())
    for score in report["scores"]:
        assert "%.4g" % score["model"] in body, score
    for key, value in report["settings"].items():
        assert value in body, key
    return body


def main():
    folder, table = sys.argv[1:3]
    with open(os.path.join(folder, "eval.json"), encoding="utf-8") as file:
        report = json.load(file, object_pairs_hook=refuse_twice)
    with open(os.path.join(folder, "pictures.csv"), encoding="utf-8", newline="") as file:
        content = file.read()
    assert not re.search("(?<!\r)\n", content), "lines of a CSV file end with CR LF"
    check_json(report, read_table(table))
    check_csv(list(csv.reader(content.splitlines(), strict=True)), report, len(sys.argv) > 3)
    with open(os.path.join(folder, "report.html"), encoding="utf-8") as file:
        check_page(file.read(), report)


main()
