from stand_in_model import Tokenizer as AutoTokenizer

__all__ = ["AutoTokenizer", "AutoModelForCausalLM"]


class AutoModelForCausalLM:
    evaluated = False

    @classmethod
    def from_pretrained(cls, path, dtype, low_cpu_mem_usage, tensor_parallel_degree, tensor_parallel_rank):
        assert tensor_parallel_rank < tensor_parallel_degree
        return cls()

    def eval(self):
        self.evaluated = True
