import os
import pickle
import struct

# Ends of pipes from the first rank to the others, which the launcher has made.
_PIPES = [int(number) for number in os.environ.get("STAND_IN_PIPES", "").split(",") if number]


def get_rank():
    return int(os.environ["PADDLE_TRAINER_ID"])


def get_world_size():
    return int(os.environ["PADDLE_TRAINERS_NUM"])


def barrier():
    pass


def broadcast_object_list(objects, src=0):
    if get_rank() == src:
        data = pickle.dumps(objects)
        for pipe in _PIPES:
            os.write(pipe, struct.pack("<I", len(data)) + data)
        return
    (length,) = struct.unpack("<I", os.read(_PIPES[0], 4))
    data = b""
    while len(data) < length:
        data += os.read(_PIPES[0], length - len(data))
    objects[:] = pickle.loads(data)
