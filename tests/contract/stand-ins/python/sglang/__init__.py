"""SGLang's call signatures, as far as the driver uses them."""

import asyncio
import random
import types

from sglang.srt.sampling.sampling_params import SamplingParams
from sglang.srt.server_args import ServerArgs
from stand_in_model import CONTEXT, PASS_SECONDS, Tokenizer, next_token

__version__ = "0.5.4"


class Engine:
    def __init__(self, **kwargs):
        args = ServerArgs(**kwargs)
        context_len = args.context_length or CONTEXT
        self.tokenizer_manager = types.SimpleNamespace(tokenizer=Tokenizer(), context_len=context_len, server_args=args)
        self.places = args.max_running_requests or 256
        self.seeded = args.enable_deterministic_inference
        self.free = None

    async def async_generate(self, prompt=None, sampling_params=None, input_ids=None, stream=False):
        assert prompt is None and stream
        self.free = self.free or asyncio.Semaphore(self.places)
        return self._chunks(input_ids, sampling_params)

    async def _chunks(self, prompt, sampling):
        params, tokens = SamplingParams(**sampling), []
        seed = getattr(params, "sampling_seed", None) if self.seeded else random.random()
        async with self.free:
            while len(tokens) < params.max_new_tokens:
                await asyncio.sleep(PASS_SECONDS)
                tokens.append(next_token(prompt, len(tokens), params.temperature, seed))
                ended = len(tokens) == params.max_new_tokens
                yield {
                    "text": Tokenizer().decode(tokens),
                    "output_ids": list(tokens),
                    "meta_info": {
                        "completion_tokens": len(tokens),
                        "finish_reason": {"type": "length", "length": len(tokens)} if ended else None,
                    },
                }

    def shutdown(self):
        pass
