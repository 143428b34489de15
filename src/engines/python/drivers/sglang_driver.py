"""SGLang: its Engine for requests; for static batches its ModelRunner, by the functions of SGLang's own bench_one_batch."""

import inspect
import multiprocessing

from llm_bench_async import AsyncEngine
from llm_bench_channel import now_ns
from llm_bench_driver import given, kv_cache_skip, run
from llm_bench_static import StaticEngine

INSTALL = 'pip install "sglang[all]"'


def arguments_of(spec, max_sequences):
    options = given(
        tokenizer_path=spec.get("tokenizer"),
        context_length=spec.get("maxModelLen"),
        max_running_requests=max_sequences,
        mem_fraction_static=spec.get("gpuMemoryUtilization"),
        quantization=spec.get("quantization"),
    )
    return {
        "model_path": spec["model"],
        "dtype": spec["dtype"],
        "tp_size": spec["tensorParallelSize"],
        "trust_remote_code": spec["trustRemoteCode"],
        **options,
        **spec["args"],
    }


class SglangEngine(AsyncEngine):
    modules = ("sglang",)
    install = INSTALL
    no_one_batch = "it was loaded for requests"

    def load(self, spec, needs):
        import sglang
        from sglang.srt.sampling.sampling_params import SamplingParams

        self.engine = sglang.Engine(**arguments_of(spec, spec.get("maxSequences")))
        self.seeded = "sampling_seed" in inspect.signature(SamplingParams).parameters
        # Heeded or not, a release that knows the seed takes it without a word.
        deterministic = getattr(self.engine.tokenizer_manager.server_args, "enable_deterministic_inference", False)
        if not self.seeded:
            self.no_seed = "SGLang takes no seed before 0.5.3"
        elif not deterministic:
            self.no_seed = "SGLang heeds no seed without enable_deterministic_inference (in `args`)"
        self.tokenizer = self.engine.tokenizer_manager.tokenizer
        self.context_length = self.engine.tokenizer_manager.context_len
        return device_name()

    def close(self):
        self.engine.shutdown()

    async def answer(self, job):
        sampling = {
            "max_new_tokens": job.max_tokens,
            "min_new_tokens": job.min_tokens,
            "ignore_eos": job.ignore_eos,
            "temperature": job.temperature,
            "top_p": job.top_p,
            "top_k": job.top_k or -1,
            **({"sampling_seed": job.seed} if self.seeded else {}),
        }
        chunks = await self.engine.async_generate(input_ids=job.prompt, sampling_params=sampling, stream=True)
        async for chunk in chunks:
            at_ns, told = now_ns(), chunk["meta_info"]
            job.took(at_ns, new_tokens(chunk.get("output_ids"), len(job.tokens), told["completion_tokens"]))
            reason = told.get("finish_reason")
            if reason is not None:
                return self._end(job, chunk["text"], reason)

    def _end(self, job, text, reason):
        if reason["type"] == "abort":
            job.fail(f"SGLang gave the request up: {reason.get('message')}", text)
        else:
            job.finish(text, "length" if reason["type"] == "length" else "stop")


def new_tokens(ids, had, count):
    """Ids of the tokens that came with a chunk: some releases tell all so far, some the new ones, some none."""
    if ids is None:
        return [None] * (count - had)
    return ids[had:] if len(ids) == count else ids


class SglangRunner(StaticEngine):
    """One rank of tensor parallelism; the others are processes that do as they are told."""

    modules = ("sglang",)
    install = INSTALL

    def load(self, spec, needs):
        from sglang.srt.server_args import PortArgs, ServerArgs

        server_args = ServerArgs(**arguments_of(spec, needs["batch"]))
        port_args = PortArgs.init_new(server_args)
        self.ranks = [Follower(server_args, port_args, rank) for rank in range(1, server_args.tp_size)]
        self.rank = Rank(server_args, port_args, 0)
        self.tokenizer = self.rank.tokenizer
        self.context_length = self.rank.context_length
        return device_name()

    def close(self):
        for follower in self.ranks:
            follower.end()

    def tell(self, name, *arguments):
        for follower in self.ranks:
            follower.tell(name, *arguments)

    def extend(self, prompts):
        self.tell("clear")
        self.rank.clear()
        self.tell("extend", prompts)
        return self.rank.extend(prompts)

    def decode(self):
        self.tell("decode")
        return self.rank.decode()

    def check_fit(self, batch, input_length, output_length):
        length = input_length + output_length
        if batch * length > self.rank.capacity:
            raise kv_cache_skip(batch, length, self.rank.capacity)

    def one_batch(self, prompts, output_length, cancelled):
        times, sequences = [], []
        for step in range(output_length):
            if cancelled():
                break
            tokens, took_ns = self.extend(prompts) if step == 0 else self.decode()
            times.append(took_ns)
            sequences.append(len(tokens))
        return {"prefillNs": times[0] if times else None, "decodeNs": times[1:], "sequences": sequences}

    def start_batch(self, jobs):
        return GreedyBatch(self, jobs)


