#!/usr/bin/env python3
"""Tests of the reference itself: against numpy loops of the formulas, and of its files and golden data."""
import json
import math
import os
import shutil
import struct
import sys
import tempfile
import traceback
import zlib

import numpy as np
import torch
import torch.nn.functional as F

import check_counts
import command
import compare_full
import make_golden
import make_golden_training
import training
from safetensors_io import FormatError, load, save
from taskexpert import (BACKBONES, Attention, Backbone, ConvExpert, ConvGate, Head, Mlp, Mmoe, TaskExpert,
                        configure, keep_top, load_timm_backbone, load_weights, resize_pos_embed)

TINY = {"model.backbone": "tiny", "model.width": "8", "model.blocks": "2", "model.heads": "2", "model.taps": "1 2",
        "model.tasks": "edge semseg", "model.semseg_classes": "3", "model.decoder_width": "6", "model.experts": "2",
        "model.expert_hidden": "5", "model.gate_width": "4", "input.height": "32", "input.width": "48"}


# ---- plain numpy: one loop per index, from the formulas --------------------------------------------------------

def gelu(x):
    return 0.5 * x * (1 + np.vectorize(math.erf)(x / math.sqrt(2)))


def layer_norm(x, weight, bias, eps=1e-6):
    centred = x - x.mean(-1, keepdims=True)
    return centred / np.sqrt((centred ** 2).mean(-1, keepdims=True) + eps) * weight + bias


def softmax(x):
    e = np.exp(x - x.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)


def linear(x, w, name):
    return x @ w[name + ".weight"].T + w[name + ".bias"]


def convolve(x, weight, bias):
    """x (h,w,C), weight (O,C,k,k), zero padding k/2 -> (h,w,O)"""
    height, width, _ = x.shape
    reach = weight.shape[2] // 2
    y = np.tile(bias, (height, width, 1))
    for i in range(height):
        for j in range(width):
            for di in range(-reach, reach + 1):
                for dj in range(-reach, reach + 1):
                    if 0 <= i + di < height and 0 <= j + dj < width:
                        y[i, j] += weight[:, :, di + reach, dj + reach] @ x[i + di, j + dj]
    return y


def bilinear(x, factor):
    """x (h,w,C) -> (factor*h,factor*w,C), align_corners = false"""
    height, width, channels = x.shape
    y = np.zeros((factor * height, factor * width, channels))
    for i in range(factor * height):
        for j in range(factor * width):
            v, u = max((i + 0.5) / factor - 0.5, 0.0), max((j + 0.5) / factor - 0.5, 0.0)
            i0, j0 = int(v), int(u)
            i1, j1 = min(i0 + 1, height - 1), min(j0 + 1, width - 1)
            a, b = v - i0, u - j0
            y[i, j] = ((1 - a) * ((1 - b) * x[i0, j0] + b * x[i0, j1]) + a * ((1 - b) * x[i1, j0] + b * x[i1, j1]))
    return y


def bicubic(x, size, a=-0.75):
    """x (h,w,C) -> (size,C): Keys' kernel, align_corners = false, border values repeated"""
    def weight(t):
        t = abs(t)
        if t <= 1:
            return (a + 2) * t ** 3 - (a + 3) * t ** 2 + 1
        return a * t ** 3 - 5 * a * t ** 2 + 8 * a * t - 4 * a if t < 2 else 0.0

    def resized(rows, length):
        out = np.zeros((length,) + rows.shape[1:])
        for i in range(length):
            centre = (i + 0.5) * rows.shape[0] / length - 0.5
            for k in range(math.floor(centre) - 1, math.floor(centre) + 3):
                out[i] += weight(centre - k) * rows[min(max(k, 0), rows.shape[0] - 1)]
        return out

    return resized(resized(x, size[0]).transpose(1, 0, 2), size[1]).transpose(1, 0, 2)


def attention(x, w, heads):
    """x (N,C), one head and one query at a time"""
    n, c = x.shape
    d = c // heads
    qkv = linear(x, w, "qkv")
    y = np.zeros((n, c))
    for head in range(heads):
        rows = slice(head * d, (head + 1) * d)
        q, k, v = qkv[:, :c][:, rows], qkv[:, c:2 * c][:, rows], qkv[:, 2 * c:][:, rows]
        for i in range(n):
            y[i, rows] = softmax(np.array([q[i] @ k[j] / math.sqrt(d) for j in range(n)])) @ v
    return linear(y, w, "proj")


def part(w, prefix):
    return {name[len(prefix):]: value for name, value in w.items() if name.startswith(prefix)}


