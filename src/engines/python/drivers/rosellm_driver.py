"""rosellm: its schedulers, or `generate` alone. Adding a request to a scheduler is its prefill and yields its first token; a step
decodes those that run.
"""

from llm_bench_channel import now_ns
from llm_bench_driver import StepEngine, run


class Rosellm(StepEngine):
    modules = ("rosellm", "torch")
    install = "pip install git+https://github.com/chtho-like/rosellm"
    no_one_batch = "rosellm prefills one request after another"

    def version(self):
        from importlib.metadata import PackageNotFoundError, version

        try:
            return version("rosellm")
        except PackageNotFoundError:
            return "0 (a checkout)"

    def load(self, spec, needs):
        import torch
        from rosellm.roseinfer.engine import InferenceEngine

        self.torch = torch
        self.engine = InferenceEngine(
            checkpoint_path=spec["model"],
            tokenizer_name=spec["tokenizer"],
            device=spec["device"],
            use_amp=spec["amp"],
            bf16=spec["bf16"],
            **spec["args"],
        )
        self.tokenizer = self.engine.tokenizer
        self.context_length = getattr(self.engine.config, "max_position_embeddings", None)
        self.start(spec)
        return str(self.engine.device)

    def start(self, spec):
        """Makes what schedules the requests."""
        raise NotImplementedError

    def prompt_ids(self, messages):
        # Models that rosellm trains have no chat template.
        return self.tokenizer.encode("\n\n".join(message["content"] for message in messages), add_special_tokens=False)

    def request(self, job):
        return {
            "prompt": self.tokenizer.decode(job.prompt),
            "max_new_tokens": job.max_tokens,
            "temperature": job.temperature or 1.0,
            "top_k": job.top_k,
            "top_p": job.top_p,
            "stop_on_eos": not job.ignore_eos,
            "do_sample": job.temperature > 0,
        }

    def synchronize(self):
        if self.engine.device.type == "cuda":
            self.torch.cuda.synchronize(self.engine.device)

    def refusal(self, job):
        return "rosellm knows no shortest answer: leave minTokens out" if 0 < job.min_tokens < job.max_tokens else None


class Scheduled(Rosellm):
    """Requests through the online scheduler, or the offline one, which decodes all at once."""

    def __init__(self, offline):
        self.offline = offline
        self.jobs = {}

    def start(self, spec):
        from rosellm.roseinfer.engine import OfflineScheduler, OnlineScheduler

        online = {} if self.offline else {"max_batch_size": spec["maxSequences"]}
        self.scheduler = (OfflineScheduler if self.offline else OnlineScheduler)(self.engine, **online)

    def add(self, job):
        if not self.jobs:
            # One generator draws for all requests: equal seeds give equal answers only where the same ones come together.
            self.torch.manual_seed(job.seed)
        self.synchronize()
        job.key = self.scheduler.add_request(**self.request(job))
        self.synchronize()
        self.jobs[job.key] = job
        self._take(job, now_ns())

    def abort(self, job):
        if self.jobs.pop(job.key, None) is not None:
            self._release(job)

    def step(self):
        self.scheduler.step()
        self.synchronize()
        at_ns = now_ns()
        for job in list(self.jobs.values()):
            self._take(job, at_ns)

    def _take(self, job, at_ns):
        session = self.scheduler._sessions[job.key]
        new = session.step_count - len(job.tokens)
        job.took(at_ns, list(session.generated_ids[len(session.generated_ids) - new :]))
        if session.finished:
            del self.jobs[job.key]
            self._release(job)
            job.finish(self.text(job.tokens), "length" if len(job.tokens) >= job.max_tokens else "stop")

    def _release(self, job):
        # The offline scheduler would keep its blocks until the end of a run of its own.
        self.scheduler._sessions.pop(job.key).release_kv_blocks()


class Naive(Rosellm):
    """One request after another; its answer comes as a whole."""

    streams = False

    def __init__(self):
        self.waiting = []
        self.current = []

    def start(self, spec):
        pass

    def add(self, job):
        self.waiting.append(job)

    def abort(self, job):
        if job in self.waiting:
            self.waiting.remove(job)

    def lost_with_step(self, running):
        return self.current

    def step(self):
        job = self.waiting.pop(0)
        self.current = [job]
        self.torch.manual_seed(job.seed)
        request = self.request(job)
        text = self.engine.generate(**request)
        self.synchronize()
        at_ns = now_ns()
        # The text begins with the prompt.
        answer = text[len(request["prompt"]) :] if text.startswith(request["prompt"]) else text
        tokens = self.tokenizer.encode(answer, add_special_tokens=False)
        job.finish(answer, "length" if len(tokens) >= job.max_tokens else "stop", at_ns, tokens)


def choose(needs):
    mode = (needs.get("schedule") or {}).get("mode", "online")
    return Naive() if mode == "naive" else Scheduled(offline=mode == "offline")


if __name__ == "__main__":
    run(choose)
