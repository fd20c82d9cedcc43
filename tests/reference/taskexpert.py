"""TaskExpert in PyTorch: the reference that judges the OpenCL implementation. Inference only.

Written for clarity and in the plain order of the formulas; in particular the heads upsample first and convolve
after (the other implementation convolves on the small grid). Names and shapes of state_dict() are those of the
weight files.

Shapes: B batch, H x W pixels, h = H/16, w = W/16, N = h*w tokens, C backbone width, D decoder width, E experts,
G gate width, T tasks, K channels of a task, S scores of a gate (E+1; E with memory off). Features are (B,N,C),
tokens in row-major order of the grid.
Runs with PyTorch 1.13 and later.
"""
import math
from collections import namedtuple

import torch
import torch.nn as nn
import torch.nn.functional as F

PATCH = 16
LAYER_NORM_EPS = 1e-6
BATCH_NORM_EPS = 1e-5
MLP_RATIO = 4

# width C, blocks, heads, taps (1-based), decoder width D, expert hidden (0: 4 D), gate width G
BACKBONES = {
    "tiny": (192, 12, 3, (3, 6, 9, 12), 96, 0, 32),
    "small": (384, 12, 6, (3, 6, 9, 12), 192, 0, 128),
    "base": (768, 12, 12, (3, 6, 9, 12), 768, 0, 128),
    "large": (1024, 24, 16, (6, 12, 18, 24), 512, 2560, 128),
}
TASKS = {"semseg": None, "human_parts": 7, "sal": 2, "normals": 3, "edge": 1, "depth": 1}  # None: semseg_classes
GATES = {"conv1": 1, "conv3": 3, "conv5": 5, "mlp": None}  # kernel size
WRITES = ("add", "replace", "gated")
EXPERTS = ("mlp", "conv")

DEFAULTS = {
    "model.backbone": "base", "model.width": "0", "model.blocks": "0", "model.heads": "0", "model.taps": "",
    "model.cls_token": "false", "model.tasks": "semseg human_parts sal normals edge", "model.semseg_classes": "21",
    "model.semseg_names": "", "model.decoder_width": "0", "model.experts": "5", "model.expert_hidden": "0",
    "model.expert": "mlp", "model.gate": "conv3", "model.gate_width": "0", "model.connection": "dense", "model.memory": "true",
    "model.write": "add", "input.height": "512", "input.width": "512",
}

Config = namedtuple("Config", "width blocks heads taps cls_token tasks channels decoder_width experts "
                              "expert_hidden expert gate gate_width top memory write height width_pixels")
# logits {task: (B,K,H,W)}, taps [(B,N,C)], gates [(B,N,T*S)], memory [{task: (B,N,D)}] after each tap's write
Result = namedtuple("Result", "logits taps gates memory")


# ---- settings --------------------------------------------------------------------------------------------------

def _boolean(key, text):
    if text.lower() in ("true", "yes", "on", "1"):
        return True
    if text.lower() in ("false", "no", "off", "0"):
        return False
    raise ValueError("'%s' of '%s' is not a boolean" % (text, key))


def _choice(key, text, choices):
    if text not in choices:
        raise ValueError("'%s' of '%s' is none of %s" % (text, key, "|".join(choices)))
    return text


def _connection(text, scores):
    """k of `sparse:k`, or 0 for `dense`."""
    if text == "dense":
        return 0
    kind, _, number = text.partition(":")
    if kind != "sparse" or not number.isdigit() or not 1 <= int(number) <= scores:
        raise ValueError("'%s' of 'model.connection' is neither dense nor sparse:1 to sparse:%d" % (text, scores))
    return int(number)


def configure(settings):
    """Config from {"model.width": "192", ...}. Keys of sections other than [model] and [input] are left out."""
    values = dict(DEFAULTS)
    for key, value in settings.items():
        if key.startswith("model.") and key not in DEFAULTS:
            raise ValueError("unknown setting '%s'" % key)
        values[key] = str(value).strip()
    width, blocks, heads, taps, decoder_width, hidden, gate_width = \
        BACKBONES[_choice("model.backbone", values["model.backbone"], BACKBONES)]

    def number(key, otherwise):
        return int(values[key]) or otherwise

    decoder_width = number("model.decoder_width", decoder_width)
    experts = int(values["model.experts"])
    memory = _boolean("model.memory", values["model.memory"])
    tasks = values["model.tasks"].split()
    for task in tasks:
        _choice("model.tasks", task, TASKS)
    config = Config(
        width=number("model.width", width), blocks=number("model.blocks", blocks),
        heads=number("model.heads", heads),
        taps=tuple(int(tap) for tap in values["model.taps"].split()) or taps,
        cls_token=_boolean("model.cls_token", values["model.cls_token"]), tasks=tuple(tasks),
        channels={task: TASKS[task] or int(values["model.semseg_classes"]) for task in tasks},
        decoder_width=decoder_width, experts=experts,
        expert_hidden=number("model.expert_hidden", hidden or 4 * decoder_width),
        expert=_choice("model.expert", values["model.expert"], EXPERTS),
        gate=_choice("model.gate", values["model.gate"], GATES), gate_width=number("model.gate_width", gate_width),
        top=_connection(values["model.connection"], experts + (1 if memory else 0)), memory=memory,
        write=_choice("model.write", values["model.write"], WRITES),
        height=int(values["input.height"]), width_pixels=int(values["input.width"]))
    if config.width % config.heads or config.height % PATCH or config.width_pixels % PATCH:
        raise ValueError("width is no multiple of heads, or an input side no multiple of %d" % PATCH)
    if list(config.taps) != sorted(set(config.taps)) or config.taps[0] < 1 or config.taps[-1] > config.blocks:
        raise ValueError("taps %s do not rise within 1 to %d" % (config.taps, config.blocks))
    return config


