// convolution.ts: geometries of convolutions for tests and benchmarks: the tables that conv and conv_dw read, and a naive oracle. Not the plan's.
import type { Ints } from '../../kernels/abi.ts';

export interface Geometry {
  readonly images: number;
  readonly H: number;
  readonly W: number;
  readonly C: number;
  readonly N: number;
  readonly kernel: number;
  readonly stride?: number;
  readonly dilation?: number;
  readonly pad?: number;
  readonly groups?: number;
}

/** Everything derived from a geometry. x is (images, Hp, Wp, C) with its halo, y (images, OH, OW, N), w (tap, C / groups, N). */
export function shapesOf(g: Geometry) {
  const { images, H, W, C, N, kernel, stride = 1, dilation = 1, pad = 0, groups = 1 } = g;
  const span = dilation * (kernel - 1) + 1;
  const Hp = H + 2 * pad;
  const Wp = W + 2 * pad;
  const OH = Math.floor((Hp - span) / stride) + 1;
  const OW = Math.floor((Wp - span) / stride) + 1;
  const c = C / groups;
  const n = N / groups;
  return { images, H, W, C, N, kernel, stride, dilation, pad, groups, span, Hp, Wp, OH, OW, c, n };
}
export type Shapes = ReturnType<typeof shapesOf>;

/** A call of conv: ints and tables. */
export interface ConvCall {
  readonly ints: Ints<'conv'>;
  readonly xTable: Uint32Array;
  readonly yTable: Uint32Array;
  readonly skips: Int32Array;
}

/** Byte offsets, in an image with rows of `width` pixels of `channels`, of the taps of a window, then the skips between their runs. */
function windowRuns(ys: readonly number[], xs: readonly number[], width: number, channels: number, len: number) {
  const dense = len === channels && xs.every((x, i) => i === 0 || x === xs[i - 1]! + 1);
  const starts = dense
    ? ys.map((y) => y * width * channels + xs[0]! * channels)
    : ys.flatMap((y) => xs.map((x) => (y * width + x) * channels));
  const run = dense ? xs.length * channels : len;
  const skips = starts.map((start, i) => (i + 1 < starts.length ? 4 * (starts[i + 1]! - start - run) : 0));
  return { runs: starts.length, len: run, skips: Int32Array.from(skips) };
}

export function forwardCall(s: Shapes, hasBias = 0, activation = 0): ConvCall {
  const window = Array.from({ length: s.kernel }, (_, i) => i * s.dilation);
  const { runs, len, skips } = windowRuns(window, window, s.Wp, s.C, s.c);
  const places = Array.from({ length: s.OH * s.OW }, (_, p) => [Math.floor(p / s.OW), p % s.OW] as const);
  return {
    ints: {
      pixels: s.OH * s.OW,
      runs,
      len,
      N: s.n,
      groups: s.groups,
      xImage: s.Hp * s.Wp * s.C,
      yImage: s.OH * s.OW * s.N,
      xGroup: s.c,
      yGroup: s.n,
      hasBias,
      activation,
    },
    xTable: Uint32Array.from(places, ([y, x]) => 4 * s.C * s.stride * (y * s.Wp + x)),
    yTable: Uint32Array.from(places, ([y, x]) => 4 * s.N * (y * s.OW + x)),
    skips,
  };
}

/** The halo that dX reads around dY. */
export const haloOf = (s: Shapes): number => s.span;

export interface Phase extends ConvCall {
  /** Byte offsets of the taps in w, in the order in which conv reads them, for pack_taps. */
  readonly taps: Uint32Array;
}

