"""rosellm's call signatures, as far as the driver uses them."""

import types

import torch
from stand_in_model import CONTEXT, Tokenizer, assert_fits, next_token, one_pass


class InferenceEngine:
    def __init__(self, checkpoint_path, tokenizer_name, device="cuda", use_amp=True, bf16=False):
        self.tokenizer = Tokenizer()
        self.config = types.SimpleNamespace(max_position_embeddings=CONTEXT)
        self.device = Device()

    def generate(self, prompt, max_new_tokens=64, temperature=1.0, top_k=0, top_p=1.0, stop_on_eos=True, do_sample=False):
        assert_fits(Tokenizer().encode(prompt))
        session = Session(Tokenizer().encode(prompt, add_special_tokens=False), max_new_tokens, do_sample)
        while not session.finished:
            one_pass()
            session.advance()
        return Tokenizer().decode(session.generated_ids)


class Device:
    type = "cpu"

    def __str__(self):
        return "cpu"


class Session:
    def __init__(self, prompt, max_new_tokens, do_sample):
        self.prompt, self.max_new_tokens, self.do_sample = prompt, max_new_tokens, do_sample
        self.generated_ids = list(prompt)
        self.step_count = 0
        self.finished = False

    def advance(self):
        seed = torch.generator.random() if self.do_sample else 0
        token = next_token(self.prompt, self.step_count, 1 if self.do_sample else 0, seed)
        self.generated_ids.append(token)
        self.step_count += 1
        self.finished = self.step_count == self.max_new_tokens
        return token

    def release_kv_blocks(self):
        pass


class OfflineScheduler:
    max_batch_size = None

    def __init__(self, engine):
        self._sessions = {}
        self._next = 0

    def add_request(self, prompt, max_new_tokens=64, temperature=1.0, top_k=0, top_p=1.0, stop_on_eos=True, do_sample=False):
        one_pass()
        session = Session(Tokenizer().encode(prompt, add_special_tokens=False), max_new_tokens, do_sample)
        session.advance()
        self._next += 1
        self._sessions[self._next] = session
        return self._next

    def step(self):
        one_pass()
        active = [(key, session) for key, session in self._sessions.items() if not session.finished]
        return {key: session.advance() for key, session in active[: self.max_batch_size]}


class OnlineScheduler(OfflineScheduler):
    def __init__(self, engine, max_batch_size=8):
        super().__init__(engine)
        self.max_batch_size = max_batch_size