# ---- layout ----------------------------------------------------------------------------------------------------

def to_map(tokens, grid):
    """(B,N,C) -> (B,C,h,w)"""
    return tokens.transpose(1, 2).reshape(tokens.shape[0], tokens.shape[2], grid[0], grid[1])


def to_tokens(feature_map):
    """(B,C,h,w) -> (B,N,C)"""
    return feature_map.flatten(2).transpose(1, 2)


def resize_pos_embed(pos_embed, old_grid, new_grid, class_rows):
    """pos_embed (1,class_rows+N,C) brought to another grid; the class row stays as it is."""
    if tuple(old_grid) == tuple(new_grid):
        return pos_embed
    row, grid = pos_embed[:, :class_rows], pos_embed[:, class_rows:]
    grid = F.interpolate(to_map(grid, old_grid), size=tuple(new_grid), mode="bicubic", align_corners=False)
    return torch.cat([row, to_tokens(grid)], 1)


# ---- backbone --------------------------------------------------------------------------------------------------

class Mlp(nn.Module):
    def __init__(self, inner, hidden, outer, device=None):
        super().__init__()
        self.fc1 = nn.Linear(inner, hidden, device=device)
        self.fc2 = nn.Linear(hidden, outer, device=device)

    def forward(self, x, grid=None):
        return self.fc2(F.gelu(self.fc1(x)))


