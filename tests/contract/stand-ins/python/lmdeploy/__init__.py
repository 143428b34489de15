"""LMDeploy's call signatures, as far as the driver uses them."""

import dataclasses
import types
from typing import Optional

from stand_in_model import CONTEXT, Tokenizer, next_token, one_pass

__version__ = "0.10.2"


@dataclasses.dataclass
class TurbomindEngineConfig:
    dtype: str = "auto"
    model_format: Optional[str] = None
    tp: int = 1
    session_len: Optional[int] = None
    max_batch_size: Optional[int] = None
    cache_max_entry_count: float = 0.8


@dataclasses.dataclass
class GenerationConfig:
    max_new_tokens: int = 512
    do_sample: bool = False
    top_p: float = 1.0
    top_k: int = 50
    temperature: float = 0.8
    ignore_eos: bool = False
    random_seed: Optional[int] = None
    min_new_tokens: Optional[int] = None


def pipeline(model_path, backend_config=None, trust_remote_code=False):
    return Pipeline(backend_config)


class Pipeline:
    def __init__(self, config):
        self.config = config
        self.async_engine = types.SimpleNamespace(session_len=config.session_len or CONTEXT)

    def stream_infer(self, prompts, gen_config=None, do_preprocess=True):
        assert not do_preprocess and len(gen_config) == len(prompts)
        waiting = list(range(len(prompts)))
        inputs = [Tokenizer().encode(prompt) for prompt in prompts]
        counts = [0] * len(prompts)
        while waiting:
            one_pass()
            for index in waiting[: self.config.max_batch_size]:
                config = gen_config[index]
                token = next_token(inputs[index], counts[index], config.temperature if config.do_sample else 0, config.random_seed)
                counts[index] += 1
                ended = counts[index] == config.max_new_tokens
                if ended:
                    waiting.remove(index)
                yield types.SimpleNamespace(
                    text=" " * (counts[index] > 1) + Tokenizer().decode([token]),
                    generate_token_len=counts[index],
                    input_token_len=len(inputs[index]),
                    finish_reason="length" if ended else None,
                    token_ids=[token],
                    index=index,
                )

    def close(self):
        pass
