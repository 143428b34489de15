"""vLLM's call signatures, as far as the driver uses them."""

import dataclasses
import types
from typing import Optional

from stand_in_model import CONTEXT, Tokenizer, next_token, one_pass

__version__ = "0.11.0"


class TokensPrompt(dict):
    pass


@dataclasses.dataclass
class SamplingParams:
    n: int = 1
    temperature: float = 1.0
    top_p: float = 1.0
    top_k: int = 0
    seed: Optional[int] = None
    ignore_eos: bool = False
    max_tokens: Optional[int] = 16
    min_tokens: int = 0


class LLM:
    def __init__(
        self,
        model,
        *,
        tokenizer=None,
        trust_remote_code=False,
        tensor_parallel_size=1,
        dtype="auto",
        quantization=None,
        gpu_memory_utilization=0.9,
        max_model_len=None,
        max_num_seqs=256,
        max_num_batched_tokens=None,
        enable_prefix_caching=None,
    ):
        self.llm_engine = LLMEngine(max_model_len or CONTEXT, max_num_seqs)

    def get_tokenizer(self):
        return Tokenizer()


class LLMEngine:
    def __init__(self, max_model_len, max_num_seqs):
        self.model_config = types.SimpleNamespace(max_model_len=max_model_len)
        cache = types.SimpleNamespace(num_gpu_blocks=1000, block_size=16)
        self.vllm_config = types.SimpleNamespace(cache_config=cache)
        self.max_num_seqs = max_num_seqs
        self.requests = {}

    def add_request(self, request_id, prompt, params):
        assert isinstance(request_id, str)
        self.requests[request_id] = (list(prompt["prompt_token_ids"]), params, [])

    def abort_request(self, request_ids):
        for request_id in request_ids:
            self.requests.pop(request_id, None)

    def has_unfinished_requests(self):
        return bool(self.requests)

    def step(self):
        one_pass()
        outputs = []
        for request_id, (prompt, params, tokens) in list(self.requests.items())[: self.max_num_seqs]:
            tokens.append(next_token(prompt, len(tokens), params.temperature, params.seed))
            finished = len(tokens) >= params.max_tokens
            if finished:
                del self.requests[request_id]
            answer = types.SimpleNamespace(
                token_ids=tuple(tokens), text=Tokenizer().decode(tokens), finish_reason="length" if finished else None
            )
            outputs.append(types.SimpleNamespace(request_id=request_id, outputs=[answer], finished=finished))
        return outputs
