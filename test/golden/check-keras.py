"""Builds, with the real Keras, the configurations that Shoal writes, and compares predictions with tfjs' within 1e-5.

pip install keras==3.15.1 jax==0.10.2
node test/golden/write-keras.ts OUT.json && KERAS_BACKEND=jax python test/golden/check-keras.py OUT.json
"""

import json
import sys

import keras
import numpy as np

array = lambda a: np.array(a["data"], np.float32).reshape(a["shape"])
for case in json.load(open(sys.argv[1])):
    model = keras.models.model_from_json(json.dumps(case["keras"]))
    model.set_weights([array(w) for w in case["weights"]])
    y = model.predict(array(case["x"]), verbose=0).ravel()
    error = np.abs(y - np.array(case["y"])).max()
    print(f"keras {keras.__version__}: {case['name']}: {len(case['weights'])} weights, largest difference {error:.1e}")
    assert error < 1e-5
