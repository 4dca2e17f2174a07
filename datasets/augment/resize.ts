// resize.ts: every image brought to one size, training and held-out ones alike. Nothing random.
import { augmentation, resizeFilter, sizeOption, type Values, whole } from './kind.ts';
import type { Picture } from './picture.ts';

const config = { size: sizeOption, interpolation: resizeFilter };

const bring = ({ size: [rows, columns], interpolation }: Values<typeof config>, picture: Picture): void =>
  picture.resize(whole(picture), rows, columns, interpolation);

export const resize = augmentation({ config, size: ({ size }) => size, train: bring, heldOut: bring });
