// color-jitter.ts: brightness, contrast, saturation and hue changed at random, in random order; and colours taken away.
import { z } from 'zod';
import { brightness, contrast, saturation } from './colour.ts';
import { augmentation, probability, rangeOption } from './kind.ts';

const number = z.number().nonnegative();
/** r: factors from max(0, 1 - r) to 1 + r. 0: none. */
const factors = z
  .union([number, rangeOption(0)], 'a number, or [low, high]')
  .transform((value) => (typeof value === 'number' ? ([Math.max(0, 1 - value), 1 + value] as const) : value))
  .prefault(0);
/** r: turns from -r to r, of the circle; at most a half. */
const turns = z
  .union([z.number().min(0).max(0.5), rangeOption(-0.5, 0.5)], 'a number, or [low, high]')
  .transform((value) => (typeof value === 'number' ? ([-value, value] as const) : value))
  .prefault(0);

export const colorJitter = augmentation({
  config: { brightness: factors, contrast: factors, saturation: factors, hue: turns },
  train(config, picture, chance) {
    const draw = ([low, high]: readonly [number, number], none: number) =>
      low === none && high === none ? null : chance.uniform(low, high);
    const order = chance.order(4);
    const drawn = [
      draw(config.brightness, 1),
      draw(config.contrast, 1),
      draw(config.saturation, 1),
      draw(config.hue, 0),
    ];
    const changes = [brightness, contrast, saturation, (p: typeof picture, turn: number) => p.turnHue(turn)];
    for (const i of order) if (drawn[i] !== null) changes[i]!(picture, drawn[i]!);
  },
});

export const randomGrayscale = augmentation({
  config: { p: probability.default(0.1) },
  train({ p }, picture, chance) {
    if (chance.happens(p)) picture.grey();
  },
});