def backbone(image, w, heads, taps, class_rows):
    """image (3,H,W) -> taps [(N,C)]"""
    weight, grid = w["patch_embed.proj.weight"], (image.shape[1] // 16, image.shape[2] // 16)
    x = np.array([np.tensordot(weight, image[:, 16 * i:16 * i + 16, 16 * j:16 * j + 16], 3)
                  for i in range(grid[0]) for j in range(grid[1])]) + w["patch_embed.proj.bias"]
    if class_rows:
        x = np.concatenate([w["cls_token"][0], x])
    x, found = x + w["pos_embed"][0], []
    for number in range(1, taps[-1] + 1):
        b = part(w, "blocks.%d." % (number - 1))
        x = x + attention(layer_norm(x, b["norm1.weight"], b["norm1.bias"]), part(b, "attn."), heads)
        x = x + linear(gelu(linear(layer_norm(x, b["norm2.weight"], b["norm2.bias"]), b, "mlp.fc1")), b, "mlp.fc2")
        if number in taps:
            last = number == taps[-1]
            found.append((layer_norm(x, w["norm.weight"], w["norm.bias"]) if last else x)[class_rows:])
    return found


# ---- helpers ---------------------------------------------------------------------------------------------------

def randomise(module, seed=0, scale=0.5):
    """Random weights, none of them trivial. Returns them as {name: float64 array}."""
    random = np.random.RandomState(seed)
    module.double()
    for name, value in module.state_dict().items():
        drawn = scale * random.standard_normal(tuple(value.shape))
        value.copy_(torch.from_numpy(np.abs(drawn) + 0.5 if name.endswith("running_var") else drawn))
    return {name: value.numpy().copy() for name, value in module.state_dict().items()}


def numbers(*shape, seed=1):
    return np.random.RandomState(seed).standard_normal(shape)


def tensor(values):
    return torch.from_numpy(np.ascontiguousarray(values))


def equal(got, expected, limit=1e-10):
    got = got.detach().numpy() if isinstance(got, torch.Tensor) else np.asarray(got)
    assert got.shape == expected.shape, "shape %s, expected %s" % (got.shape, expected.shape)
    worst = np.abs(got - expected).max()
    assert worst <= limit * max(1.0, np.abs(expected).max()), "largest difference %g" % worst


def raises(kind, text, function, *arguments):
    try:
        function(*arguments)
    except kind as error:
        assert text in str(error), "'%s' does not say '%s'" % (error, text)
        return
    raise AssertionError("no %s with '%s'" % (kind.__name__, text))


def tiny(**changes):
    return dict(TINY, **{"model." + key: value for key, value in changes.items()})


# ---- parts of the model ----------------------------------------------------------------------------------------

def test_attention_is_the_formula():
    module = Attention(12, 3)
    w, x = randomise(module), numbers(2, 5, 12)
    equal(module(tensor(x)), np.stack([attention(image, w, 3) for image in x]))


def test_fused_attention_is_the_same():
    model = TaskExpert(tiny()).double()
    randomise(model)
    x = tensor(numbers(1, 3, 32, 48))
    before = model(x).logits["semseg"].numpy()
    if model.use_fused_attention():
        equal(model(x).logits["semseg"], before)


def test_backbone_is_the_formula():
    for class_token in ("false", "true"):
        config = configure(tiny(cls_token=class_token, blocks="3", taps="1 3"))
        module = Backbone(config)
        w, x = randomise(module, scale=0.3), numbers(2, 3, 32, 48)
        taps, grid = module(tensor(x))
        expected = [backbone(image, w, 2, config.taps, module.class_rows) for image in x]
        assert grid == (2, 3) and len(taps) == 2
        for l in range(2):
            equal(taps[l], np.stack([image[l] for image in expected]))


def test_gates_are_the_formula():
    x = numbers(2, 6, 8)
    for kernel in (1, 3, 5):
        module = ConvGate(8, 4, 3, kernel)
        w = randomise(module)
        expected = []
        for image in x:
            y = convolve(image.reshape(2, 3, 8), w["conv1.weight"], w["conv1.bias"])
            y = gelu(layer_norm(y, w["norm.weight"], w["norm.bias"]))
            expected.append(convolve(y, w["conv2.weight"], w["conv2.bias"]).reshape(6, 3))
        equal(module(tensor(x), (2, 3)), np.stack(expected))


def test_experts_are_the_formula():
    x, module = numbers(2, 6, 8), Mlp(8, 5, 4)
    w = randomise(module)
    equal(module(tensor(x), (2, 3)), linear(gelu(linear(x, w, "fc1")), w, "fc2"))
    module = ConvExpert(8, 5, 4)
    w = randomise(module)
    first = [convolve(image.reshape(2, 3, 8), w["fc1.weight"], w["fc1.bias"]).reshape(6, 5) for image in x]
    equal(module(tensor(x), (2, 3)), linear(gelu(np.stack(first)), w, "fc2"))


def test_sparse_keeps_the_largest():
    scores = torch.tensor([[[0.1, 0.4, 0.2, 0.3], [0.7, 0.05, 0.2, 0.05]]])
    equal(keep_top(scores, 2), np.float32([[[0, 0.4, 0, 0.3], [0.7, 0, 0.2, 0]]]))
    equal(keep_top(scores, 1), np.float32([[[0, 0.4, 0, 0], [0.7, 0, 0, 0]]]))
    equal(keep_top(scores, 4), scores.numpy())
    equal(keep_top(scores, 0), scores.numpy())
    equal(keep_top(torch.tensor([[[0.25, 0.25, 0.25, 0.25]]]), 2), np.float32([[[0.25, 0.25, 0, 0]]]))


def mmoe_by_hand(settings, x, memory, w):
    """x (N,C) on a 2x3 grid, memory {task: (N,D)} -> new memory, gates (N,T*S); one token at a time"""
    config, after, gates = configure(settings), {}, []
    features = [linear(gelu(linear(x, w, "experts.%d.fc1" % e)), w, "experts.%d.fc2" % e)
                for e in range(config.experts)]
    for task in config.tasks:
        g = softmax(linear(gelu(linear(x, w, "gates.%s.fc1" % task)), w, "gates.%s.fc2" % task))
        if config.top:
            for token in g:
                token[np.argsort(-token)[config.top:]] = 0
        z = np.zeros_like(memory[task])
        for n in range(x.shape[0]):
            for e in range(config.experts):
                z[n] += g[n, e] * features[e][n]
            if config.memory:
                z[n] += g[n, config.experts] * memory[task][n]
        if not config.memory:
            after[task] = memory[task] + z
        else:
            written = linear(z, w, "write.%s" % task)
            s = 1 / (1 + np.exp(-w["alpha.%s" % task])) if config.write == "gated" else None
            after[task] = {"add": lambda: memory[task] + written, "replace": lambda: written,
                           "gated": lambda: (1 - s) * memory[task] + s * written}[config.write]()
        gates.append(g)
    return after, np.concatenate(gates, 1)


def test_mmoe_is_the_formula():
    for changes in ({}, {"write": "replace"}, {"write": "gated"}, {"memory": "false"}, {"connection": "sparse:2"},
                    {"memory": "false", "connection": "sparse:1"}):
        settings = tiny(gate="mlp", **changes)
        config = configure(settings)
        module = Mmoe(config)
        w, x = randomise(module), numbers(2, 6, 8)
        memory = {task: numbers(2, 6, 6, seed=i) for i, task in enumerate(config.tasks)}
        after, gates = module(tensor(x), (2, 3), {task: tensor(value) for task, value in memory.items()})
        for b in range(2):
            expected, scores = mmoe_by_hand(settings, x[b], {task: value[b] for task, value in memory.items()}, w)
            equal(gates[b], scores)
            for task in config.tasks:
                equal(after[task][b], expected[task])


def test_head_is_the_formula():
    module = Head(6, 3)
    w, x = randomise(module), numbers(2, 6, 6)
    expected = []
    for memory in x:
        y = convolve(bilinear(memory.reshape(2, 3, 6), 4), w["conv.weight"], w["conv.bias"])
        y = (y - w["bn.running_mean"]) / np.sqrt(w["bn.running_var"] + 1e-5) * w["bn.weight"] + w["bn.bias"]
        y = gelu(y) @ w["pred.weight"][:, :, 0, 0].T + w["pred.bias"]
        expected.append(bilinear(y, 4).transpose(2, 0, 1))
    equal(module(tensor(x), (2, 3), (32, 48)), np.stack(expected))


def test_head_convolution_may_be_done_on_the_small_grid():
    """conv3x3(up4(x))[q] = b + sum of up4(W_k x)[q+k] over the offsets k with q+k inside."""
    x, weight, bias = tensor(numbers(1, 5, 2, 3)), tensor(numbers(4, 5, 3, 3)), tensor(numbers(4))

    def up(small):
        return F.interpolate(small, size=(8, 12), mode="bilinear", align_corners=False)

    y = bias.reshape(1, 4, 1, 1).repeat(1, 1, 8, 12)
    for i in range(3):
        for j in range(3):
            product = F.pad(up(F.conv2d(x, weight[:, :, i:i + 1, j:j + 1])), (1, 1, 1, 1))
            y = y + product[:, :, i:i + 8, j:j + 12]
    equal(F.conv2d(up(x), weight, bias, padding=1), y.numpy())


def test_pos_embed_is_resized_bicubically():
    for old, new in (((4, 4), (2, 3)), ((2, 2), (5, 3)), ((3, 2), (3, 7))):
        grid, row = numbers(old[0], old[1], 5), numbers(1, 1, 5, seed=2)
        expected = bicubic(grid, new).reshape(1, -1, 5)
        equal(resize_pos_embed(tensor(grid.reshape(1, -1, 5)), old, new, 0), expected)
        both = np.concatenate([row, grid.reshape(1, -1, 5)], 1)
        equal(resize_pos_embed(tensor(both), old, new, 1), np.concatenate([row, expected], 1))


# ---- the model -------------------------------------------------------------------------------------------------

def test_memory_flows_from_tap_to_tap():
    """The whole forward pass is its parts in order; the first memory is the learned vector, on every token."""
    for memory in ("true", "false"):
        model = TaskExpert(tiny(memory=memory))
        randomise(model)
        x = tensor(numbers(2, 3, 32, 48))
        result, (taps, grid) = model(x), model.backbone(x)
        if memory == "true":
            now = {t: model.memory[t].reshape(1, 1, 6).repeat(2, 6, 1) for t in ("edge", "semseg")}
        else:
            now = {t: torch.zeros(2, 6, 6, dtype=torch.float64) for t in ("edge", "semseg")}
        for l in range(2):
            now, gates = model.mmoe[l](taps[l], grid, now)
            equal(result.gates[l], gates.numpy())
            for task in now:
                equal(result.memory[l][task], now[task].numpy())
        for task in now:
            equal(result.logits[task], model.heads[task](now[task], grid, (32, 48)).numpy())


def test_gates_sum_to_one():
    model = TaskExpert(tiny())
    randomise(model)
    gates = model(tensor(numbers(2, 3, 32, 48))).gates[0].reshape(2, 6, 2, 3)
    equal(gates.sum(3), np.ones((2, 6, 2)))


def test_images_of_a_batch_do_not_mix():
    model = TaskExpert(tiny(cls_token="true"))
    randomise(model)
    x = tensor(numbers(3, 3, 32, 48))
    whole = model(x).logits["semseg"]
    for b in range(3):
        equal(model(x[b:b + 1]).logits["semseg"][0], whole[b].numpy())


def test_every_weight_matters():
    """Golden files whose results did not depend on some weight would let an error in it pass."""
    for case in make_golden.CASES:
        tensors, settings = load(os.path.join(make_golden.FOLDER, case + ".safetensors"))
        with torch.inference_mode(False), torch.enable_grad():
            model = load_into(TaskExpert(settings).double(), tensors)
            result = model(torch.from_numpy(tensors["golden.input"]).double())
            weights = [tensor(numbers(*value.shape, seed=5)) for value in result.logits.values()]
            sum((value * weight).sum() for value, weight in zip(result.logits.values(), weights)).backward()
            for name, value in model.named_parameters():
                assert value.grad is not None and value.grad.abs().max() > 1e-9, \
                    "%s: '%s' has no influence" % (case, name)


def load_into(model, tensors):
    with torch.no_grad():
        return load_weights(model, tensors)


def test_names_and_shapes():
    model = TaskExpert(tiny(cls_token="true", write="gated", blocks="1", taps="1", tasks="semseg", experts="1"))
    expected = {
        "backbone.patch_embed.proj.weight": (8, 3, 16, 16), "backbone.patch_embed.proj.bias": (8,),
        "backbone.cls_token": (1, 1, 8), "backbone.pos_embed": (1, 7, 8),
        "backbone.blocks.0.norm1.weight": (8,), "backbone.blocks.0.norm1.bias": (8,),
        "backbone.blocks.0.attn.qkv.weight": (24, 8), "backbone.blocks.0.attn.qkv.bias": (24,),
        "backbone.blocks.0.attn.proj.weight": (8, 8), "backbone.blocks.0.attn.proj.bias": (8,),
        "backbone.blocks.0.norm2.weight": (8,), "backbone.blocks.0.norm2.bias": (8,),
        "backbone.blocks.0.mlp.fc1.weight": (32, 8), "backbone.blocks.0.mlp.fc1.bias": (32,),
        "backbone.blocks.0.mlp.fc2.weight": (8, 32), "backbone.blocks.0.mlp.fc2.bias": (8,),
        "backbone.norm.weight": (8,), "backbone.norm.bias": (8,), "memory.semseg": (6,),
        "mmoe.0.experts.0.fc1.weight": (5, 8), "mmoe.0.experts.0.fc1.bias": (5,),
        "mmoe.0.experts.0.fc2.weight": (6, 5), "mmoe.0.experts.0.fc2.bias": (6,),
        "mmoe.0.gates.semseg.conv1.weight": (4, 8, 3, 3), "mmoe.0.gates.semseg.conv1.bias": (4,),
        "mmoe.0.gates.semseg.norm.weight": (4,), "mmoe.0.gates.semseg.norm.bias": (4,),
        "mmoe.0.gates.semseg.conv2.weight": (2, 4, 3, 3), "mmoe.0.gates.semseg.conv2.bias": (2,),
        "mmoe.0.write.semseg.weight": (6, 6), "mmoe.0.write.semseg.bias": (6,), "mmoe.0.alpha.semseg": (6,),
        "heads.semseg.conv.weight": (6, 6, 3, 3), "heads.semseg.conv.bias": (6,),
        "heads.semseg.bn.weight": (6,), "heads.semseg.bn.bias": (6,),
        "heads.semseg.bn.running_mean": (6,), "heads.semseg.bn.running_var": (6,),
        "heads.semseg.pred.weight": (3, 6, 1, 1), "heads.semseg.pred.bias": (3,),
    }
    got = {name: tuple(value.shape) for name, value in model.state_dict().items()}
    assert got == expected, sorted(set(got.items()) ^ set(expected.items()))
    plain = set(TaskExpert(tiny(gate="mlp", memory="false", expert="conv")).state_dict())
    assert {"mmoe.0.gates.edge.fc1.weight", "mmoe.1.gates.semseg.fc2.bias"} <= plain
    assert not [name for name in plain if "write" in name or "alpha" in name or "memory" in name or "cls" in name]
    assert tuple(TaskExpert(tiny(expert="conv")).mmoe[0].experts[1].fc1.weight.shape) == (5, 8, 3, 3)


def test_settings():
    config = configure({"model.backbone": "large"})
    assert (config.width, config.blocks, config.heads, config.taps) == (1024, 24, 16, (6, 12, 18, 24))
    assert (config.decoder_width, config.expert_hidden, config.gate_width) == (512, 2560, 128)
    assert configure({"model.backbone": "base"}).expert_hidden == 3072
    assert configure({"model.backbone": "small", "model.decoder_width": "64"}).expert_hidden == 256
    assert configure({"model.backbone": "tiny", "model.width": "0", "model.taps": ""}).width == BACKBONES["tiny"][0]
    assert configure(TINY).width == 8 and configure(TINY).channels == {"edge": 1, "semseg": 3}
    assert configure(tiny(connection="sparse:3")).top == 3 and not configure(tiny(memory="off")).memory
    for key, value, text in (("model.connection", "sparse:4", "sparse:1 to sparse:3"),
                             ("model.gate", "conv7", "conv7"), ("model.tasks", "semseg flow", "flow"),
                             ("model.taps", "2 1", "taps"),
                             ("model.taps", "3", "taps"), ("model.memory", "perhaps", "perhaps"),
                             ("model.heads", "3", "heads"), ("model.colour", "red", "model.colour")):
        raises(ValueError, text, configure, dict(TINY, **{key: value}))


def test_parameter_counts():
    for name, settings, expected in check_counts.COUNTS:
        got = "%.2f" % (check_counts.count(settings) / 1e6)
        assert got == expected, "%s: %s M, expected %s M" % (name, got, expected)


def test_weights_must_fit():
    model = TaskExpert(tiny())
    state = {name: value.numpy() for name, value in model.state_dict().items()}
    load_weights(model, dict(state, **{"golden.input": numbers(1), "optim.m.memory.edge": numbers(6)}))
    raises(ValueError, "heads.edge.colour", load_weights, model, dict(state, **{"heads.edge.colour": numbers(1)}))
    raises(ValueError, "has shape", load_weights, model, dict(state, **{"memory.edge": numbers(5)}))
    del state["memory.edge"]
    raises(ValueError, "memory.edge", load_weights, model, state)


def test_timm_backbone():
    timm, _ = make_golden.make_timm_backbone()
    for stem, case in make_golden.TIMM_EXPECTED.items():
        tensors, settings = load(os.path.join(make_golden.FOLDER, stem + ".safetensors"))
        assert settings["golden.model"] == case + ".safetensors"
        model = TaskExpert(settings)
        randomise(model)
        used, ignored = load_timm_backbone(model, timm)
        rows, pos = model.backbone.class_rows, timm["pos_embed"].astype(np.float64)
        assert ignored == ([] if rows else ["cls_token"]) + ["head.bias", "head.weight"], ignored
        assert set(used) | set(ignored) == set(timm) and not set(used) & set(ignored)
        w = {name: value.numpy() for name, value in model.backbone.state_dict().items()}
        equal(w["pos_embed"][0, rows:], bicubic(pos[0, 1:].reshape(4, 4, -1), (2, 3)).reshape(6, -1))
        if rows:
            equal(w["pos_embed"][0, 0], pos[0, 0])
        for b, image in enumerate(tensors["golden.input"].astype(np.float64)):
            for l, tap in enumerate(backbone(image, w, 2, model.config.taps, rows)):
                equal(tensors["golden.tap.%d" % l][b], tap, 1e-6)
    model = TaskExpert(settings)
    raises(ValueError, "blocks.2.norm1.bias", load_timm_backbone, model,
           {name: value for name, value in timm.items() if name != "blocks.2.norm1.bias"})
    raises(ValueError, "no square", load_timm_backbone, model, dict(timm, pos_embed=timm["pos_embed"][:, :-1]))
    raises(ValueError, "has shape", load_timm_backbone, model, {**timm, "norm.bias": timm["norm.bias"][:-1]})


# ---- training --------------------------------------------------------------------------------------------------

ALL_TASKS = {"semseg": 3, "human_parts": 7, "sal": 2, "normals": 3, "edge": 1, "depth": 1}


def some_labels(batch, size, seed=3):
    """{task: (B,1,H,W) or (B,3,H,W)} in double, about a fifth of them ignored"""
    random = np.random.RandomState(seed)
    shape, labels = (batch, 1) + size, {}
    for task, count in ALL_TASKS.items():
        if task in ("normals", "depth"):
            values = random.standard_normal((batch, count) + size)
            values = values / np.linalg.norm(values, axis=1, keepdims=True) if task == "normals" else np.abs(values)
            ignored = 0
        else:
            values, ignored = random.randint(0, max(count, 2), shape), 255
        labels[task] = tensor(np.where(random.uniform(size=shape) < 0.2, float(ignored), values))
    return labels


def loss_by_hand(task, logits, label):
    """One pixel at a time; logits (B,K,H,W), label (B,?,H,W)"""
    values = []  # of the valid pixels, with their label
    for b, i, j in np.ndindex(logits.shape[0], *logits.shape[2:]):
        x, y = logits[b, :, i, j], label[b, :, i, j]
        if task == "normals":
            if np.sqrt((y ** 2).sum()) >= 0.5:
                values.append((np.abs(x / np.sqrt((x ** 2).sum()) - y).sum(), None))
        elif task == "depth":
            if y[0] > 0:
                values.append((abs(x[0] - y[0]), None))
        elif y[0] != 255 and task == "edge":
            share = 1 / (1 + math.exp(-x[0]))
            values.append((-0.95 * math.log(share) if y[0] == 1 else -0.05 * math.log(1 - share), y[0]))
        elif y[0] != 255:
            values.append((-math.log(softmax(x)[int(y[0])]), y[0]))
    p = sum(y == 0 for _, y in values) / len(values)
    weights = {0: 1 - p, 1: p} if task == "sal" else {}
    return sum(weights.get(y, 1) * value for value, y in values) / len(values)


def test_losses_are_the_formula():
    labels = some_labels(2, (4, 5))
    logits = {task: tensor(3 * numbers(2, count, 4, 5, seed=count + 10)) for task, count in ALL_TASKS.items()}
    got = training.task_losses(logits, labels)
    assert list(got) == list(ALL_TASKS)
    for task, value in got.items():
        ignored = labels[task][:, 0] == (0 if task in ("normals", "depth") else 255)
        assert 0 < int(ignored.sum()) < 20, task
        equal(value, np.array(loss_by_hand(task, logits[task].numpy(), labels[task].numpy())))
    total = sum(weight * float(got[task]) for task, weight in
                (("semseg", 1), ("human_parts", 2), ("sal", 5), ("edge", 50), ("normals", 10), ("depth", 1)))
    equal(training.total_loss(got), np.array(total))


def test_edge_loss_of_large_logits():
    """Saturated logits: the loss is the logit itself, with nothing of it lost."""
    for x, y, expected in ((-300, 1, 0.95 * 300), (300, 0, 0.05 * 300), (300, 1, 0), (-300, 0, 0)):
        value = training.edge_loss(torch.full((1, 1, 2, 2), float(x)), torch.full((1, 1, 2, 2), float(y)))
        equal(value, np.float32(expected), 1e-6)


def test_short_normals_are_ignored():
    label = torch.zeros(1, 3, 1, 2, dtype=torch.float64)
    label[0, 0] = tensor(np.array([0.49, 0.51]))
    logits = torch.ones(1, 3, 1, 2, dtype=torch.float64)
    equal(training.normals_loss(logits, label), np.array(2 / math.sqrt(3) + 1 / math.sqrt(3) - 0.51))


def test_losses_without_labels_are_zero():
    with torch.enable_grad():
        for task, count in ALL_TASKS.items():
            logits = tensor(numbers(1, count, 2, 3)).requires_grad_()
            shape = (1, 3 if task == "normals" else 1, 2, 3)
            label = torch.full(shape, 0.0 if task in ("normals", "depth") else 255.0, dtype=torch.float64)
            value = training.LOSSES[task](logits, label)
            value.backward()
            assert float(value) == 0 and not logits.grad.any(), task


def test_batch_norm_in_training():
    model = TaskExpert(tiny(tasks="edge"))
    w = part(randomise(model), "heads.edge.bn.")
    training.prepare(model)
    x = numbers(3, 6, 2, 4) + numbers(6, 1, 1, seed=5)
    got, mean, variance = model.heads["edge"].bn(tensor(x)), x.mean((0, 2, 3)), x.var((0, 2, 3))
    normal = (x - mean.reshape(6, 1, 1)) / np.sqrt(variance + 1e-5).reshape(6, 1, 1)
    equal(got, normal * w["weight"].reshape(6, 1, 1) + w["bias"].reshape(6, 1, 1))
    equal(model.heads["edge"].bn.running_mean, 0.9 * w["running_mean"] + 0.1 * mean)
    equal(model.heads["edge"].bn.running_var, 0.9 * w["running_var"] + 0.1 * variance * 24 / 23)
    before = model.state_dict()["heads.edge.bn.running_mean"].clone()
    model.eval()
    y = (x - before.numpy().reshape(6, 1, 1)) / np.sqrt(model.heads["edge"].bn.running_var.numpy().reshape(6, 1, 1)
                                                       + 1e-5)
    equal(model.heads["edge"].bn(tensor(x)), y * w["weight"].reshape(6, 1, 1) + w["bias"].reshape(6, 1, 1))
    equal(model.heads["edge"].bn.running_mean, before.numpy())


def training_model(seed=4):
    model = TaskExpert(tiny(tasks=" ".join(ALL_TASKS), write="gated"))
    randomise(model, seed, 0.3)
    return model


def gradients(model, image, labels):
    """{name: gradient} of the total loss, and the loss"""
    model.zero_grad()
    value = training.total_loss(training.task_losses(model(image).logits, labels))
    value.backward()
    return {name: p.grad.numpy().copy() for name, p in model.named_parameters() if p.grad is not None}, float(value)


def adam_by_hand(model, state, batch, base, iterations, step):
    """One step in numpy on {name: [weight, m, v]}, from the model's gradients"""
    g, _ = gradients(model, *batch)
    norm = math.sqrt(sum((value ** 2).sum() for value in g.values()))
    rate = base * (1 - step / iterations) ** 0.9
    for name, value in g.items():
        p, m, v = state[name]
        value = value * min(1, 10 / (norm + 1e-6)) + 1e-6 * p
        m, v = 0.9 * m + 0.1 * value, 0.999 * v + 0.001 * value ** 2
        p = p - rate * (m / (1 - 0.9 ** (step + 1))) / (np.sqrt(v / (1 - 0.999 ** (step + 1))) + 1e-8)
        state[name] = [p, m, v]
        dict(model.named_parameters())[name].data.copy_(torch.from_numpy(p))
    return norm


def test_training_is_the_formula():
    """Clipped and unclipped steps. Weight decay shows where gradients are zero: at the biases of the keys."""
    batches = [(tensor(numbers(2, 3, 32, 48, seed=s)), some_labels(2, (32, 48), s)) for s in range(4)]
    batches[2][1]["edge"].fill_(255)
    model, other = training_model(), training_model()
    for each in (model, other):
        each.heads["edge"].pred.bias.fill_(-3)  # edges that it misses: a large gradient
    with torch.enable_grad():
        losses, norms = training.train(model, batches, 3e-3, 5)
        training.prepare(other)
        state = {name: [p.detach().numpy().copy(), 0.0, 0.0] for name, p in other.named_parameters()}
        expected = [adam_by_hand(other, state, batch, 3e-3, 5, step) for step, batch in enumerate(batches)]
    assert len(losses) == 4 and set(losses[0]) == set(ALL_TASKS)
    equal(np.array(norms), np.array(expected))
    assert min(norms) < 10 < max(norms), norms
    for name, value in other.state_dict().items():
        equal(model.state_dict()[name], value.numpy())


def test_gradient_is_the_slope():
    """The whole backward pass against the loss at both sides, along a random direction."""
    model, labels, image = training_model(), some_labels(2, (32, 48)), tensor(numbers(2, 3, 32, 48))
    trained = training.prepare(model)
    with torch.enable_grad():
        g, _ = gradients(model, image, labels)
    names = [name for name, p in model.named_parameters() if p.requires_grad]
    assert set(g) == set(names)
    steps = [tensor(1e-7 * numbers(*p.shape, seed=i)) for i, p in enumerate(trained)]
    slope = sum(float((tensor(g[name]) * step).sum()) for name, step in zip(names, steps))
    values = []
    for sign in (1, -2):
        for p, step in zip(trained, steps):
            p.data.add_(step, alpha=sign)
        values.append(float(training.total_loss(training.task_losses(model(image).logits, labels))))
    assert abs(slope) > 1e-7 and abs((values[0] - values[1]) / (2 * slope) - 1) < 1e-4, (slope, values)


def test_gradients_that_are_only_rounding():
    """Why a comparison of trained weights leaves out the biases before batch norm and those of the keys."""
    model, labels, image = training_model(), some_labels(2, (32, 48)), tensor(numbers(2, 3, 32, 48))
    training.prepare(model)
    for head in model.heads.values():
        assert not head.conv.bias.requires_grad
        head.conv.bias.requires_grad_(True)
    with torch.enable_grad():
        g, _ = gradients(model, image, labels)
    for task in ALL_TASKS:
        equal(g["heads.%s.conv.bias" % task], np.zeros(6), 1e-13)
        assert np.abs(g["heads.%s.bn.bias" % task]).max() > 1e-3
    for i in range(2):
        bias = g["backbone.blocks.%d.attn.qkv.bias" % i]
        equal(bias[8:16], np.zeros(8), 1e-15)
        assert min(np.abs(bias[:8]).max(), np.abs(bias[16:]).max()) > 1e-6


def test_learning_rate_schedule():
    assert training.learning_rate(2e-5, 0, 40000) == 2e-5
    assert abs(training.learning_rate(2e-5, 20000, 40000) - 2e-5 * 0.5 ** 0.9) < 1e-18
    assert training.learning_rate(2e-5, 40000, 40000) == 0


def test_golden_training_is_current():
    for name in make_golden_training.RUNS:
        lines = make_golden_training.differences(make_golden.FOLDER, name)
        assert not lines, lines


def test_golden_training_check_sees_damage(folder):
    path = make_golden_training.path_in(folder, "training")
    tensors, metadata = load(make_golden_training.path_in(make_golden.FOLDER, "training"))
    tensors["golden.final.heads.edge.bn.running_var"][3] *= 1 + 1e-5
    tensors["golden.loss.sal"][19] += 1e-5
    save(path, tensors, metadata)
    lines = make_golden_training.differences(folder, "training")
    assert lines == ["'golden.loss.sal' of 'training' differs",
                     "'golden.final.heads.edge.bn.running_var' of 'training' differs"], lines
    save(path, tensors, dict(metadata, **{"golden.steps": "19"}))
    assert make_golden_training.differences(folder, "training") == ["'training' has other metadata or names"]
    os.remove(path)
    assert make_golden_training.differences(folder, "training") == ["'training' is missing"]


def check_golden_training(name):
    path = make_golden_training.path_in(make_golden.FOLDER, name)
    assert os.path.getsize(path) < make_golden_training.FILE_LIMIT
    tensors, metadata = load(path)
    config, model = configure(metadata), TaskExpert(metadata)
    load_weights(model, tensors)
    batch, steps = int(metadata["golden.batch"]), int(metadata["golden.steps"])
    size = (config.height, config.width_pixels)
    expected = {"input": (batch, 3) + size, "norm": (steps,)}
    for task in config.tasks:
        expected.update({"label." + task: (batch, 3 if task == "normals" else 1) + size, "loss." + task: (steps,)})
    expected.update({"final." + name: tuple(value.shape) for name, value in model.state_dict().items()})
    got = {name[7:]: value.shape for name, value in tensors.items() if name.startswith("golden.")}
    assert got == expected
    assert {key for key in metadata if key.startswith("golden.")} == \
        {"golden.batch", "golden.steps", "golden.rate", "golden.iterations"}
    return set(config.tasks)


def test_golden_training_holds_what_it_says():
    tasks = [check_golden_training(name) for name in make_golden_training.RUNS]
    assert set(ALL_TASKS) in tasks


def check_labels(name):
    tensors, metadata = load(make_golden_training.path_in(make_golden.FOLDER, name))
    channels = configure(metadata).channels
    for task in channels:
        label = tensors["golden.label." + task].astype(np.float64)
        if task == "normals":
            length = np.linalg.norm(label, axis=1)
            valid = length > 0
            assert np.abs(length[valid] - 1).max() < 1e-6
        elif task == "depth":
            valid = label[:, 0] > 0
            assert (label >= 0).all() and label.max() < 10
        else:
            valid = label[:, 0] != 255
            assert set(label[valid[:, None]]) == set(range(max(channels[task], 2))), task
        none = {"human_parts": {make_golden_training.WITHOUT_PARTS},
                "normals": {make_golden_training.WITHOUT_NORMALS}}.get(task, set())
        for b in range(label.shape[0]):
            assert (valid[b].mean() == 0) if b in none else (0.8 < valid[b].mean() < 0.97), (task, b)


def test_golden_training_labels():
    for name in make_golden_training.RUNS:
        check_labels(name)


def test_golden_training_is_well_conditioned():
    """Else a comparison in single precision would judge luck, not code."""
    for run, counts in {"training": (7, 209), "training_sparse": (5, 150)}.items():
        steps, weights = make_golden_training.conditioning(run)
        assert (len(steps), len(weights)) == counts, run
        for name, values in steps.items():
            assert values.max() < (1e-4 if name == "norm" else 2e-5), (run, name, values)
        for name, (relative, _, _) in weights.items():
            assert relative < 2e-5, (run, name, relative)


# ---- files -----------------------------------------------------------------------------------------------------

def test_safetensors_round_trip(folder):
    path, again = os.path.join(folder, "a.safetensors"), os.path.join(folder, "b.safetensors")
    tensors = {"x": numbers(2, 3).astype(np.float32), "empty": np.zeros((0, 4), np.float32), "one": np.float32(3),
               "n": np.arange(5), "half": numbers(3).astype(np.float16), "byte": np.arange(3, dtype=np.uint8)}
    size = save(path, tensors, {"model.tasks": "semseg \"edge\"", "é": "ü"})
    assert size == os.path.getsize(path)
    got, metadata = load(path)
    assert metadata == {"model.tasks": "semseg \"edge\"", "é": "ü"}
    assert set(got) == set(tensors)
    for name in tensors:
        values = np.asarray(tensors[name])
        assert got[name].dtype == values.dtype and got[name].shape == values.shape, name
        assert (got[name] == values).all(), name
    save(again, tensors, metadata)
    with open(path, "rb") as first, open(again, "rb") as second:
        assert first.read() == second.read()
    assert set(load(path, lambda name: name == "n")[0]) == {"n"}


def raw_file(path, header, data):
    text = json.dumps(header).encode()
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text + data)


