# protocol.py: one JSON line in, one out, and the digits as arrays. It knows no framework.
import json
import math
import sys
import time

import numpy as np

IMAGE = 28 * 28

# name: batch, optimizer. What each job's layers are stands in torch_peer.py and keras_peer.py.
JOBS = {
    "digits": (32, "adam"),
    "conv-dense": (32, "adam"),
    "simple-cnn": (64, "sgd"),
    "mlp": (128, "adam"),
}


def read_digits(path):
    """Images (N, 28, 28, 1) f32 in [0, 1], then N labels as i32; both little endian, nothing before or between."""
    raw = np.fromfile(path, dtype="<f4")
    count = raw.size // (IMAGE + 1)
    images = raw[: count * IMAGE].reshape(count, 28, 28, 1).copy()
    return images, raw[count * IMAGE :].view("<i4").copy()


def normalised(name, images):
    """simple-cnn sees (x - 0.5) / 0.5."""
    return (images - 0.5) / 0.5 if name == "simple-cnn" else images


CHUNK = 25  # batches; what is trained at once is a multiple of it


def timed(run, seconds, rate=0.0):
    """Trains for about so many seconds. run(batches) -> (samples, loss), finished when it returns; it may train fewer.

    rate: batches a second seen last; with it the first call is a long one, since some ways to train start slowly.
    """
    start = time.perf_counter()
    samples, trained, passed = 0, 0.0, 0.0
    while passed == 0 or passed < seconds:
        rest = seconds - passed if trained else seconds / 2
        batches = max(1, min(round(rest * rate / CHUNK), 80)) * CHUNK
        done, loss = run(batches)
        samples += done
        trained += batches
        passed = time.perf_counter() - start
        rate = trained / passed
    loss = float(loss)
    # JSON has no NaN: a peer that was trained until its numbers broke says so, and is as fast
    return {"samples_per_second": samples / passed, "loss": loss if math.isfinite(loss) else None}


def fastest(variants, seconds=0.4, rounds=3):
    """Of {label: make}, where make() -> run, what trained most samples a second in any of the rounds: speed, label, run.

    The rounds alternate between the variants, since what else the machine does comes and goes. Those that fail, or that are
    much slower than the best, drop out.
    """
    runs, speeds, reasons = {}, {}, []
    for label, make in variants.items():
        try:
            run = make()
            run(CHUNK)  # compiles, allocates
            runs[label], speeds[label] = run, timed(run, 0)["samples_per_second"]
        except Exception as error:  # a variant may be impossible here: no compiler, say
            reasons.append(f"{label}: {error}")
    if not runs:
        raise RuntimeError("; ".join(reasons))
    for _ in range(rounds):
        for label, run in runs.items():
            if speeds[label] > 0.4 * max(speeds.values()):
                speeds[label] = max(speeds[label], timed(run, seconds)["samples_per_second"])
    best = max(speeds, key=speeds.get)
    for label in sorted(speeds, key=speeds.get, reverse=True):
        print(f"  {label}: {speeds[label]:.0f} samples/s", file=sys.stderr)
    return speeds[best], best, runs[best]


def answerer(variants):
    """-> answer(name, seconds) of serve, by the fastest of variants(name) -> {label: make}."""
    chosen = {}
    rates = {}

    def answer(name, seconds):
        if name not in chosen:
            chosen[name] = fastest(variants(name))
        speed, variant, run = chosen[name]
        reply = timed(run, seconds, rates.get(name, 0.0))
        rates[name] = reply["samples_per_second"] / JOBS[name][0]
        return {**reply, "variant": variant, "trial": speed}

    return answer


def serve(version, answer):
    """Answers requests until quit or the end of stdin. answer(name, seconds) -> dict."""
    print(json.dumps({"ready": True, "version": version}), flush=True)
    for line in sys.stdin:
        request = json.loads(line)
        if request.get("quit"):
            break
        try:
            reply = answer(request["name"], request["seconds"])
        except Exception as error:
            reply = {"error": f"{type(error).__name__}: {error}"[:500]}
        print(json.dumps(reply), flush=True)
