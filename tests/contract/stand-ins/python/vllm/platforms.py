import types

current_platform = types.SimpleNamespace(get_device_name=lambda: "no device")