def test_safetensors_bfloat16(folder):
    path = os.path.join(folder, "a.safetensors")
    raw_file(path, {"x": {"dtype": "BF16", "shape": [2], "data_offsets": [0, 4]}}, b"\x80\x3f\x00\xc0")
    assert load(path)[0]["x"].tolist() == [1.0, -2.0]


def test_safetensors_refuses_broken_files(folder):
    path = os.path.join(folder, "a.safetensors")

    def broken(text, header, data):
        raw_file(path, header, data)
        raises(FormatError, text, load, path)

    def entry(begin, end, count, kind="F32"):
        return {"dtype": kind, "shape": [count], "data_offsets": [begin, end]}

    broken("do not fit", {"x": entry(0, 8, 2)}, b"1234")
    broken("do not fit", {"x": entry(0, 8, 3)}, b"12345678")
    broken("do not fit", {"x": entry(4, 8, 1)}, b"12345678")
    broken("do not fit", {"x": entry(0, 4, 1), "y": entry(0, 4, 1)}, b"1234")
    broken("no tensor", {"x": entry(0, 4, 1)}, b"12345678")
    broken("unknown type", {"x": entry(0, 4, 1, "F8")}, b"1234")
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", 1 << 60) + b"{}")
    raises(FormatError, "longer than the file", load, path)
    with open(path, "wb") as file:
        file.write(b"123")
    raises(FormatError, "too short", load, path)
    raises(FormatError, "cannot be stored", save, path, {"x": np.zeros(2, np.complex64)})


