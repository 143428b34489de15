import dataclasses
from typing import Optional


@dataclasses.dataclass
class ServerArgs:
    model_path: str
    tokenizer_path: Optional[str] = None
    dtype: str = "auto"
    tp_size: int = 1
    trust_remote_code: bool = False
    max_running_requests: Optional[int] = None
    context_length: Optional[int] = None
    enable_deterministic_inference: bool = False


@dataclasses.dataclass
class PortArgs:
    nccl_port: int

    @staticmethod
    def init_new(server_args):
        return PortArgs(nccl_port=0)
