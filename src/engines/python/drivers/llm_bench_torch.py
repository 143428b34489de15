"""What drivers on PyTorch share: choosing tokens, waiting for the device, and how much memory there is."""

import os
import random

import torch


class Sampler:
    """Chooses the next token of every row. Each row draws from a seed of its own, so that its company changes nothing."""

    def __init__(self, jobs, end_tokens, device):
        self._jobs = jobs
        self._draws = [random.Random(job.seed) for job in jobs]
        self._end_tokens = torch.tensor(sorted(end_tokens), device=device)
        self._greedy = all(job.temperature == 0 for job in jobs)
        column = lambda values: torch.tensor(values, device=device).unsqueeze(1)  # noqa: E731
        self._temperature = column([job.temperature or 1.0 for job in jobs])
        self._top_p = column([float(job.top_p) for job in jobs])
        self._top_k = column([job.top_k or 1 << 30 for job in jobs])
        self._is_greedy = column([job.temperature == 0 for job in jobs])

    def choose(self, logits):
        logits = logits.float()
        barred = [row for row, job in enumerate(self._jobs) if job.ignore_eos or len(job.tokens) < job.min_tokens]
        if barred and len(self._end_tokens) > 0:
            logits[torch.tensor(barred, device=logits.device).unsqueeze(1), self._end_tokens] = float("-inf")
        best = logits.argmax(dim=-1)
        if self._greedy:
            return best
        ordered, order = (logits / self._temperature).sort(dim=-1, descending=True)
        shares = ordered.softmax(dim=-1)
        before = shares.cumsum(dim=-1) - shares
        rank = torch.arange(shares.shape[1], device=shares.device)
        # The most likely token stays, however small topP is.
        keep = ((before < self._top_p) & (rank < self._top_k)) | (rank == 0)
        sums = (shares * keep).cumsum(dim=-1)
        draws = torch.tensor([[draw.random()] for draw in self._draws], device=sums.device)
        place = torch.searchsorted(sums, draws * sums[:, -1:]).clamp(max=keep.sum(dim=-1, keepdim=True) - 1)
        drawn = order.gather(1, place).squeeze(1)
        return torch.where(self._is_greedy.squeeze(1), best, drawn)


def synchronize(device):
    """Waits until the device has done all that it was given: a CUDA call only hands work over."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)


def free_memory(device):
    """Bytes that may still be taken; None where the system does not tell."""
    if device.type == "cuda":
        return torch.cuda.mem_get_info(device)[0] + torch.cuda.memory_reserved(device) - torch.cuda.memory_allocated(device)
    free = [number for number in (_available(), _left_in_group()) if number is not None]
    return min(free) if free else None


def _available():
    try:
        with open("/proc/meminfo", encoding="ascii") as lines:
            return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("MemAvailable:"))
    except (OSError, StopIteration):
        return None


def _left_in_group():
    try:
        limit, used = (_read(f"/sys/fs/cgroup/memory.{name}") for name in ("max", "current"))
        return int(limit) - int(used)
    except (OSError, ValueError):
        return None


def _read(path):
    with open(path, encoding="ascii") as file:
        return file.read()


def device_name(device):
    if device.type == "cuda":
        return torch.cuda.get_device_name(device)
    return f"cpu ({torch.get_num_threads()} threads of {os.cpu_count()} cores)"