def copy_golden(folder):
    """All golden files but those of training, which make_golden_training.py writes."""
    for name in os.listdir(make_golden.FOLDER):
        if name.endswith(".safetensors") and name[:-12] not in make_golden_training.RUNS:
            shutil.copy(os.path.join(make_golden.FOLDER, name), folder)


def test_golden_files_are_current(folder):
    copy_golden(folder)
    lines = make_golden.differences(folder)
    assert not lines, lines


def test_golden_check_sees_damage(folder):
    copy_golden(folder)
    path = os.path.join(folder, "odd.safetensors")
    tensors, metadata = load(path)
    tensors["golden.logits.semseg"][0, 0, 0, 0] += 1e-3
    save(path, tensors, metadata)
    os.remove(os.path.join(folder, "base.safetensors"))
    lines = make_golden.differences(folder)
    assert lines == ["'base' is missing", "'golden.logits.semseg' of 'odd' differs"], lines


def test_golden_metadata_is_complete():
    for case in make_golden.CASES:
        tensors, metadata = load(os.path.join(make_golden.FOLDER, case + ".safetensors"))
        config = configure(metadata)
        batch = int(metadata["golden.batch"])
        assert tensors["golden.input"].shape == (batch, 3, config.height, config.width_pixels)
        keys = {key for key in metadata if key.startswith(("model.", "input."))}
        assert keys == set(make_golden.settings_of(case)[0]) and len(keys) == 19, keys