class GreedyBatch:
    """Requests decoded together; the runner samples as a static batch does, greedily."""

    def __init__(self, runner, jobs):
        for job in jobs:
            if job.temperature != 0:
                job.fail("SGLang's ModelRunner is driven greedily: set temperature to 0")
        self.runner = runner
        self.jobs = jobs
        self.begun = False

    def step(self):
        tokens, _ = self.runner.decode() if self.begun else self.runner.extend([job.prompt for job in self.jobs])
        at_ns, self.begun = now_ns(), True
        for job, token in zip(self.jobs, tokens):
            if job.ended:
                continue
            job.took(at_ns, [token])
            ends = not job.ignore_eos and token == self.runner.tokenizer.eos_token_id
            if ends or len(job.tokens) >= job.max_tokens:
                job.finish(self.runner.text(job.tokens), "stop" if ends else "length")


class Rank:
    """One rank's model, and the static batch that it holds."""

    def __init__(self, server_args, port_args, rank):
        from sglang import bench_one_batch

        self.lib = bench_one_batch
        self._set_up(server_args)
        # Later releases want the device beside the rank.
        places = len(inspect.signature(bench_one_batch.load_model).parameters) - 2
        self.runner, self.tokenizer = bench_one_batch.load_model(server_args, port_args, *[rank] * places)
        # Later releases wrap the runner.
        self.inner = getattr(self.runner, "torch_runner", self.runner)
        self.capacity = self.inner.max_total_num_tokens
        self.context_length = self.inner.model_config.context_len

    def _set_up(self, server_args):
        for name in ("_set_envs_and_config", "initialize_moe_config", "initialize_fp8_gemm_config", "initialize_fp4_gemm_config"):
            prepare = getattr(self.lib, name, None)
            if prepare is not None:
                prepare(server_args)

    def clear(self):
        for name in ("req_to_token_pool", "token_to_kv_pool_allocator", "token_to_kv_pool"):
            pool = getattr(self.inner, name, None)
            if hasattr(pool, "clear"):
                pool.clear()

    def extend(self, prompts):
        requests = [self._request(row, prompt) for row, prompt in enumerate(prompts)]
        return self._timed(lambda: self._extend(requests))

    def decode(self):
        return self._timed(lambda: self.lib.decode(self.next_tokens, self.batch, self.inner))

    def _extend(self, requests):
        tokens, logits, self.batch = self.lib.extend(requests, self.inner)
        return tokens, logits

    def _timed(self, forward):
        self.lib.synchronize(self.inner.device)
        started = now_ns()
        self.next_tokens, _ = forward()
        self.lib.synchronize(self.inner.device)
        took_ns = now_ns() - started
        return self.next_tokens.tolist(), took_ns

    def _request(self, row, prompt):
        prepare = self.lib.prepare_synthetic_inputs_for_latency_test
        if "custom_inputs" in inspect.signature(prepare).parameters:
            request = prepare(1, len(prompt), [prompt])[0]
        else:
            request = prepare(1, len(prompt))[0]
            request.origin_input_ids = request.fill_ids = list(prompt)
        request.rid = row
        return request


class Follower:
    """A further rank, in a process of its own."""

    def __init__(self, server_args, port_args, rank):
        self.pipe, theirs = multiprocessing.Pipe()
        arguments = (server_args, port_args, rank, theirs)
        self.process = multiprocessing.get_context("spawn").Process(target=follow, args=arguments)
        self.process.start()

    def tell(self, name, *arguments):
        self.pipe.send((name, arguments))

    def end(self):
        self.pipe.send(None)
        self.process.join(10)


def follow(server_args, port_args, rank, pipe):
    held = Rank(server_args, port_args, rank)
    while True:
        told = pipe.recv()
        if told is None:
            return
        name, arguments = told
        getattr(held, name)(*arguments)


def device_name():
    import torch

    return torch.cuda.get_device_name() if torch.cuda.is_available() else "cpu"


if __name__ == "__main__":
    run(lambda needs: SglangRunner() if needs["use"] == "oneBatch" else SglangEngine())
