"""Training of TaskExpert in PyTorch: the six losses, batch norm by the batch's statistics, Adam with its schedule.

The reference that judges a training step of the OpenCL implementation. Every loss is written from its formula
(docs/MODEL.md, section 6). There is no stochastic depth and no augmentation: both draw random numbers.

Logits are (B,K,H,W). Labels are (B,1,H,W), those of normals (B,3,H,W), and floating point as the logits are.
"""
import torch
import torch.nn.functional as F

from taskexpert import BATCH_NORM_EPS, BatchNorm

IGNORED = 255
EDGE_WEIGHT = 0.95  # of the pixels that are an edge; the others have 1 - 0.95
LEAST_NORMAL = 0.5  # a label that is shorter is none
LOSS_WEIGHTS = {"semseg": 1, "human_parts": 2, "sal": 5, "edge": 50, "normals": 10, "depth": 1}

BATCH_NORM_MOMENTUM = 0.1
BETAS, EPSILON, WEIGHT_DECAY = (0.9, 0.999), 1e-8, 1e-6
RATE_POWER = 0.9
LARGEST_NORM = 10


# ---- losses ----------------------------------------------------------------------------------------------------

def mean_over(values, valid):
    """Sum of the valid pixels' values over their number; 0 where no pixel is valid."""
    return torch.where(valid, values, torch.zeros_like(values)).sum() / valid.sum().clamp(min=1)


def cross_entropy(logits, classes):
    """classes (B,H,W), each in 0 ... K-1 -> minus the logarithm of its soft-max share (B,H,W)"""
    return logits.logsumexp(1) - logits.gather(1, classes[:, None]).squeeze(1)


def class_loss(logits, label):
    label = label[:, 0]
    valid = label != IGNORED
    return mean_over(cross_entropy(logits, torch.where(valid, label, torch.zeros_like(label)).long()), valid)


def saliency_loss(logits, label):
    """Class weights (1-p, p), p = negatives / valid of the batch; divided by valid pixels, not by weights."""
    label = label[:, 0]
    valid, positive = label != IGNORED, label == 1
    p = (label == 0).sum() / valid.sum().clamp(min=1).to(logits.dtype)
    return mean_over(torch.where(positive, p, 1 - p) * cross_entropy(logits, positive.long()), valid)


def edge_loss(logits, label):
    x, y, w = logits[:, 0], label[:, 0], EDGE_WEIGHT
    values = w * y * F.softplus(-x) + (1 - w) * (1 - y) * F.softplus(x)
    return mean_over(values, y != IGNORED)


def normals_loss(logits, label):
    prediction = logits / logits.norm(dim=1, keepdim=True).clamp(min=1e-12)
    return mean_over((prediction - label).abs().sum(1), label.norm(dim=1) >= LEAST_NORMAL)


def depth_loss(logits, label):
    return mean_over((logits - label).abs(), label > 0)


LOSSES = {"semseg": class_loss, "human_parts": class_loss, "sal": saliency_loss, "edge": edge_loss,
          "normals": normals_loss, "depth": depth_loss}


def task_losses(logits, labels):
    """{task: scalar}, without the weights"""
    return {task: LOSSES[task](logits[task], labels[task]) for task in logits}


def total_loss(values):
    return sum(LOSS_WEIGHTS[task] * value for task, value in values.items())


# ---- the model in training -------------------------------------------------------------------------------------

class TrainingBatchNorm(BatchNorm):
    """Normalises by the batch's statistics, which move the running ones (the variance by its unbiased estimate)."""

    def forward(self, x):
        return F.batch_norm(x, self.running_mean, self.running_var, self.weight, self.bias, training=self.training,
                            momentum=BATCH_NORM_MOMENTUM, eps=BATCH_NORM_EPS)


def prepare(model):
    """Make a TaskExpert trainable. Returns the tensors to train.

    heads.*.conv.bias stays as it is, without gradient: the batch norm behind it subtracts it again, so that its
    gradient is zero up to rounding, and Adam, which divides by the gradient's own size, would turn that rounding
    into steps of the full learning rate. It reaches the running mean only.
    """
    for head in model.heads.values():
        state = head.bn.state_dict()
        weight = head.bn.weight
        head.bn = TrainingBatchNorm(weight.shape[0], weight.device).to(weight.dtype)
        head.bn.load_state_dict(state)
        head.conv.bias.requires_grad_(False)
    model.train()
    return [value for value in model.parameters() if value.requires_grad]


def learning_rate(base, iteration, iterations):
    """iteration 0 is the first step."""
    return base * (1 - iteration / iterations) ** RATE_POWER


def train(model, batches, base_rate, iterations):
    """One step per (image, {task: label}) of `batches`; `iterations` is the length of the schedule.
    Returns ([{task: loss}], [norm of the whole gradient before clipping]), one entry per step, each of the weights
    before that step."""
    trained = prepare(model)
    optimiser = torch.optim.Adam(trained, base_rate, BETAS, EPSILON, WEIGHT_DECAY)
    losses, norms = [], []
    for iteration, (image, labels) in enumerate(batches):
        optimiser.param_groups[0]["lr"] = learning_rate(base_rate, iteration, iterations)
        values = task_losses(model(image).logits, labels)
        optimiser.zero_grad()
        total_loss(values).backward()
        norms.append(float(torch.nn.utils.clip_grad_norm_(trained, LARGEST_NORM)))
        optimiser.step()
        losses.append({task: float(value) for task, value in values.items()})
    return losses, norms
