"""LMDeploy: its pipeline, on TurboMind or its PyTorch engine. Requests that come together are one `stream_infer`."""

import dataclasses
import threading
import traceback

from llm_bench_channel import now_ns
from llm_bench_driver import Engine, describe, given, run, start_jobs


class Lmdeploy(Engine):
    modules = ("lmdeploy", "transformers")
    install = "pip install lmdeploy"
    no_one_batch = "LMDeploy tells no times of its forward passes, which hold whatever sequences there are"

    def load(self, spec, needs):
        import lmdeploy
        from transformers import AutoTokenizer

        self.lib = lmdeploy
        model, trust = spec["model"], spec["trustRemoteCode"]
        self.tokenizer = AutoTokenizer.from_pretrained(spec.get("tokenizer", model), trust_remote_code=trust)
        self.adds_bos = self.tokenizer.encode("")[:1] == [self.tokenizer.bos_token_id]
        config = lmdeploy.TurbomindEngineConfig if spec["backend"] == "turbomind" else lmdeploy.PytorchEngineConfig
        options = given(
            session_len=spec.get("maxModelLen"),
            max_batch_size=spec.get("maxSequences"),
            cache_max_entry_count=spec.get("gpuMemoryUtilization"),
            model_format=spec.get("quantization"),
        )
        backend = config(dtype=spec["dtype"], tp=spec["tensorParallelSize"], **{**options, **spec["args"]})
        self.pipeline = lmdeploy.pipeline(model, backend_config=backend, trust_remote_code=trust)
        # Later releases keep the engine within the pipeline.
        self.context_length = getattr(self.pipeline, "async_engine", self.pipeline).session_len
        return device_name()

    def close(self):
        close = getattr(self.pipeline, "close", None)
        if close is not None:
            close()

    def serve(self, channel):
        while True:
            for command in channel.commands(wait=True):
                if command["type"] == "close":
                    return
                if command["type"] == "generate":
                    jobs = start_jobs(self, channel, command, lambda job: None)
                    threading.Thread(target=self._answer, args=(jobs,), daemon=True).start()

    def _answer(self, jobs):
        try:
            if jobs:
                self._stream(jobs)
            problem = "the engine ended the answer without a finish reason"
        except Exception as error:
            traceback.print_exc()
            problem = describe(error)
        for job in jobs:
            job.fail("cancelled" if job.call.cancelled else problem, self.text(job.tokens))

    def _stream(self, jobs):
        prompts = [self._prompt_text(job.prompt) for job in jobs]
        texts = [""] * len(jobs)
        configs = [self._config(job) for job in jobs]
        responses = self.pipeline.stream_infer(prompts, gen_config=configs, do_preprocess=False)
        for response in responses:
            at_ns, job = now_ns(), jobs[response.index]
            if job.call.cancelled:
                responses.close()
                return
            ids, count = list(response.token_ids or []), response.generate_token_len - len(job.tokens)
            job.took(at_ns, ids if len(ids) == count else [None] * count)
            texts[response.index] += response.text
            if response.finish_reason is not None:
                job.prompt_tokens = response.input_token_len
                job.finish(texts[response.index], "length" if response.finish_reason == "length" else "stop")

    def _prompt_text(self, ids):
        # `stream_infer` takes texts only, and encodes them with what the tokenizer puts before every text: a prompt that begins
        # with it already would have it twice (from 0.6.3 on LMDeploy takes one of two away, and warns each time).
        begun = self.adds_bos and ids[:1] == [self.tokenizer.bos_token_id]
        return self.tokenizer.decode(ids[1:] if begun else ids, skip_special_tokens=False)

    def _config(self, job):
        sampled = job.temperature > 0
        options = {
            "max_new_tokens": job.max_tokens,
            "min_new_tokens": job.min_tokens,
            "ignore_eos": job.ignore_eos,
            "temperature": job.temperature if sampled else 1.0,
            "top_p": job.top_p,
            "top_k": job.top_k if sampled else 1,
            "random_seed": job.seed,
        }
        # Releases without it always sample, and know greedy decoding as the best one of one.
        if any(field.name == "do_sample" for field in dataclasses.fields(self.lib.GenerationConfig)):
            options["do_sample"] = sampled
        return self.lib.GenerationConfig(**options)


def device_name():
    import torch

    return torch.cuda.get_device_name() if torch.cuda.is_available() else "cpu"


if __name__ == "__main__":
    run(lambda needs: Lmdeploy())
