"""vLLM: its engine goes on step by step in this process, as `LLM.generate` does it, so that every step has a time."""

import os

from llm_bench_channel import now_ns
from llm_bench_driver import Skip, StepEngine, given, kv_cache_skip, run


class Vllm(StepEngine):
    modules = ("vllm",)
    install = "pip install vllm"

    def prepare(self, spec, needs):
        if needs["use"] == "oneBatch":
            # In one process a step is one forward pass; beyond a queue it would be whatever has come by then.
            os.environ.setdefault("VLLM_ENABLE_V1_MULTIPROCESSING", "0")

    def load(self, spec, needs):
        from vllm import LLM

        limits = (spec.get("maxSourceLength"), spec.get("maxDecodeLength"))
        length = spec.get("maxModelLen") or (None if None in limits else sum(limits))
        one_batch = needs["use"] == "oneBatch"
        options = given(
            tokenizer=spec.get("tokenizer"),
            max_model_len=length,
            max_num_seqs=needs["batch"] if one_batch else spec.get("maxSequences"),
            gpu_memory_utilization=spec.get("gpuMemoryUtilization"),
            quantization=spec.get("quantization"),
            # A static batch is prefilled in one pass, and no part of it is known from an earlier one.
            max_num_batched_tokens=needs["batch"] * needs["contextLength"] if one_batch else None,
            enable_prefix_caching=False if one_batch else None,
        )
        self.llm = LLM(
            model=spec["model"],
            dtype=spec["dtype"],
            tensor_parallel_size=spec["tensorParallelSize"],
            trust_remote_code=spec["trustRemoteCode"],
            **{**options, **spec["args"]},
        )
        self.engine = self.llm.llm_engine
        self.tokenizer = self.llm.get_tokenizer()
        self.context_length = self.engine.model_config.max_model_len
        self.min_decode_length = spec.get("minDecodeLength", 0)
        self.jobs = {}
        self.next_id = 0
        return device_name()

    def sampling(self, job):
        from vllm import SamplingParams

        return SamplingParams(
            max_tokens=job.max_tokens,
            min_tokens=min(job.max_tokens, max(job.min_tokens, self.min_decode_length)),
            ignore_eos=job.ignore_eos,
            temperature=job.temperature,
            top_p=job.top_p,
            top_k=job.top_k or -1,
            seed=job.seed,
        )

    def add(self, job):
        from vllm import TokensPrompt

        self.next_id += 1
        job.key = str(self.next_id)
        self.jobs[job.key] = job
        self.engine.add_request(job.key, TokensPrompt(prompt_token_ids=job.prompt), self.sampling(job))

    def abort(self, job):
        if self.jobs.pop(job.key, None) is not None:
            self.engine.abort_request([job.key])

    def step(self):
        outputs = self.engine.step()
        at_ns = now_ns()
        for output in outputs:
            job = self.jobs.get(output.request_id)
            if job is None:
                continue
            answer = output.outputs[0]
            # Outputs hold all tokens so far.
            job.took(at_ns, list(answer.token_ids[len(job.tokens) :]))
            if output.finished:
                del self.jobs[job.key]
                job.finish(answer.text, "length" if answer.finish_reason == "length" else "stop")

    def check_fit(self, batch, input_length, output_length):
        cache = self.engine.vllm_config.cache_config
        length = input_length + output_length
        if cache.num_gpu_blocks and batch * length > cache.num_gpu_blocks * cache.block_size:
            raise kv_cache_skip(batch, length, cache.num_gpu_blocks * cache.block_size)

    def one_batch(self, prompts, output_length, cancelled):
        from vllm import SamplingParams, TokensPrompt

        sampling = SamplingParams(max_tokens=output_length, temperature=0, ignore_eos=True)
        keys = [f"batch-{self.next_id}-{row}" for row in range(len(prompts))]
        self.next_id += 1
        times, sequences = [], []
        started = now_ns()
        for key, prompt in zip(keys, prompts):
            self.engine.add_request(key, TokensPrompt(prompt_token_ids=prompt), sampling)
        while self.engine.has_unfinished_requests():
            if cancelled():
                self.engine.abort_request(keys)
                break
            outputs = self.engine.step()
            ended = now_ns()
            if outputs:
                times.append(ended - started)
                sequences.append(len(outputs))
                started = ended
        assert_static(sequences, len(prompts), cancelled)
        return {"prefillNs": times[0] if times else None, "decodeNs": times[1:], "sequences": sequences}


def assert_static(sequences, batch, cancelled):
    if not cancelled() and any(count != batch for count in sequences):
        raise Skip(
            f"vLLM did not hold all {batch} sequences in every step (it had {min(sequences)} in one): the batch does not fit "
            "its KV cache, or maxSequences or max_num_batched_tokens is too small"
        )


def device_name():
    from vllm.platforms import current_platform

    return current_platform.get_device_name()


if __name__ == "__main__":
    run(lambda needs: Vllm())
