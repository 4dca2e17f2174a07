// colour.ts: single changes of a picture's colours, by the strengths that torchvision gives them. Which happens when: color-jitter.ts, policies.ts.
import type { Picture } from './picture.ts';

const clamp = (value: number): number => Math.min(255, Math.max(0, value));
/** As the kernel pixels_mix: factor times a, the rest of b, in 2^16ths. */
const mixed = (a: number, b: number, factor: number): number =>
  clamp(Math.floor((32768 + 65536 * b + Math.floor(factor * 65536 + 0.5) * (a - b)) / 65536));
const table = (of: (value: number) => number): Uint8Array => Uint8Array.from({ length: 256 }, (_, value) => of(value));
const perChannel = (picture: Picture, of: (counts: Uint32Array) => Uint8Array): void => {
  const counts = picture.histogram();
  const all = new Uint8Array(256 * picture.channels);
  for (let c = 0; c < picture.channels; c++) all.set(of(counts.subarray(256 * c, 256 * (c + 1))), 256 * c);
  picture.lookup(all);
};

/** 0: black, 1: as it is. */
export const brightness = (picture: Picture, factor: number): void =>
  picture.lookup(table((value) => mixed(value, 0, factor)));

/** 0: all as light as the picture's mean, 1: as it is. */
export function contrast(picture: Picture, factor: number): void {
  picture.keep(1);
  picture.grey();
  const counts = picture.histogram().subarray(0, 256);
  picture.restore(1);
  const sum = counts.reduce((total, count, value) => total + count * value, 0);
  const mean = Math.floor(sum / (picture.rows * picture.columns) + 0.5);
  picture.lookup(table((value) => mixed(value, mean, factor)));
}

/** 0: grey, 1: as it is. */
export function saturation(picture: Picture, factor: number): void {
  picture.keep(1);
  picture.grey();
  picture.mixKept(1, 1 - factor);
}

/** 0: smoothed, 1: as it is. */
export function sharpness(picture: Picture, factor: number): void {
  picture.keep(1);
  picture.smooth();
  picture.mixKept(1, 1 - factor);
}

/** Only the first bits are kept. */
export const posterize = (picture: Picture, bits: number): void =>
  picture.lookup(table((value) => value & (256 - 2 ** (8 - bits))));

/** What is as light as the threshold, or lighter, is turned to its negative. */
export const solarize = (picture: Picture, threshold: number): void =>
  picture.lookup(table((value) => (value < threshold ? value : 255 - value)));

export const invert = (picture: Picture): void => picture.lookup(table((value) => 255 - value));

/** Stretches each channel to 0 to 255. */
export function autocontrast(picture: Picture): void {
  perChannel(picture, (counts) => {
    const low = counts.findIndex((count) => count > 0);
    const high = counts.findLastIndex((count) => count > 0);
    const scale = 255 / (high - low);
    return table((value) => (high <= low ? value : clamp(Math.trunc(value * scale - low * scale))));
  });
}

/** Makes all values of each channel about as frequent. As Pillow does it. */
export function equalize(picture: Picture): void {
  perChannel(picture, (counts) => {
    const last = counts.findLastIndex((count) => count > 0);
    const step = Math.floor((picture.rows * picture.columns - counts[last]!) / 255);
    if (step === 0) return table((value) => value);
    let below = Math.floor(step / 2);
    return table((value) => {
      const level = Math.floor(below / step);
      below += counts[value]!;
      return Math.min(255, level);
    });
  });
}
