import contextlib

import paddle
from paddle import distributed
from stand_in_model import next_token, one_pass

policy_predictor = None


def init_dist_env():
    return distributed.get_rank(), distributed.get_world_size()


@contextlib.contextmanager
def infer_guard(trainer, offload_model=True):
    global policy_predictor
    assert trainer.use_fusemt and trainer.model.evaluated
    policy_predictor = PolicyPredictor(trainer.args, trainer.tokenizer)
    yield
    policy_predictor = None


def get_policy_predictor():
    return policy_predictor


class Row(list):
    def tolist(self):
        return list(self)


class PolicyPredictor:
    def __init__(self, args, tokenizer):
        self.args, self.padding = args, tokenizer.pad_token_id

    def predict(self, input_ids=None, repeat_num=1, **kwargs):
        assert set(kwargs) == {"temperature", "top_p"} and repeat_num == 1
        prompts = [[token for token in row if token != self.padding] for row in input_ids]
        sampled = kwargs["top_p"] > 0
        answers = []
        for row, prompt in enumerate(prompts):
            seed = paddle.seeds[-1] + row
            answers.append(Row(next_token(prompt, had, sampled, seed) for had in range(self.args.max_dec_len)))
        for _ in range(self.args.max_dec_len):
            one_pass()
        # Rows are padded to a common width.
        return [Row(answer + [self.padding] * 3) for answer in answers]
