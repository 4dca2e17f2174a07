// random-flip.ts: images mirrored left to right, or top to bottom, with a probability. Not a turn: random-affine.ts.
import { augmentation, probability } from './kind.ts';

const config = { p: probability.default(0.5) };

export const randomHorizontalFlip = augmentation({
  config,
  train({ p }, picture, chance) {
    if (chance.happens(p)) picture.mirror();
  },
});

export const randomVerticalFlip = augmentation({
  config,
  train({ p }, picture, chance) {
    if (chance.happens(p)) picture.upsideDown();
  },
});
