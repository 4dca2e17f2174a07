# make-augment.py: what torchvision and Pillow make of one small picture: augment.json. Run: python make-augment.py > augment.json
import base64
import json
import sys

import numpy as np
import PIL
import torch
import torchvision
from PIL import Image
from torchvision.transforms import InterpolationMode as Mode
from torchvision.transforms import functional as F

ROWS, COLUMNS = 20, 24
row, column = np.mgrid[0:ROWS, 0:COLUMNS]
noise = np.random.default_rng(7).integers(-20, 21, (ROWS, COLUMNS, 3))
planes = np.stack([10 * column + 3 * row, 200 - 7 * row, 40 + 160 * ((row // 5 + column // 6) % 2)], axis=-1)
array = np.clip(planes + noise, 0, 255).astype(np.uint8)
image = Image.fromarray(array)


def packed(result):
    if isinstance(result, torch.Tensor):
        result = result.permute(1, 2, 0).numpy()
    result = np.ascontiguousarray(result)
    return {"shape": list(result.shape[:2]), "bytes": base64.b64encode(result.tobytes()).decode()}


tensor = torch.from_numpy(array).permute(2, 0, 1)
crop = F.crop(image, 3, 5, 13, 17)
cases = {
    "resize bilinear down": F.resize(image, [9, 11], Mode.BILINEAR),
    "resize bilinear up": F.resize(image, [33, 40], Mode.BILINEAR),
    "resize bicubic down": F.resize(image, [9, 11], Mode.BICUBIC),
    "resize bicubic up": F.resize(image, [33, 40], Mode.BICUBIC),
    "resize nearest": F.resize(image, [9, 40], Mode.NEAREST),
    "crop and resize": F.resize(crop, [16, 16], Mode.BILINEAR),
    "mirror": F.hflip(image),
    "upside down": F.vflip(image),
    "rotate nearest": F.rotate(image, 30, Mode.NEAREST, fill=7),
    "affine nearest": F.affine(image, 20, [2, -3], 1.3, [10, 5], Mode.NEAREST, fill=9),
    "rotate bilinear": F.rotate(tensor, 30, Mode.BILINEAR),
    "grey": F.to_grayscale(image, 3),
    "brightness": F.adjust_brightness(image, 1.4),
    "contrast": F.adjust_contrast(image, 0.3),
    "saturation": F.adjust_saturation(image, 1.7),
    "sharpness": F.adjust_sharpness(image, 1.9),
    "hue": F.adjust_hue(tensor, 0.3),
    "posterize": F.posterize(image, 3),
    "solarize": F.solarize(image, 100),
    "equalize": F.equalize(image),
    "autocontrast": F.autocontrast(F.posterize(image, 3)),
    "blur": F.gaussian_blur(tensor, [5, 5], [1.3, 1.3]),
    "pad reflect": F.pad(image, [4, 3, 4, 3], padding_mode="reflect"),
    "pad symmetric": F.pad(image, [4, 3, 4, 3], padding_mode="symmetric"),
}
versions = {"torchvision": torchvision.__version__, "pillow": PIL.__version__}
result = {"versions": versions, "image": packed(array), "cases": {name: packed(one) for name, one in cases.items()}}
json.dump(result, sys.stdout, indent=1)
sys.stdout.write("\n")
