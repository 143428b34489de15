"""PaddleNLP: the predictor of its rollouts, with dynamic insertion, started by `paddle.distributed.launch`."""

import contextlib
import importlib.util
import json
import os
import sys
import types

from llm_bench_channel import now_ns
from llm_bench_driver import missing, run
from llm_bench_ranks import is_rank, join, lead, watch
from llm_bench_static import StaticEngine

INSTALL = "pip install paddlepaddle-gpu paddlenlp"
# Left over from another launch, these would make this one a part of it.
UNSET = (
    "PADDLE_TRAINERS_NUM",
    "PADDLE_ELASTIC_JOB_ID",
    "PADDLE_TRAINER_ENDPOINTS",
    "DISTRIBUTED_TRAINER_ENDPOINTS",
    "FLAGS_START_PORT",
    "PADDLE_ELASTIC_TIMEOUT",
)


class Paddle(StaticEngine):
    """The first rank: it takes commands, and tells the others what to predict."""

    modules = ("paddle", "paddlenlp")
    install = INSTALL
    streams = False
    no_one_batch = "PaddleNLP's predictor gives answers as a whole, without times of its forward passes"

    def load(self, spec, needs):
        self.predictor = Predictor(spec)
        self.tokenizer = self.predictor.tokenizer
        self.output_length = spec["maxDecodeLength"]
        self.min_length = spec["minDecodeLength"]
        self.source_length = spec["maxSourceLength"]
        return self.predictor.device_name()

    def version(self):
        import paddle
        import paddlenlp

        return f"{paddlenlp.__version__} (paddle {paddle.__version__})"

    def close(self):
        self.predictor.tell(None)
        self.predictor.close()

    def refusal(self, job):
        if job.max_tokens != self.output_length:
            return f"PaddleNLP's predictor ends all answers at maxDecodeLength ({self.output_length}): set maxTokens to it"
        if max(job.min_tokens, job.max_tokens if job.ignore_eos else 0) > self.min_length:
            return f"PaddleNLP's predictor ends no answer before minDecodeLength ({self.min_length}): raise it to force longer ones"
        if job.top_k > 0:
            return "PaddleNLP's predictor knows no top_k: leave topK out"
        if len(job.prompt) > self.source_length:
            return f"the prompt has {len(job.prompt)} tokens, more than maxSourceLength ({self.source_length})"
        return None

    def start_batch(self, jobs):
        return Rollout(self, jobs)


class Rollout:
    """Requests that are predicted together: the predictor inserts the next as one ends."""

    def __init__(self, engine, jobs):
        self.engine = engine
        self.jobs = jobs

    def step(self):
        # Sampling is set for a whole prediction.
        for sampling in sorted({(job.temperature, job.top_p) for job in self.jobs}):
            self._predict([job for job in self.jobs if (job.temperature, job.top_p) == sampling])

    def _predict(self, jobs):
        first = jobs[0]
        task = {"prompts": [job.prompt for job in jobs], "temperature": first.temperature, "top_p": first.top_p, "seed": first.seed}
        predictor = self.engine.predictor
        predictor.tell(task)
        answers = predictor.predict(**task)
        at_ns = now_ns()
        for job, tokens in zip(jobs, answers):
            reason = "length" if len(tokens) >= job.max_tokens else "stop"
            job.finish(self.engine.text(tokens), reason, at_ns, tokens)


class Predictor:
    """One rank's part of the model."""

    def __init__(self, spec):
        import paddle
        from paddlenlp.rl.utils.infer_utils import get_policy_predictor, infer_guard, init_dist_env
        from paddlenlp.transformers import AutoModelForCausalLM, AutoTokenizer

        self.paddle = paddle
        rank, degree = init_dist_env()
        self.degree = degree
        model = spec["model"]
        dtype = "bfloat16" if spec["dtype"] == "auto" else spec["dtype"]
        self.tokenizer = AutoTokenizer.from_pretrained(spec.get("tokenizer", model), use_fast=True)
        self.tokenizer.padding_side = "left"
        task = types.SimpleNamespace(
            args=arguments_of(spec),
            tokenizer=self.tokenizer,
            amp_dtype=dtype,
            use_fusemt=True,
            model=AutoModelForCausalLM.from_pretrained(
                model, dtype=dtype, low_cpu_mem_usage=True, tensor_parallel_degree=degree, tensor_parallel_rank=rank
            ),
        )
        task.model.eval()
        self.held = contextlib.ExitStack()
        self.held.enter_context(infer_guard(task))
        self.policy = get_policy_predictor()
        if self.policy is None:
            raise RuntimeError("paddlenlp_ops is missing: PaddleNLP's predictor needs it (build it from PaddleNLP's csrc)")

    def predict(self, prompts, temperature, top_p, seed):
        self.paddle.seed(seed)
        padded = self.tokenizer.pad({"input_ids": prompts}, padding=True, return_tensors="pd")["input_ids"]
        outputs = self.policy.predict(input_ids=padded, repeat_num=1, **sampling_of(temperature, top_p))
        if self.degree > 1:
            self.paddle.distributed.barrier()
        self.paddle.device.synchronize()
        return [without(self.tokenizer.pad_token_id, row.tolist()) for row in outputs]

    def tell(self, task):
        """Hands a task from the first rank to the others; those get it."""
        told = [task]
        if self.degree > 1:
            self.paddle.distributed.broadcast_object_list(told, src=0)
        return told[0]

    def close(self):
        self.held.close()

    def device_name(self):
        return self.paddle.device.get_device()


def arguments_of(spec):
    quantization = spec.get("quantization", "")
    return types.SimpleNamespace(
        actor_model_name_or_path=spec["model"],
        max_src_len=spec["maxSourceLength"],
        min_dec_len=spec["minDecodeLength"],
        max_dec_len=spec["maxDecodeLength"],
        rollout_max_num_seqs=spec["maxSequences"],
        rollout_quant_type="weight_only_int8" if quantization == "wint8" else quantization,
        top_p=1.0,
        temperature=1.0,
        repetition_penalty=1.0,
        **spec["args"],
    )


def sampling_of(temperature, top_p):
    # Greedy decoding is the smallest nucleus, as PaddleNLP itself asks for it.
    return {"temperature": 1.0, "top_p": 0.0} if temperature == 0 else {"temperature": temperature, "top_p": top_p}


def without(padding, tokens):
    while tokens and tokens[-1] == padding:
        tokens.pop()
    while tokens and tokens[0] == padding:
        tokens.pop(0)
    return tokens


def follow(stream):
    """A further rank: predicts what the first one says."""
    spec = json.loads(stream.readline())[0]["spec"]
    watch(stream)
    predictor = Predictor(spec)
    while True:
        task = predictor.tell(None)
        if task is None:
            return
        predictor.predict(**task)


def problem():
    return missing("paddle", INSTALL) if importlib.util.find_spec("paddle") is None else None


def launch_command(spec, logs):
    devices = os.environ.get("CUDA_VISIBLE_DEVICES") or ",".join(str(device) for device in range(spec["tensorParallelSize"]))
    launcher = [sys.executable, "-B", "-u", "-m", "paddle.distributed.launch", "--log_dir", logs, "--gpus", devices]
    return [*launcher, os.path.abspath(__file__)]


def start():
    if not is_rank():
        return lead(problem, launch_command, UNSET)
    rank = int(os.environ.get("PADDLE_TRAINER_ID", "0"))
    stream = join(rank)
    if rank == 0:
        run(lambda needs: Paddle(), stream)
    else:
        follow(stream)


if __name__ == "__main__":
    start()
