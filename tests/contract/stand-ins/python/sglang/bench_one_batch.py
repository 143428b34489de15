import types

from stand_in_model import CONTEXT, Tokenizer, next_token, one_pass


class Tokens(list):
    def tolist(self):
        return list(self)


def load_model(server_args, port_args, gpu_id, tp_rank):
    assert gpu_id == tp_rank < server_args.tp_size
    pool = types.SimpleNamespace(clear=lambda: None)
    runner = types.SimpleNamespace(
        device="cpu",
        max_total_num_tokens=20_000,
        model_config=types.SimpleNamespace(context_len=server_args.context_length or CONTEXT),
        req_to_token_pool=pool,
        token_to_kv_pool_allocator=pool,
    )
    return types.SimpleNamespace(torch_runner=runner), Tokenizer()


def prepare_synthetic_inputs_for_latency_test(batch_size, input_len, custom_inputs=None):
    inputs = custom_inputs or [[3] * input_len for _ in range(batch_size)]
    return [types.SimpleNamespace(rid=row, origin_input_ids=list(ids)) for row, ids in enumerate(inputs)]


def extend(reqs, model_runner):
    one_pass()
    batch = types.SimpleNamespace(reqs=reqs, had=0)
    return _sample(batch), None, batch


def decode(input_token_ids, batch, model_runner):
    assert len(input_token_ids) == len(batch.reqs)
    one_pass()
    return _sample(batch), None


def _sample(batch):
    batch.had += 1
    return Tokens(next_token(req.origin_input_ids, batch.had - 1, 0, 0) for req in batch.reqs)


def synchronize(device):
    pass
