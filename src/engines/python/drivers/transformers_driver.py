"""Plain PyTorch: a model of Hugging Face's transformers and its KV cache, one forward pass at a time."""

import gc

from llm_bench_channel import now_ns
from llm_bench_driver import Skip, run
from llm_bench_static import StaticEngine


class Transformers(StaticEngine):
    modules = ("transformers", "torch")
    install = "pip install transformers torch"

    def load(self, spec, needs):
        import torch
        from transformers import AutoModelForCausalLM, AutoTokenizer

        self.torch = torch
        if "threads" in spec:
            torch.set_num_threads(spec["threads"])
        self.device = torch.device(spec["device"] if spec["device"] != "auto" else "cuda" if torch.cuda.is_available() else "cpu")
        model, trust = spec["model"], spec["trustRemoteCode"]
        self.tokenizer = AutoTokenizer.from_pretrained(spec.get("tokenizer", model), trust_remote_code=trust)
        loaded = AutoModelForCausalLM.from_pretrained(model, trust_remote_code=trust, **self._dtype(spec["dtype"]), **spec["args"])
        self.model = loaded.to(self.device).eval()
        config = self.model.config.get_text_config()
        self.config = config
        limits = [spec.get("maxModelLen"), getattr(config, "max_position_embeddings", None)]
        self.context_length = min((limit for limit in limits if limit is not None), default=None)
        self.end_tokens = self._end_tokens()
        self.max_sequences = spec["maxSequences"]

        from llm_bench_torch import device_name

        return device_name(self.device)

    def _dtype(self, name):
        from transformers import __version__

        dtype = name if name == "auto" else getattr(self.torch, name)
        major, minor = (int(part) for part in __version__.split(".")[:2])
        return {"dtype" if (major, minor) >= (4, 56) else "torch_dtype": dtype}

    def _end_tokens(self):
        own = getattr(self.model.generation_config, "eos_token_id", None)
        own = own if isinstance(own, list) else [own]
        return {token for token in [*own, self.tokenizer.eos_token_id] if token is not None}

    def recover(self):
        super().recover()
        gc.collect()
        if self.device.type == "cuda":
            self.torch.cuda.empty_cache()

    def start_batch(self, jobs):
        return Batch(self, jobs)

    def forward(self, tokens, cache, **more):
        """One pass; gives the logits of each row's last token."""
        with self.torch.inference_mode():
            return self.model(input_ids=tokens, past_key_values=cache, use_cache=True, logits_to_keep=1, **more)

    def one_batch(self, prompts, output_length, cancelled):
        from llm_bench_torch import synchronize

        tokens = self.torch.tensor(prompts, device=self.device)
        times, sequences, cache = [], [], None
        for _ in range(output_length):
            if cancelled():
                break
            synchronize(self.device)
            started = now_ns()
            output = self.forward(tokens, cache)
            tokens = output.logits[:, -1].argmax(dim=-1, keepdim=True)
            synchronize(self.device)
            times.append(now_ns() - started)
            sequences.append(tokens.shape[0])
            cache = output.past_key_values
        return {"prefillNs": times[0] if times else None, "decodeNs": times[1:], "sequences": sequences}

    def check_fit(self, batch, input_length, output_length):
        # The system may end a process that takes more memory than there is.
        from llm_bench_torch import free_memory

        config, size = self.config, self.model.dtype.itemsize
        heads = getattr(config, "num_key_value_heads", None) or config.num_attention_heads
        width = getattr(config, "head_dim", None) or config.hidden_size // config.num_attention_heads
        cache = 2 * config.num_hidden_layers * heads * width * (input_length + output_length)
        # The residual stream and the widest tensor of a layer, at prefill.
        passing = 2 * max(config.hidden_size, getattr(config, "intermediate_size", None) or 0) * input_length
        needed, free = batch * size * (cache + passing), free_memory(self.device)
        if free is not None and needed > free:
            raise Skip(
                f"a batch of {batch} × {input_length + output_length} tokens needs at least {needed / 2**30:.1f} GiB, "
                f"and {free / 2**30:.1f} GiB are free"
            )


class Batch:
    """Requests that are answered together: one prefill, then a step for each further token until the longest is done."""

    def __init__(self, engine, jobs):
        from llm_bench_torch import Sampler

        torch = engine.torch
        self.engine = engine
        self.jobs = jobs
        self.sampler = Sampler(jobs, engine.end_tokens, engine.device)
        width = max(len(job.prompt) for job in jobs)
        # Padding stands on the left, so that the last token of every row is a real one.
        lengths = [len(job.prompt) for job in jobs]
        rows = [[0] * (width - len(job.prompt)) + job.prompt for job in jobs]
        self.tokens = torch.tensor(rows, device=engine.device)
        self.mask = torch.tensor([[0] * (width - n) + [1] * n for n in lengths], device=engine.device)
        self.cache = None

    def step(self):
        torch = self.engine.torch
        positions = (self.mask.cumsum(dim=-1) - 1).clamp(min=0)[:, -self.tokens.shape[1] :]
        output = self.engine.forward(self.tokens, self.cache, attention_mask=self.mask, position_ids=positions)
        self.cache = output.past_key_values
        with torch.inference_mode():
            self.tokens = self.sampler.choose(output.logits[:, -1]).unsqueeze(1)
            # Reading the tokens waits for the device.
            chosen = self.tokens.squeeze(1).tolist()
            self.mask = torch.cat([self.mask, self.mask.new_ones((len(self.jobs), 1))], dim=1)
        at_ns = now_ns()
        for job, token in zip(self.jobs, chosen):
            if not job.ended:
                self._take(job, token, at_ns)

    def _take(self, job, token, at_ns):
        ends = token in self.engine.end_tokens
        job.took(at_ns, [token])
        if ends or len(job.tokens) >= job.max_tokens:
            job.finish(self.engine.text(job.tokens), "stop" if ends else "length")


if __name__ == "__main__":
    run(lambda needs: Transformers())
