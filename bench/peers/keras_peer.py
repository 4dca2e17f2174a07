# keras_peer.py: training speed of the example jobs in Keras, on the fastest of its backends and ways to train.
# Usage: keras_peer.py DIGITS THREADS [BACKEND]. Without BACKEND it starts one such process for each backend installed.
import importlib.util
import json
import os
import subprocess
import sys

BACKENDS = ("tensorflow", "jax")


class Child:
    """One backend in a process of its own."""

    def __init__(self, backend):
        self.backend = backend
        command = [sys.executable, *sys.argv, backend]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.version = json.loads(self.process.stdout.readline())["version"]

    def ask(self, request):
        self.process.stdin.write(json.dumps(request) + "\n")
        self.process.stdin.flush()
        reply = json.loads(self.process.stdout.readline())
        if "error" in reply:
            raise RuntimeError(f"{self.backend}: {reply['error']}")
        return reply


def dispatch():
    """Asks every backend in turn the first time, and then the one that was fastest."""
    from protocol import serve

    children = [Child(backend) for backend in BACKENDS if importlib.util.find_spec(backend)]
    chosen = {}

    def answer(name, seconds):
        request = {"name": name, "seconds": seconds}
        if name not in chosen:
            speeds = []
            for child in children:
                try:
                    speeds.append((child.ask(request)["trial"], child))
                except Exception as error:
                    print(error, file=sys.stderr)
            chosen[name] = max(speeds, key=lambda pair: pair[0])[1]
        return chosen[name].ask(request)

    serve(" / ".join(child.version for child in children), answer)
    for child in children:
        child.process.stdin.close()
        child.process.wait()


def train(digits, threads, backend):
    os.environ["KERAS_BACKEND"] = backend
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    # jax makes as many threads as it may use processors
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:threads])
    import keras
    from keras import layers

    from protocol import CHUNK, JOBS, answerer, normalised, read_digits, serve

    if backend == "tensorflow":
        import tensorflow

        tensorflow.config.threading.set_intra_op_parallelism_threads(threads)
        tensorflow.config.threading.set_inter_op_parallelism_threads(1)

    images, labels = read_digits(digits)

    def network(name):
        def pool():
            return layers.MaxPooling2D(2)

        if name == "digits":
            hidden = [layers.Conv2D(32, 3, activation="relu"), pool(), layers.Conv2D(64, 3, activation="relu"), pool()]
            hidden.append(layers.Flatten())
        elif name == "mlp":
            hidden = [layers.Flatten(), layers.Dense(512, activation="relu"), layers.Dense(512, activation="relu")]
        else:
            padding = "same" if name == "simple-cnn" else "valid"
            hidden = [layers.Conv2D(32, 3, activation="relu", padding=padding), pool(), layers.Flatten()]
            hidden.append(layers.Dense(128, activation="relu"))
        return keras.Sequential([keras.Input((28, 28, 1)), *hidden, layers.Dense(10)])

    def compiled(name, jit, steps):
        keras.utils.set_random_seed(1)
        model = network(name)
        sgd = JOBS[name][1] == "sgd"
        optimizer = keras.optimizers.SGD(1e-3, momentum=0.9) if sgd else keras.optimizers.Adam(1e-3)
        loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        model.compile(optimizer=optimizer, loss=loss, jit_compile=jit, steps_per_execution=steps)
        return model

    def batches_of(name):
        """Images (batches, size, 28, 28, 1) and labels (batches, size), a multiple of CHUNK batches."""
        size = JOBS[name][0]
        count = len(images) // (size * CHUNK) * CHUNK
        x = normalised(name, images)[: count * size].reshape(count, size, 28, 28, 1)
        return x, labels[: count * size].reshape(count, size)

    def by_fit(name, jit, steps):
        model = compiled(name, jit, steps)
        x, y = batches_of(name)
        size = JOBS[name][0]
        if backend == "tensorflow":
            ready = tensorflow.data.Dataset.from_tensor_slices((x, y)).repeat().prefetch(4)
        x, y = x.reshape(-1, 28, 28, 1), y.reshape(-1)

        def run(count):
            if backend == "tensorflow":
                history = model.fit(ready, steps_per_epoch=count, verbose=0, shuffle=False)
            else:
                count = min(count, len(x) // size)
                history = model.fit(x[: count * size], y[: count * size], size, shuffle=False, verbose=0)
            return count * size, history.history["loss"][-1]

        return run

    def by_batch(name, jit):
        model = compiled(name, jit, 1)
        batches = [tuple(map(keras.ops.convert_to_tensor, batch)) for batch in zip(*batches_of(name))]
        at = 0

        def run(count):
            nonlocal at
            for _ in range(count):
                loss = model.train_on_batch(*batches[at])
                at = (at + 1) % len(batches)
            return count * JOBS[name][0], float(loss)

        return run

    def variants(name):
        # without jit, jax runs operation by operation
        for jit in (True,) if backend == "jax" else (False, True):
            kind = "jit" if jit else "no jit"
            yield f"{backend} fit {kind}", lambda jit=jit: by_fit(name, jit, 1)
            yield f"{backend} fit {kind}, {CHUNK} steps at once", lambda jit=jit: by_fit(name, jit, CHUNK)
            yield f"{backend} train_on_batch {kind}", lambda jit=jit: by_batch(name, jit)

    module = importlib.import_module(backend)
    serve(f"{keras.__version__} {backend} {module.__version__}", answerer(lambda name: dict(variants(name))))


if __name__ == "__main__":
    if len(sys.argv) > 3:
        train(sys.argv[1], int(sys.argv[2]), sys.argv[3])
    else:
        dispatch()