/** dX (images, H, W, C) from dY with haloOf() zero pixels around it: one call of conv for each phase of the stride. */
export function backwardCalls(s: Shapes): Phase[] {
  const halo = haloOf(s);
  const Yw = s.OW + 2 * halo;
  const Yh = s.OH + 2 * halo;
  const phases: Phase[] = [];
  for (let py = 0; py < s.stride; py++)
    for (let px = 0; px < s.stride; px++) {
      // a padded input row i meets tap k where (i - k dilation) is a multiple of the stride; the last tap reads the first row of dY
      const meets = (phase: number) =>
        Array.from({ length: s.kernel }, (_, k) => k)
          .filter((k) => (((phase - k * s.dilation) % s.stride) + s.stride) % s.stride === 0)
          .reverse();
      const ks = meets(py);
      const ls = meets(px);
      if (ks.length === 0 || ls.length === 0) continue;
      const first = (i: number, k: number) => (i + s.pad - k * s.dilation) / s.stride;
      const rows = Array.from({ length: s.H }, (_, i) => i).filter((i) => (i + s.pad) % s.stride === py);
      const columns = Array.from({ length: s.W }, (_, i) => i).filter((i) => (i + s.pad) % s.stride === px);
      const places = rows.flatMap((y) => columns.map((x) => [y, x] as const));
      const { runs, len, skips } = windowRuns(
        ks.map((k) => first(0, k) - first(0, ks[0]!)),
        ls.map((l) => first(0, l) - first(0, ls[0]!)),
        Yw,
        s.N,
        s.n,
      );
      phases.push({
        ints: {
          pixels: places.length,
          runs,
          len,
          N: s.c,
          groups: s.groups,
          xImage: Yh * Yw * s.N,
          yImage: s.H * s.W * s.C,
          xGroup: s.n,
          yGroup: s.c,
          hasBias: 0,
          activation: 0,
        },
        xTable: Uint32Array.from(
          places,
          ([y, x]) => 4 * s.N * ((first(y, ks[0]!) + halo) * Yw + first(x, ls[0]!) + halo),
        ),
        yTable: Uint32Array.from(places, ([y, x]) => 4 * s.C * (y * s.W + x)),
        skips,
        taps: Uint32Array.from(
          ks.flatMap((k) => ls.map((l) => k * s.kernel + l)),
          (tap) => 4 * tap * s.c * s.N,
        ),
      });
    }
  return phases;
}

/** dW (tap, C / groups, N) from x with its halo and dY without one. */
export function weightCall(s: Shapes): { readonly ints: Ints<'conv_dw'>; readonly rowTable: Uint32Array } {
  const R = s.kernel * s.kernel * s.c;
  return {
    ints: {
      R,
      N: s.n,
      groups: s.groups,
      H: s.OH,
      W: s.OW,
      xStep: s.stride * s.C,
      xRow: s.stride * s.Wp * s.C,
      xImage: s.Hp * s.Wp * s.C,
      dyStep: s.N,
      dyRow: s.OW * s.N,
      dyImage: s.OH * s.OW * s.N,
      xGroup: s.c,
      dyGroup: s.n,
      ldo: s.N,
      outGroup: s.n,
    },
    rowTable: Uint32Array.from({ length: R }, (_, r) => {
      const tap = Math.floor(r / s.c);
      const y = Math.floor(tap / s.kernel) * s.dilation;
      const x = (tap % s.kernel) * s.dilation;
      return 4 * ((y * s.Wp + x) * s.C + (r % s.c));
    }),
  };
}

/** Calls `meet(place in x without halo, place in y, place in w)` for every product of the convolution, straight from its definition. */
export function eachProduct(s: Shapes, meet: (x: number, y: number, w: number) => void): void {
  for (let image = 0; image < s.images; image++)
    for (let oy = 0; oy < s.OH; oy++)
      for (let ox = 0; ox < s.OW; ox++)
        for (let ky = 0; ky < s.kernel; ky++)
          for (let kx = 0; kx < s.kernel; kx++) {
            const iy = oy * s.stride + ky * s.dilation - s.pad;
            const ix = ox * s.stride + kx * s.dilation - s.pad;
            if (iy < 0 || ix < 0 || iy >= s.H || ix >= s.W) continue;
            for (let group = 0; group < s.groups; group++)
              for (let c = 0; c < s.c; c++)
                for (let n = 0; n < s.n; n++)
                  meet(
                    ((image * s.H + iy) * s.W + ix) * s.C + group * s.c + c,
                    ((image * s.OH + oy) * s.OW + ox) * s.N + group * s.n + n,
                    ((ky * s.kernel + kx) * s.c + c) * s.N + group * s.n + n,
                  );
          }
}

/** Copies images (images, H, W, C) into the middle of zeroed ones with a halo. */
export function withHalo(data: Float32Array, images: number, H: number, W: number, C: number, halo: number) {
  const wide = W + 2 * halo;
  const result = new Float32Array(images * (H + 2 * halo) * wide * C);
  for (let image = 0; image < images; image++)
    for (let y = 0; y < H; y++) {
      const from = (image * H + y) * W * C;
      result.set(data.subarray(from, from + W * C), ((image * (H + 2 * halo) + y + halo) * wide + halo) * C);
    }
  return result;
}
