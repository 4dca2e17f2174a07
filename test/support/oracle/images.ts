// images.ts: images turned, zoomed, shifted and coloured by what is drawn, in float64. Each pixel asks where it comes from.
import { type DropoutDraw, unitsOf } from './pointwise.ts';
import { type Tape, type Tensor, tensor } from './tape.ts';

interface Ask {
  readonly tape: Tape;
  readonly inputs: readonly Tensor[];
  readonly config: Readonly<Record<string, unknown>>;
  readonly site: number;
  readonly draw: DropoutDraw | undefined;
}
type Range = readonly [number, number];
type Place = readonly [x: number, y: number];

const folds: Readonly<Record<string, (i: number, n: number) => number>> = {
  constant: (i, n) => (i >= 0 && i < n ? i : -1),
  nearest: (i, n) => Math.max(0, Math.min(n - 1, i)),
  reflect(i, n) {
    let at = i;
    while (at < 0 || at >= n) at = at < 0 ? -1 - at : 2 * n - 1 - at;
    return at;
  },
  wrap(i, n) {
    let at = i;
    while (at < 0) at += n;
    return at % n;
  },
};

/** Reads each pixel of each sample where `source` of its two numbers, from 0 to 1, says, counted from the image's centre. */
function warped(ask: Ask, source: (u: number, v: number, at: Place, size: Place) => Place): Tensor {
  const { tape, inputs, config, site, draw } = ask;
  const x = inputs[0]!;
  if (!draw) return x;
  const [batch, H, W, C] = x.shape as [number, number, number, number];
  const y = tensor(x.shape);
  const fold = folds[(config['fill_mode'] as string) ?? 'nearest']!;
  const each = (use: (from: number, to: number, weight: number) => void) => {
    for (let b = 0; b < batch; b++) {
      const of = unitsOf(draw, b, site);
      for (let oy = 0; oy < H; oy++)
        for (let ox = 0; ox < W; ox++) {
          const centre: Place = [(W - 1) / 2, (H - 1) / 2];
          const [sx, sy] = source(of(0), of(1), [ox - centre[0], oy - centre[1]], [W, H]);
          const [px, py] = [sx + centre[0], sy + centre[1]];
          const near = (p: number): readonly (readonly [number, number])[] =>
            config['interpolation'] === 'bilinear'
              ? [
                  [Math.floor(p), 1 - (p - Math.floor(p))],
                  [Math.floor(p) + 1, p - Math.floor(p)],
                ]
              : [[Math.round(p), 1]];
          for (const [iy, wy] of near(py))
            for (const [ix, wx] of near(px)) {
              const [h, w] = [fold(iy, H), fold(ix, W)];
              const from = h < 0 || w < 0 ? -1 : ((b * H + h) * W + w) * C;
              for (let c = 0; c < C; c++) use(from < 0 ? -1 : from + c, ((b * H + oy) * W + ox) * C + c, wx * wy);
            }
        }
    }
  };
  each((from, to, weight) => {
    y.data[to]! += weight * (from < 0 ? (config['fill_value'] as number) : x.data[from]!);
  });
  tape.record(() =>
    each((from, to, weight) => {
      if (from >= 0) x.gradient[from]! += weight * y.gradient[to]!;
    }),
  );
  return y;
}

const between = ([low, high]: Range, u: number): number => low + (high - low) * u;

/** y = adjust(x) within the range of values, whose ends let no gradient through. `slope(i, j)`: dy_i / dx_j of one sample and channel. */
function coloured(
  ask: Ask,
  adjust: (value: number, mean: number, u: number) => number,
  slope: (same: boolean, count: number, u: number) => number,
): Tensor {
  const { tape, inputs, config, site, draw } = ask;
  const x = inputs[0]!;
  if (!draw) return x;
  const [batch, H, W, C] = x.shape as [number, number, number, number];
  const [low, high] = config['value_range'] as Range;
  const y = tensor(x.shape);
  const n = H * W;
  const each = (visit: (at: readonly number[], u: number) => void) => {
    for (let b = 0; b < batch; b++)
      for (let c = 0; c < C; c++)
        visit(
          Array.from({ length: n }, (_, i) => (b * n + i) * C + c),
          unitsOf(draw, b, site)(0),
        );
  };
  each((at, u) => {
    const mean = at.reduce((sum, i) => sum + x.data[i]! / n, 0);
    for (const i of at) y.data[i] = Math.min(high, Math.max(low, adjust(x.data[i]!, mean, u)));
  });
  tape.record(() =>
    each((at, u) => {
      for (const i of at)
        for (const j of at)
          if (y.data[i]! > low && y.data[i]! < high) x.gradient[j]! += y.gradient[i]! * slope(i === j, n, u);
    }),
  );
  return y;
}

export const images: Readonly<Record<string, (ask: Ask) => Tensor>> = {
  RandomFlip(ask) {
    const mode = ask.config['mode'] as string;
    return warped(ask, (u, v, [x, y]) => [
      mode !== 'vertical' && u < 0.5 ? -x : x,
      mode !== 'horizontal' && v < 0.5 ? -y : y,
    ]);
  },
  RandomRotation: (ask) =>
    warped(ask, (u, _, [x, y]) => {
      const angle = 2 * Math.PI * between(ask.config['factor'] as Range, u);
      return [x * Math.cos(angle) - y * Math.sin(angle), x * Math.sin(angle) + y * Math.cos(angle)];
    }),
  RandomZoom: (ask) =>
    warped(ask, (u, v, [x, y]) => {
      const rows = 1 + between(ask.config['height_factor'] as Range, u);
      const own = ask.config['width_factor'] as Range | null;
      return [x * (own ? 1 + between(own, v) : rows), y * rows];
    }),
  RandomTranslation: (ask) =>
    warped(ask, (u, v, [x, y], [W, H]) => [
      x - W * between(ask.config['width_factor'] as Range, v),
      y - H * between(ask.config['height_factor'] as Range, u),
    ]),
  RandomContrast(ask) {
    const [down, up] = ask.config['factor'] as Range;
    const factor = (u: number): number => between([1 - down, 1 + up], u);
    return coloured(
      ask,
      (value, mean, u) => (value - mean) * factor(u) + mean,
      (same, count, u) => (same ? factor(u) : 0) + (1 - factor(u)) / count,
    );
  },
  RandomBrightness(ask) {
    const [low, high] = ask.config['value_range'] as Range;
    return coloured(
      ask,
      (value, _, u) => value + between(ask.config['factor'] as Range, u) * (high - low),
      (same) => (same ? 1 : 0),
    );
  },
};
