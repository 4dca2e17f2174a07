// operations.ts: the changes that automatic policies choose from, by name and strength, as torchvision's. Which are chosen: rand-augment.ts and others.
import { inverseOf } from './affine.ts';
import {
  autocontrast,
  brightness,
  contrast,
  equalize,
  invert,
  posterize,
  saturation,
  sharpness,
  solarize,
} from './colour.ts';
import { fillOption, type Values, warpFilter } from './kind.ts';
import type { Picture } from './picture.ts';

/** Options of all policies: of the operations that move pixels. */
export const painting = { interpolation: warpFilter.default('nearest'), fill: fillOption } as const;
type Painting = Values<typeof painting>;

const moved = (p: Picture, matrix: readonly number[], { interpolation, fill }: Painting): void =>
  p.warp(matrix, interpolation, fill);

const OPERATIONS = {
  Identity: () => {},
  // along the first row, and the first column, nothing moves
  ShearX: (p: Picture, s: number, paint: Painting) => moved(p, [1, s, 0, 0, 1, 0], paint),
  ShearY: (p: Picture, s: number, paint: Painting) => moved(p, [1, 0, 0, s, 1, 0], paint),
  TranslateX: (p: Picture, s: number, paint: Painting) => moved(p, [1, 0, -Math.trunc(s), 0, 1, 0], paint),
  TranslateY: (p: Picture, s: number, paint: Painting) => moved(p, [1, 0, 0, 0, 1, -Math.trunc(s)], paint),
  Rotate: (p: Picture, s: number, paint: Painting) =>
    moved(p, inverseOf({ angle: -s, centre: [p.columns / 2, p.rows / 2] }), paint),
  Brightness: (p: Picture, s: number) => brightness(p, 1 + s),
  Color: (p: Picture, s: number) => saturation(p, 1 + s),
  Contrast: (p: Picture, s: number) => contrast(p, 1 + s),
  Sharpness: (p: Picture, s: number) => sharpness(p, 1 + s),
  Posterize: (p: Picture, s: number) => posterize(p, Math.abs(s)),
  Solarize: (p: Picture, s: number) => solarize(p, Math.abs(s)),
  AutoContrast: autocontrast,
  Equalize: equalize,
  Invert: invert,
} as const;

export type OperationName = keyof typeof OPERATIONS;

/** Those whose strength may also be negative. The others take its amount. */
const SIGNED: ReadonlySet<OperationName> = new Set([
  'ShearX',
  'ShearY',
  'TranslateX',
  'TranslateY',
  'Rotate',
  'Brightness',
  'Color',
  'Contrast',
  'Sharpness',
]);
export const isSigned = (name: OperationName): boolean => SIGNED.has(name);

export const apply = (picture: Picture, name: OperationName, strength: number, paint: Painting): void =>
  OPERATIONS[name](picture, strength, paint);

/** Strongest of each: shears, degrees, factors; shares of the side or pixels; bits taken away. */
export interface Extent {
  readonly shear: number;
  readonly rows: number;
  readonly columns: number;
  readonly degrees: number;
  readonly factor: number;
  readonly bits: number;
  /** Bits that are left where least are taken. */
  readonly from: number;
}

/** The strength of each operation by bin, from 0 to bins - 1. Those that have none ignore it. */
export function strengths(
  { rows, columns }: Picture,
  bins: number,
  extent: Partial<Extent> = {},
): Readonly<Record<OperationName, (bin: number) => number>> {
  const share = 150 / 331;
  const most = {
    shear: 0.3,
    rows: share * rows,
    columns: share * columns,
    degrees: 30,
    factor: 0.9,
    bits: 4,
    from: 8,
    ...extent,
  };
  const to = (end: number) => (bin: number) => (bins < 2 ? 0 : (end * bin) / (bins - 1));
  const factor = to(most.factor);
  const none = () => 0;
  return {
    Identity: none,
    ShearX: to(most.shear),
    ShearY: to(most.shear),
    TranslateX: to(most.columns),
    TranslateY: to(most.rows),
    Rotate: to(most.degrees),
    Brightness: factor,
    Color: factor,
    Contrast: factor,
    Sharpness: factor,
    Posterize: (bin) => most.from - Math.round(to(most.bits)(bin)),
    Solarize: (bin) => 255 - to(255)(bin),
    AutoContrast: none,
    Equalize: none,
    Invert: none,
  };
}
