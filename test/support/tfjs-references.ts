// tfjs-references.ts: the gradients of trainer/tfjs-wasm by loops over their definitions, in float64. Not fast, and knows no tfjs.

export type Values = ArrayLike<number>;

/** A convolution by its sizes. Channels last; `filter` (kh, kw, channels / groups, filters). */
export interface Conv {
  readonly images: number;
  readonly size: readonly [height: number, width: number];
  readonly out: readonly [height: number, width: number];
  readonly channels: number;
  readonly filters: number;
  readonly groups: number;
  readonly kernel: readonly [number, number];
  readonly strides: readonly [number, number];
  readonly dilations: readonly [number, number];
  readonly before: readonly [top: number, left: number];
  /** x, dy and dX hold channels before rows. */
  readonly first: boolean;
}

const place =
  (c: Conv, [H, W]: readonly [number, number], C: number) =>
  (n: number, h: number, w: number, i: number) =>
    c.first ? ((n * C + i) * H + h) * W + w : ((n * H + h) * W + w) * C + i;

/** Calls `visit` with the places of x, dy and the filter for every product of the convolution. */
function eachProduct(c: Conv, visit: (x: number, dy: number, filter: number) => void): void {
  const xAt = place(c, c.size, c.channels);
  const yAt = place(c, c.out, c.filters);
  const perGroup = c.channels / c.groups;
  const filtersOf = c.filters / c.groups;
  for (let n = 0; n < c.images; n++)
    for (let oy = 0; oy < c.out[0]; oy++)
      for (let ox = 0; ox < c.out[1]; ox++)
        for (let ky = 0; ky < c.kernel[0]; ky++)
          for (let kx = 0; kx < c.kernel[1]; kx++) {
            const y = oy * c.strides[0] + ky * c.dilations[0] - c.before[0];
            const x = ox * c.strides[1] + kx * c.dilations[1] - c.before[1];
            if (y < 0 || y >= c.size[0] || x < 0 || x >= c.size[1]) continue;
            for (let f = 0; f < c.filters; f++)
              for (let i = 0; i < perGroup; i++) {
                const channel = Math.floor(f / filtersOf) * perGroup + i;
                const tap = ky * c.kernel[1] + kx;
                visit(xAt(n, y, x, channel), yAt(n, oy, ox, f), (tap * perGroup + i) * c.filters + f);
              }
          }
}

export function filterGradient(c: Conv, x: Values, dy: Values): Float64Array {
  const dW = new Float64Array(c.kernel[0] * c.kernel[1] * (c.channels / c.groups) * c.filters);
  eachProduct(c, (xAt, yAt, wAt) => {
    dW[wAt]! += x[xAt]! * dy[yAt]!;
  });
  return dW;
}

export function inputGradient(c: Conv, dy: Values, filter: Values): Float64Array {
  const dX = new Float64Array(c.images * c.size[0] * c.size[1] * c.channels);
  eachProduct(c, (xAt, yAt, wAt) => {
    dX[xAt]! += filter[wAt]! * dy[yAt]!;
  });
  return dX;
}

/** Each gradient goes to the first maximum of its window, channel by channel. */
export function poolGradient(c: Omit<Conv, 'filters' | 'groups' | 'first'>, dy: Values, x: Values): Float64Array {
  const { channels: C, size, out } = c;
  const dX = new Float64Array(c.images * size[0] * size[1] * C);
  for (let n = 0; n < c.images; n++)
    for (let oy = 0; oy < out[0]; oy++)
      for (let ox = 0; ox < out[1]; ox++)
        for (let i = 0; i < C; i++) {
          let best = -1;
          for (let ky = 0; ky < c.kernel[0]; ky++)
            for (let kx = 0; kx < c.kernel[1]; kx++) {
              const h = oy * c.strides[0] + ky - c.before[0];
              const w = ox * c.strides[1] + kx - c.before[1];
              if (h < 0 || h >= size[0] || w < 0 || w >= size[1]) continue;
              const at = ((n * size[0] + h) * size[1] + w) * C + i;
              if (best < 0 || x[at]! > x[best]!) best = at;
            }
          if (best >= 0) dX[best]! += dy[((n * out[0] + oy) * out[1] + ox) * C + i]!;
        }
  return dX;
}

export function segmentSum(x: Values, ids: Values, segments: number, width: number): Float64Array {
  const sums = new Float64Array(segments * width);
  for (let row = 0; row < ids.length; row++) {
    const id = ids[row]!;
    if (id < 0 || id >= segments) continue;
    for (let e = 0; e < width; e++) sums[id * width + e]! += x[row * width + e]!;
  }
  return sums;
}

/** Sum over all labels that the result has not, of the product of the terms at each place of all labels. */
export function einsum(equation: string, sizes: ReadonlyMap<string, number>, terms: readonly Values[]): Float64Array {
  const [inputs, output] = equation.split('->') as [string, string];
  const labels = [...sizes.keys()];
  const at = (term: string, index: ReadonlyMap<string, number>) =>
    [...term].reduce((place, label) => place * sizes.get(label)! + index.get(label)!, 0);
  const result = new Float64Array([...output].reduce((product, label) => product * sizes.get(label)!, 1));
  const count = labels.reduce((product, label) => product * sizes.get(label)!, 1);
  for (let i = 0; i < count; i++) {
    const index = new Map<string, number>();
    let rest = i;
    for (const label of labels) {
      index.set(label, rest % sizes.get(label)!);
      rest = Math.floor(rest / sizes.get(label)!);
    }
    const product = inputs.split(',').reduce((value, term, j) => value * terms[j]![at(term, index)]!, 1);
    result[at(output, index)]! += product;
  }
  return result;
}
