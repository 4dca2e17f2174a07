# make-optimizers.py: trajectories of Keras' optimizers, of timm's LARS, and rates of Keras' and PyTorch's schedules, in float64.
# Run with: JAX_ENABLE_X64=1 KERAS_BACKEND=jax python test/golden/make-optimizers.py > test/golden/optimizers.json
# It needs: pip install keras jax torch timm (written by Keras 3.15.1, PyTorch 2.15.0, timm 1.0.31)
import json

import keras
import numpy as np
import torch
from timm.optim.lars import Lars

keras.config.set_floatx("float64")

START = {"w": [1.0, -2.0, 0.5], "b": [0.3, -0.1]}
GRADIENTS = [
    {"w": [0.1, -0.3, 2.0], "b": [0.5, 0.0]},
    {"w": [-0.2, 0.4, 0.0], "b": [-0.1, 3.0]},
    {"w": [0.5, 0.05, -1.0], "b": [0.02, -0.4]},
    {"w": [0.01, -0.6, 0.3], "b": [0.9, 0.2]},
    {"w": [-1.5, 0.2, 0.1], "b": [-0.3, -0.2]},
]
DECAY = {"class_name": "ExponentialDecay", "config": {"initial_learning_rate": 0.1, "decay_steps": 2, "decay_rate": 0.5}}
CASES = [
    ("SGD", {"learning_rate": 0.1}),
    ("SGD", {"learning_rate": 0.1, "weight_decay": 0.01}),
    ("SGD", {"learning_rate": 0.1, "momentum": 0.9}),
    ("SGD", {"learning_rate": 0.1, "momentum": 0.9, "nesterov": True, "weight_decay": 0.01}),
    ("SGD", {"learning_rate": DECAY, "momentum": 0.9, "weight_decay": 0.1, "exclude_from_weight_decay": ["b"]}),
    ("Adam", {"learning_rate": 0.01}),
    ("Adam", {"learning_rate": 0.01, "beta_1": 0.8, "beta_2": 0.95, "epsilon": 1e-3}),
    ("Adam", {"learning_rate": 0.05, "amsgrad": True, "weight_decay": 0.01}),
    ("AdamW", {"learning_rate": 0.01}),
    ("AdamW", {"learning_rate": 0.01, "weight_decay": 0.1, "exclude_from_weight_decay": ["b"]}),
    ("Nadam", {"learning_rate": 0.02, "beta_1": 0.8}),
    ("Adamax", {"learning_rate": 0.02, "weight_decay": 0.05}),
    ("RMSprop", {"learning_rate": 0.01, "rho": 0.8}),
    ("RMSprop", {"learning_rate": 0.01, "momentum": 0.7, "weight_decay": 0.05}),
    ("RMSprop", {"learning_rate": 0.01, "rho": 0.7, "centered": True, "epsilon": 1e-3}),
    ("RMSprop", {"learning_rate": 0.01, "rho": 0.7, "centered": True, "momentum": 0.5, "epsilon": 1e-3}),
    ("Adagrad", {"learning_rate": 0.1, "initial_accumulator_value": 0.2}),
    ("Adadelta", {"learning_rate": 0.5, "rho": 0.9, "epsilon": 1e-3}),
    ("Lion", {"learning_rate": 0.01, "weight_decay": 0.1}),
    ("Lamb", {"learning_rate": 0.01, "weight_decay": 0.1, "exclude_from_weight_decay": ["b"]}),
    ("Adam", {"learning_rate": 0.01, "clipvalue": 0.25}),
    ("SGD", {"learning_rate": 0.1, "momentum": 0.9, "clipnorm": 0.6}),
    ("SGD", {"learning_rate": 0.1, "momentum": 0.9, "global_clipnorm": 0.7}),
    ("SGD", {"learning_rate": 0.1, "use_ema": True, "ema_momentum": 0.8}),
    ("SGD", {"learning_rate": 0.1, "momentum": 0.9, "use_ema": True, "ema_momentum": 0.8, "ema_overwrite_frequency": 2}),
    (
        "SGD",
        {"learning_rate": 0.1, "use_ema": True, "ema_momentum": 0.6, "ema_overwrite_frequency": 2, "gradient_accumulation_steps": 2},
    ),
    ("Adam", {"learning_rate": 0.1, "gradient_accumulation_steps": 2}),
    ("SGD", {"learning_rate": DECAY, "momentum": 0.9, "gradient_accumulation_steps": 2, "global_clipnorm": 0.5}),
]


def schedule_of(class_name, config):
    return getattr(keras.optimizers.schedules, class_name)(**config)