class Attention(nn.Module):
    def __init__(self, width, heads, device=None):
        super().__init__()
        self.heads = heads
        self.fused = False  # True: PyTorch's own fused attention, where it has one; for timing
        self.qkv = nn.Linear(width, 3 * width, device=device)
        self.proj = nn.Linear(width, width, device=device)

    def forward(self, x):
        b, n, c = x.shape
        q, k, v = self.qkv(x).reshape(b, n, 3, self.heads, c // self.heads).permute(2, 0, 3, 1, 4)  # (B,heads,N,d)
        if self.fused:
            y = F.scaled_dot_product_attention(q, k, v)
        else:
            y = (q @ k.transpose(2, 3) / math.sqrt(c // self.heads)).softmax(3) @ v
        return self.proj(y.transpose(1, 2).reshape(b, n, c))


class Block(nn.Module):
    def __init__(self, width, heads, device=None):
        super().__init__()
        self.norm1 = nn.LayerNorm(width, LAYER_NORM_EPS, device=device)
        self.attn = Attention(width, heads, device)
        self.norm2 = nn.LayerNorm(width, LAYER_NORM_EPS, device=device)
        self.mlp = Mlp(width, MLP_RATIO * width, width, device)

    def forward(self, x):
        x = x + self.attn(self.norm1(x))
        return x + self.mlp(self.norm2(x))


class PatchEmbed(nn.Module):
    def __init__(self, width, device=None):
        super().__init__()
        self.proj = nn.Conv2d(3, width, PATCH, PATCH, device=device)

    def forward(self, x):
        return self.proj(x)


class Backbone(nn.Module):
    def __init__(self, config, device=None):
        super().__init__()
        self.taps = config.taps
        self.grid = (config.height // PATCH, config.width_pixels // PATCH)  # that of pos_embed
        self.class_rows = 1 if config.cls_token else 0
        rows = self.class_rows + self.grid[0] * self.grid[1]
        self.patch_embed = PatchEmbed(config.width, device)
        if config.cls_token:
            self.cls_token = nn.Parameter(torch.zeros(1, 1, config.width, device=device))
        self.pos_embed = nn.Parameter(torch.zeros(1, rows, config.width, device=device))
        self.blocks = nn.ModuleList(Block(config.width, config.heads, device) for _ in range(config.blocks))
        self.norm = nn.LayerNorm(config.width, LAYER_NORM_EPS, device=device)

    def forward(self, image):
        """image (B,3,H,W) -> taps [(B,N,C)], grid (h,w)"""
        feature_map = self.patch_embed(image)
        grid = tuple(feature_map.shape[2:])
        x = to_tokens(feature_map)
        if self.class_rows:
            x = torch.cat([self.cls_token.expand(x.shape[0], -1, -1), x], 1)
        x = x + resize_pos_embed(self.pos_embed, self.grid, grid, self.class_rows)
        taps = []
        for number, block in enumerate(self.blocks, 1):
            x = block(x)
            if number in self.taps:
                tap = self.norm(x) if number == self.taps[-1] else x  # the final norm belongs to the last tap only
                taps.append(tap[:, self.class_rows:])
        return taps, grid


# ---- memorial mixture of experts -------------------------------------------------------------------------------

class ConvExpert(nn.Module):
    """An expert whose first layer sees the 3x3 neighbourhood."""

    def __init__(self, inner, hidden, outer, device=None):
        super().__init__()
        self.fc1 = nn.Conv2d(inner, hidden, 3, padding=1, device=device)
        self.fc2 = nn.Linear(hidden, outer, device=device)

    def forward(self, x, grid):
        return self.fc2(F.gelu(to_tokens(self.fc1(to_map(x, grid)))))


class ConvGate(nn.Module):
    """(B,N,C) -> raw scores (B,N,S): conv, LayerNorm over channels, GELU, conv; k x k, zero padding."""

    def __init__(self, width, gate_width, scores, kernel, device=None):
        super().__init__()
        self.conv1 = nn.Conv2d(width, gate_width, kernel, padding=kernel // 2, device=device)
        self.norm = nn.LayerNorm(gate_width, LAYER_NORM_EPS, device=device)
        self.conv2 = nn.Conv2d(gate_width, scores, kernel, padding=kernel // 2, device=device)

    def forward(self, x, grid):
        y = F.gelu(self.norm(to_tokens(self.conv1(to_map(x, grid)))))
        return to_tokens(self.conv2(to_map(y, grid)))


def keep_top(scores, top):
    """Zero all but each token's `top` largest scores (the last dimension's); of equal scores the earlier one stays.
    The rest is not renormalised. top 0: dense."""
    if top == 0:
        return scores
    order = torch.sort(scores, dim=-1, descending=True, stable=True)[1][..., :top]
    return scores * torch.zeros_like(scores).scatter(-1, order, 1.0)


class Mmoe(nn.Module):
    def __init__(self, config, device=None):
        super().__init__()
        c, d, scores = config.width, config.decoder_width, config.experts + (1 if config.memory else 0)
        self.config = config
        expert = ConvExpert if config.expert == "conv" else Mlp
        self.experts = nn.ModuleList(expert(c, config.expert_hidden, d, device) for _ in range(config.experts))
        if config.gate == "mlp":
            self.gates = nn.ModuleDict({t: Mlp(c, 4 * c, scores, device) for t in config.tasks})
        else:
            self.gates = nn.ModuleDict({t: ConvGate(c, config.gate_width, scores, GATES[config.gate], device)
                                        for t in config.tasks})
        if config.memory:
            self.write = nn.ModuleDict({t: nn.Linear(d, d, device=device) for t in config.tasks})
            if config.write == "gated":
                self.alpha = nn.ParameterDict(
                    {t: nn.Parameter(torch.zeros(d, device=device)) for t in config.tasks})

    def updated(self, task, memory, z):
        """M_t after the write."""
        if not self.config.memory:
            return memory + z
        written = self.write[task](z)
        if self.config.write == "add":
            return memory + written
        if self.config.write == "replace":
            return written
        s = torch.sigmoid(self.alpha[task])
        return (1 - s) * memory + s * written

    def forward(self, x, grid, memory):
        """x (B,N,C), memory {task: (B,N,D)} -> new memory, gates (B,N,T*S)"""
        features = [expert(x, grid) for expert in self.experts]
        after, gates = {}, []
        for task in self.config.tasks:
            g = keep_top(self.gates[task](x, grid).softmax(2), self.config.top)
            sources = features + [memory[task]] if self.config.memory else features  # the memory is one more expert
            z = sum(g[:, :, e:e + 1] * source for e, source in enumerate(sources))
            after[task] = self.updated(task, memory[task], z)
            gates.append(g)
        return after, torch.cat(gates, 2)


# ---- heads -----------------------------------------------------------------------------------------------------

class BatchNorm(nn.Module):
    """Inference only, and without num_batches_tracked, which weight files do not hold."""

    def __init__(self, channels, device=None):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(channels, device=device))
        self.bias = nn.Parameter(torch.zeros(channels, device=device))
        self.register_buffer("running_mean", torch.zeros(channels, device=device))
        self.register_buffer("running_var", torch.ones(channels, device=device))

    def forward(self, x):
        return F.batch_norm(x, self.running_mean, self.running_var, self.weight, self.bias, eps=BATCH_NORM_EPS)


class Head(nn.Module):
    def __init__(self, decoder_width, channels, device=None):
        super().__init__()
        self.conv = nn.Conv2d(decoder_width, decoder_width, 3, padding=1, device=device)
        self.bn = BatchNorm(decoder_width, device)
        self.pred = nn.Conv2d(decoder_width, channels, 1, device=device)

    def forward(self, memory, grid, size):
        """memory (B,N,D) -> logits (B,K,H,W)"""
        x = to_map(memory, grid)
        x = F.interpolate(x, size=(4 * grid[0], 4 * grid[1]), mode="bilinear", align_corners=False)
        x = self.pred(F.gelu(self.bn(self.conv(x))))
        return F.interpolate(x, size=tuple(size), mode="bilinear", align_corners=False)


# ---- the model -------------------------------------------------------------------------------------------------

class TaskExpert(nn.Module):
    def __init__(self, settings, device=None):
        super().__init__()
        self.config = config = configure(settings)
        self.backbone = Backbone(config, device)
        if config.memory:
            self.memory = nn.ParameterDict(
                {t: nn.Parameter(torch.zeros(config.decoder_width, device=device)) for t in config.tasks})
        self.mmoe = nn.ModuleList(Mmoe(config, device) for _ in config.taps)
        self.heads = nn.ModuleDict(
            {t: Head(config.decoder_width, config.channels[t], device) for t in config.tasks})
        self.eval()

    def first_memory(self, like):
        """{task: (B,N,D)} before the first tap; with memory off the zero from which the sum of z starts."""
        b, n, _ = like.shape
        if not self.config.memory:
            return {t: like.new_zeros(b, n, self.config.decoder_width) for t in self.config.tasks}
        return {t: self.memory[t].expand(b, n, -1) for t in self.config.tasks}

    def forward(self, image):
        """image (B,3,H,W), normalised -> Result"""
        taps, grid = self.backbone(image)
        memory, gates, memories = self.first_memory(taps[0]), [], []
        for tap, mmoe in zip(taps, self.mmoe):
            memory, gate = mmoe(tap, grid, memory)
            gates.append(gate)
            memories.append(memory)
        logits = {t: head(memory[t], grid, image.shape[2:]) for t, head in self.heads.items()}
        return Result(logits, taps, gates, memories)

    def use_fused_attention(self):
        """Take PyTorch's fused attention (2.0 and later). Returns whether there is one."""
        fused = hasattr(F, "scaled_dot_product_attention")
        for block in self.backbone.blocks:
            block.attn.fused = fused
        return fused


# ---- weights from files ----------------------------------------------------------------------------------------

def _fill(module, tensors):
    """Copy {name: array} into a module: every name must be there, of the right shape, and none more."""
    state = module.state_dict()
    missing, more = sorted(set(state) - set(tensors)), sorted(set(tensors) - set(state))
    if missing or more:
        raise ValueError("missing weights %s, unknown weights %s" % (missing[:4], more[:4]))
    for name, values in tensors.items():
        if tuple(values.shape) != tuple(state[name].shape):
            raise ValueError("'%s' has shape %s, not %s" % (name, tuple(values.shape), tuple(state[name].shape)))
        state[name].copy_(torch.as_tensor(values))


def model_names(name):
    """Whether a tensor of a file belongs to the model, not to its golden results or a training state."""
    return not name.startswith(("golden.", "optim."))


def load_weights(model, tensors):
    """Fill the model from a file's {name: array}; golden results and training states are skipped."""
    _fill(model, {name: values for name, values in tensors.items() if model_names(name)})
    return model


def load_timm_backbone(model, tensors):
    """Replace the backbone by timm's ViT, {name: array} without prefix. The class token is dropped where the model
    has none; a square pos_embed of another grid is resized. Returns (used names, ignored names)."""
    backbone = model.backbone
    state, chosen = backbone.state_dict(), {}
    for name in state:
        if name not in tensors:
            raise ValueError("the file has no '%s'" % name)
        chosen[name] = torch.as_tensor(tensors[name])
    pos, file_rows = chosen["pos_embed"], 1 if "cls_token" in tensors else 0
    side = math.isqrt(pos.shape[1] - file_rows)
    if side * side != pos.shape[1] - file_rows:
        raise ValueError("pos_embed of the file has %d rows: no square grid" % pos.shape[1])
    pos = pos.to(state["pos_embed"].dtype)  # resized in the model's precision
    if file_rows and not backbone.class_rows:
        pos = pos[:, 1:]
    chosen["pos_embed"] = resize_pos_embed(pos, (side, side), backbone.grid, backbone.class_rows)
    _fill(backbone, chosen)
    return sorted(chosen), sorted(set(tensors) - set(chosen))