# ---- the comparisons' own tools --------------------------------------------------------------------------------

def test_picture_and_config_for_the_command(folder):
    rgb, path = command.noise((32, 48), 3), os.path.join(folder, "noise.png")
    command.write_png(path, rgb)
    with open(path, "rb") as file:
        data = file.read()
    at = data.index(b"IDAT")
    size, = struct.unpack(">I", data[at - 4:at])
    rows = np.frombuffer(zlib.decompress(data[at + 4:at + 4 + size]), np.uint8).reshape(32, 1 + 3 * 48)
    assert data[:8] == b"\x89PNG\r\n\x1a\n" and not rows[:, 0].any()
    assert (rows[:, 1:].reshape(32, 48, 3) == rgb).all() and rgb.std() > 20
    source, config = os.path.join(folder, "in.ini"), os.path.join(folder, "out.ini")
    with open(source, "w") as file:
        file.write("[model]\nbackbone = small ; for now\ntasks = semseg depth\n[input]\nheight = 32\n")
    command.write_config(config, source, None, (64, 96))
    with open(config) as file:
        lines = [line.strip() for line in file if line.strip()]
    assert lines == ["[model]", "backbone = small", "tasks = semseg depth",
                     "[input]", "height = 64", "width = 96"], lines
    assert command.parse_size("448x576") == (448, 576)
    raises(ValueError, "multiples of 16", command.parse_size, "100x100")
    raises(command.CommandError, "exited with", command.run, "false")


