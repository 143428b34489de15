"""rosellm: its online scheduler. Adding a request is its prefill and yields its first token; a step decodes those that run."""

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
        from rosellm.roseinfer.engine import InferenceEngine, OnlineScheduler

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
        self.scheduler = OnlineScheduler(self.engine, max_batch_size=spec["maxSequences"])
        self.jobs = {}
        return str(self.engine.device)

    def prompt_ids(self, messages):
        # Models that rosellm trains have no chat template.
        return self.tokenizer.encode("\n\n".join(message["content"] for message in messages), add_special_tokens=False)

    def add(self, job):
        if not self.jobs:
            # One generator draws for all requests: equal seeds give equal answers only where the same ones come together.
            self.torch.manual_seed(job.seed)
        self._synchronize()
        job.key = self.scheduler.add_request(
            self.tokenizer.decode(job.prompt),
            max_new_tokens=job.max_tokens,
            temperature=job.temperature or 1.0,
            top_k=job.top_k,
            top_p=job.top_p,
            stop_on_eos=not job.ignore_eos,
            do_sample=job.temperature > 0,
        )
        self._synchronize()
        self.jobs[job.key] = job
        self._take(job, now_ns())

    def abort(self, job):
        if self.jobs.pop(job.key, None) is not None:
            self.scheduler.pop_response(job.key)

    def step(self):
        self.scheduler.step()
        self._synchronize()
        at_ns = now_ns()
        for job in list(self.jobs.values()):
            self._take(job, at_ns)

    def _take(self, job, at_ns):
        session = self.scheduler._sessions[job.key]
        new = session.step_count - len(job.tokens)
        job.took(at_ns, list(session.generated_ids[len(session.generated_ids) - new :]))
        if session.finished:
            del self.jobs[job.key]
            self.scheduler.pop_response(job.key)
            job.finish(self.text(job.tokens), "length" if len(job.tokens) >= job.max_tokens else "stop")

    def _synchronize(self):
        if self.engine.device.type == "cuda":
            self.torch.cuda.synchronize(self.engine.device)

    def refusal(self, job):
        return "rosellm knows no shortest answer: leave minTokens out" if 0 < job.min_tokens < job.max_tokens else None


if __name__ == "__main__":
    run(lambda use: Rosellm())
