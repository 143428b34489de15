"""A model that every stand-in for an engine shares: words for tokens, and answers that follow from prompt and seed alone."""

import os
import random
import time
import zlib

WORDS = 1000
END = 2
CONTEXT = 4096
# A pass takes this long, so that times differ.
PASS_SECONDS = 0.001
# Prompts that hold these words can't be tokenised, and take more memory than there is.
UNREADABLE = "unreadable"
LARGE = "w999"


class Tokenizer:
    chat_template = "one word for each message's end"
    all_special_ids = [0, 1, END]
    bos_token_id = 1
    eos_token_id = END
    pad_token_id = 0
    padding_side = "right"

    @classmethod
    def from_pretrained(cls, path, **options):
        return cls()

    def __len__(self):
        return WORDS

    def apply_chat_template(self, messages, tokenize=True, add_generation_prompt=False):
        assert not tokenize and add_generation_prompt
        begin = "w1 " if "STAND_IN_BOS" in os.environ else ""
        return begin + " ".join(f"{message['content']} end" for message in messages)

    def encode(self, text, add_special_tokens=True):
        if UNREADABLE in text:
            raise ValueError(f"no token for {UNREADABLE}")
        return [1] * add_special_tokens + [id_of(word) for word in text.split()]

    def decode(self, ids, skip_special_tokens=False):
        return " ".join(f"w{token}" for token in ids if not (skip_special_tokens and token in self.all_special_ids))

    def pad(self, batch, padding, return_tensors):
        rows = batch["input_ids"]
        width = max(len(row) for row in rows)
        assert padding and return_tensors == "pd" and self.padding_side == "left"
        return {"input_ids": [[self.pad_token_id] * (width - len(row)) + row for row in rows]}


def id_of(word):
    return int(word[1:]) if word[0] == "w" and word[1:].isdigit() else 3 + zlib.crc32(word.encode()) % (WORDS - 3)


def next_token(prompt, had, temperature, seed):
    """A token that is none of the special ones."""
    draw = random.Random(f"{prompt} {had} {seed if temperature > 0 else None}")
    return draw.randrange(3, WORDS)


def assert_fits(*prompts):
    if any(id_of(LARGE) in prompt for prompt in prompts):
        raise RuntimeError("CUDA out of memory")


def one_pass():
    time.sleep(PASS_SECONDS)
