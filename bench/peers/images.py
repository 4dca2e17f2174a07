"""Decode, resize the shorter side to 256, encode as JPEG of quality 95: images a second by Pillow and torchvision.
python images.py FOLDER PROCESSES -> one line of JSON. Start-up is left out."""
import io, json, os, sys, time
from multiprocessing import get_context

sys.path[:] = [path for path in sys.path if path != os.path.dirname(os.path.abspath(__file__))]  # names of peers are names of modules

def pillow():
    from PIL import Image
    def step(data):
        image = Image.open(io.BytesIO(data)).convert("RGB")
        w, h = image.size
        scale = 256 / min(w, h)
        out = io.BytesIO()
        image.resize((round(w * scale), round(h * scale)), Image.LANCZOS).save(out, "JPEG", quality=95)
    return step

def torchvision():
    import torch
    from torchvision.io import decode_jpeg, encode_jpeg
    from torchvision.transforms.v2 import functional as F
    torch.set_num_threads(1)
    def step(data):
        image = decode_jpeg(torch.frombuffer(bytearray(data), dtype=torch.uint8))
        encode_jpeg(F.resize(image, 256, antialias=True), quality=95)
    return step

def work(name, paths, ready, go, done):
    step = {"Pillow": pillow, "torchvision": torchvision}[name]()
    step(open(paths[0], "rb").read())
    ready.release(); go.wait()
    for path in paths: step(open(path, "rb").read())
    done.release()

def measure(name, paths, processes):
    context = get_context("spawn")
    ready, done, go = context.Semaphore(0), context.Semaphore(0), context.Event()
    children = [context.Process(target=work, args=(name, paths[i::processes], ready, go, done), daemon=True) for i in range(processes)]
    for child in children: child.start()
    for _ in children:
        if not ready.acquire(timeout=60): raise RuntimeError(f"{name} does not start")
    since = time.perf_counter(); go.set()
    for _ in children:
        if not done.acquire(timeout=60): raise RuntimeError(f"{name} does not end")
    took = time.perf_counter() - since
    for child in children: child.join()
    return len(paths) / took

if __name__ == "__main__":
    folder, processes = sys.argv[1], int(sys.argv[2])
    paths = sorted(os.path.join(folder, name) for name in os.listdir(folder))
    found = {}
    for name in ("Pillow", "torchvision"):
        try:
            found[name] = measure(name, paths, processes)
        except RuntimeError as error:
            print(error, file=sys.stderr)
    print(json.dumps(found))