def keras_trajectory(name, config):
    options = dict(config)
    excluded = options.pop("exclude_from_weight_decay", None)
    if isinstance(options["learning_rate"], dict):
        options["learning_rate"] = schedule_of(**options["learning_rate"])
    optimizer = getattr(keras.optimizers, name)(**options)
    variables = [keras.Variable(np.array(v), name=k, dtype="float64") for k, v in START.items()]
    if excluded:
        optimizer.exclude_from_weight_decay(var_names=excluded)
    optimizer.build(variables)
    steps = []
    for gradient in GRADIENTS:
        optimizer.apply([keras.ops.convert_to_tensor(np.array(gradient[k]), "float64") for k in START], variables)
        steps.append({v.name: keras.ops.convert_to_numpy(v).tolist() for v in variables})
    result = {"class_name": name, "config": config, "steps": steps}
    if options.get("use_ema"):
        optimizer.finalize_variable_values(variables)
        result["average"] = {v.name: keras.ops.convert_to_numpy(v).tolist() for v in variables}
    return result


def lars_trajectory(config, excluded):
    """timm adapts only what decays: an excluded weight takes a plain step."""
    tensors = {k: torch.tensor(v, dtype=torch.float64, requires_grad=True) for k, v in START.items()}
    options = {
        "lr": config["learning_rate"],
        "momentum": config["momentum"],
        "nesterov": config.get("nesterov", False),
        "trust_coeff": config["trust_coefficient"],
        "eps": config["epsilon"],
    }
    groups = [
        {"params": [t], "weight_decay": 0.0 if any(part in k for part in excluded) else config["weight_decay"]}
        for k, t in tensors.items()
    ]
    optimizer = Lars(groups, **options)
    steps = []
    for gradient in GRADIENTS:
        for k, t in tensors.items():
            t.grad = torch.tensor(gradient[k], dtype=torch.float64)
        optimizer.step()
        steps.append({k: t.detach().tolist() for k, t in tensors.items()})
    return {"class_name": "LARS", "config": {**config, "exclude_from_weight_decay": excluded}, "steps": steps}


AT = [0, 1, 2, 3, 4, 5, 7, 9, 10, 11, 14, 15, 16, 20, 29, 30, 31, 45, 69, 70, 100]
SCHEDULES = [
    ("ExponentialDecay", {"initial_learning_rate": 0.1, "decay_steps": 7, "decay_rate": 0.6}),
    ("ExponentialDecay", {"initial_learning_rate": 0.1, "decay_steps": 7, "decay_rate": 0.6, "staircase": True}),
    ("InverseTimeDecay", {"initial_learning_rate": 0.1, "decay_steps": 5, "decay_rate": 0.5}),
    ("InverseTimeDecay", {"initial_learning_rate": 0.1, "decay_steps": 5, "decay_rate": 0.5, "staircase": True}),
    ("PiecewiseConstantDecay", {"boundaries": [4, 15, 30], "values": [0.1, 0.05, 0.01, 0.001]}),
    ("PolynomialDecay", {"initial_learning_rate": 0.1, "decay_steps": 30, "end_learning_rate": 0.01, "power": 0.5}),
    ("PolynomialDecay", {"initial_learning_rate": 0.1, "decay_steps": 15, "power": 2.0, "cycle": True}),
    ("CosineDecay", {"initial_learning_rate": 0.1, "decay_steps": 30, "alpha": 0.1}),
    ("CosineDecay", {"initial_learning_rate": 0.01, "decay_steps": 30, "warmup_target": 0.2, "warmup_steps": 9}),
    ("CosineDecayRestarts", {"initial_learning_rate": 0.1, "first_decay_steps": 10}),
    ("CosineDecayRestarts", {"initial_learning_rate": 0.1, "first_decay_steps": 10, "t_mul": 1.5, "m_mul": 0.8, "alpha": 0.1}),
    ("CosineDecayRestarts", {"initial_learning_rate": 0.1, "first_decay_steps": 15, "t_mul": 1.0, "m_mul": 0.5}),
]
CYCLES = [
    {"max_lr": 0.1, "total_steps": 101},
    {"max_lr": 0.1, "total_steps": 101, "pct_start": 0.2, "anneal_strategy": "linear", "div_factor": 10, "final_div_factor": 100},
    {"max_lr": 0.1, "total_steps": 101, "three_phase": True},
]


def keras_rates(name, config):
    schedule = schedule_of(name, config)
    return {"class_name": name, "config": config, "rates": [float(schedule(step)) for step in AT]}


def cycle_rates(config):
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=0.1, momentum=0.9)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, cycle_momentum=False, **config)
    rates = [schedule.get_last_lr()[0]]
    for _ in range(100):
        optimizer.step()
        schedule.step()
        rates.append(schedule.get_last_lr()[0])
    return {"class_name": "OneCycle", "config": config, "rates": [rates[step] for step in AT]}


LARS = {"learning_rate": 0.5, "momentum": 0.9, "weight_decay": 0.05, "trust_coefficient": 0.02, "epsilon": 1e-8}
print(
    json.dumps(
        {
            "start": START,
            "gradients": GRADIENTS,
            "optimizers": [keras_trajectory(*case) for case in CASES]
            + [lars_trajectory(LARS, []), lars_trajectory({**LARS, "nesterov": True}, ["b"])],
            "at": AT,
            "schedules": [keras_rates(*case) for case in SCHEDULES] + [cycle_rates(config) for config in CYCLES],
        }
    )
)
