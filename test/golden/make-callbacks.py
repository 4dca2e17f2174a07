# make-callbacks.py: what Keras' callbacks decide over made-up figures: the learning rate after each epoch, where training stops,
# and which epoch's weights it ends with.
# Run with: KERAS_BACKEND=jax python test/golden/make-callbacks.py > test/golden/callbacks.json
# It needs: pip install keras jax (written by Keras 3.15.1)
import json

import keras

FALLING = [1.0, 0.9, 0.91, 0.905, 0.8, 0.81, 0.8, 0.79995, 0.82, 0.7, 0.71, 0.72, 0.73, 0.74, 0.75]
CASES = [
    ("ReduceLROnPlateau", {"monitor": "val_loss", "patience": 1, "factor": 0.5}),
    ("ReduceLROnPlateau", {"monitor": "val_loss", "patience": 2, "factor": 0.1, "min_delta": 0.01, "min_lr": 0.004}),
    ("ReduceLROnPlateau", {"monitor": "val_loss", "patience": 1, "factor": 0.5, "cooldown": 2}),
    ("ReduceLROnPlateau", {"monitor": "val_accuracy", "mode": "max", "patience": 2, "factor": 0.5}),
    ("EarlyStopping", {"monitor": "val_loss", "patience": 2}),
    ("EarlyStopping", {"monitor": "val_loss", "patience": 3, "min_delta": 0.05}),
    ("EarlyStopping", {"monitor": "val_accuracy", "mode": "max", "patience": 1}),
    ("EarlyStopping", {"monitor": "val_accuracy", "mode": "min", "patience": 2, "start_from_epoch": 3}),
    ("EarlyStopping", {"monitor": "val_loss", "patience": 4, "baseline": 0.85}),
    ("EarlyStopping", {"monitor": "val_loss", "patience": 3, "restore_best_weights": True}),
    ("EarlyStopping", {"monitor": "val_loss", "patience": 9, "restore_best_weights": True}),
    ("EarlyStopping", {"monitor": "val_loss", "patience": 3, "min_delta": 0.15, "restore_best_weights": True}),
    ("EarlyStopping", {"monitor": "val_accuracy", "mode": "min", "start_from_epoch": 3, "restore_best_weights": True}),
]


class Optimizer:
    def __init__(self):
        self.learning_rate = keras.Variable(0.1, dtype="float32")


class Model:
    def __init__(self):
        self.optimizer = Optimizer()
        self.stop_training = False
        self.weights = None  # the epoch that they are of

    def get_weights(self):
        return self.weights

    def set_weights(self, weights):
        self.weights = weights


def decided(name, config):
    callback = getattr(keras.callbacks, name)(**config)
    model = Model()
    callback.set_model(model)
    callback.on_train_begin()
    rates = []
    stop = None
    for epoch, value in enumerate(FALLING):
        figure = 1 - value / 2 if "accuracy" in config["monitor"] else value
        model.set_weights(epoch + 1)
        callback.on_epoch_end(epoch, {config["monitor"]: figure})
        rates.append(float(model.optimizer.learning_rate))
        if model.stop_training:
            stop = epoch + 1
            break
    callback.on_train_end()
    told = {"rates": rates} if stop is None else {}
    restored = {"restored": model.get_weights()} if config.get("restore_best_weights") else {}
    return {"class_name": name, "config": config, **told, "stop": stop, **restored}


print(json.dumps({"figures": FALLING, "cases": [decided(*case) for case in CASES]}))