def test_full_comparison_looks_at_the_input():
    rgb = command.noise((32, 48), 3)
    good = ((rgb / 255.0 - compare_full.MEAN) / compare_full.STD).transpose(2, 0, 1).astype(np.float32)
    compare_full.check_raw({"input": good, "edge": numbers(1, 32, 48)}, rgb, ["edge"])
    for raw, text in (({"input": good}, "has no 'edge'"),
                      ({"input": good[::-1], "edge": good}, "not the normalised"),
                      ({"input": good, "edge": good * np.nan}, "not finite")):
        raises(command.CommandError, text, compare_full.check_raw, raw, rgb, ["edge"])
    assert abs(compare_full.relative(np.array([3.0, 4.1]), np.array([3.0, 4.0])) - 0.02) < 1e-12


def main():
    torch.set_num_threads(1)
    passed = failed = 0
    for name, test in sorted(globals().items()):
        if not name.startswith("test_") or (len(sys.argv) > 1 and name not in sys.argv[1:]):
            continue
        try:
            with torch.no_grad(), tempfile.TemporaryDirectory() as folder:
                test(*([folder] if test.__code__.co_argcount else []))
            passed += 1
        except Exception:  # pylint: disable=broad-except
            failed += 1
            print("FAILED %s\n%s" % (name, traceback.format_exc()))
    print("%d passed, %d failed" % (passed, failed))
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main())
