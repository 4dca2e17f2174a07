// conv-gradients.ts: recipes of a convolution's two gradients, grouped or not, over tfjs' tensors. The same calls as the layers'
// (layers/conv-direct.ts, layers/depthwise-conv2d.ts), whose tables these are. Nothing of tfjs' registry.
import type { Operand } from '../../kernels/abi.ts';
import { PANEL } from '../../kernels/signatures/blocks.ts';
import { backwardTables, cornerOf, gradientHalo, gradientRows } from '../layers/conv-tables.ts';
import { NO_HALO } from '../tensor.ts';
import { FIRST, OUTPUT, type Recipe, RecipeBuilder, SECOND } from './recipe.ts';
import { moved, readable, type Windows, writable } from './windows.ts';

const sizes = (w: Windows) => ({
  x: [w.height, w.width, w.channels] as const,
  y: [w.geometry.rows.output, w.geometry.columns.output, w.filters] as const,
});
/** Each channel by itself: kernels then take all channels of a pixel at once. */
const isDepthwise = ({ conv: { groups }, channels, filters }: Windows): boolean =>
  groups === channels && groups === filters;
const together = (w: Windows) => ({ ...w.conv, groups: 1 });

/** Of (x, dy): dW (kh, kw, channels / groups, filters) = sum over images and pixels of x (under each tap) times dy. */
export function filterGradient(w: Windows): Recipe {
  const build = new RecipeBuilder(w.images);
  const { rows, columns } = w.geometry;
  const halo = { top: rows.before, bottom: rows.after, left: columns.before, right: columns.after };
  const x = readable(build, w.images, FIRST, sizes(w).x, { first: w.first, halo });
  const dy = readable(build, w.images, SECOND, sizes(w).y, { first: w.first, halo: NO_HALO, lies: w.given });
  const table = gradientRows(w.conv, x.tensor);
  const operands = {
    x: moved(x.at, cornerOf(x.tensor, rows.before, columns.before)),
    dy: dy.at,
    out: OUTPUT,
    rowTable: build.table(table),
  };
  const pixels = {
    R: table.length,
    H: rows.output,
    W: columns.output,
    xStep: w.conv.strides[1] * w.channels,
    xRow: w.conv.strides[0] * x.tensor.rowStride,
    xImage: x.tensor.imageStride,
    dyStep: w.filters,
    dyRow: dy.tensor.rowStride,
    dyImage: dy.tensor.imageStride,
  };
  if (isDepthwise(w)) {
    build.call('depthwise_dw', operands, { ...pixels, C: w.channels });
    return build.finish();
  }
  const { groups } = w.conv;
  const N = w.filters / groups;
  const grouped = { groups, N, xGroup: w.channels / groups, dyGroup: N, ldo: w.filters, outGroup: N };
  build.call('conv_dw', operands, { ...pixels, ...grouped });
  return build.finish();
}

/** Of (dy, filter): dX = dy convolved with the filter turned around, stride phase by stride phase. */
export function inputGradient(w: Windows): Recipe {
  const build = new RecipeBuilder(w.images);
  const conv = isDepthwise(w) ? together(w) : w.conv;
  const halo = gradientHalo(conv, w.geometry, w.height, w.width);
  const dy = readable(build, w.images, FIRST, sizes(w).y, { first: w.first, halo, lies: w.given });
  const dx = writable(build, w.images, OUTPUT, sizes(w).x, w.first);
  const x = moved(dy.at, cornerOf(dy.tensor, halo.top, halo.left));
  for (const tables of backwardTables(conv, w.geometry, dy.tensor, dx.tensor)) {
    const places = { x, y: dx.at, xTable: build.table(tables.x), yTable: build.table(tables.y), bias: SECOND };
    const shared = {
      pixels: tables.x.length,
      xImage: dy.tensor.imageStride,
      yImage: dx.tensor.imageStride,
      hasBias: 0,
      activation: 0,
    };
    if (isDepthwise(w)) {
      const wTaps = build.table(Uint32Array.from(tables.taps, (tap) => 4 * tap * w.channels));
      const operands = { ...places, w: SECOND, xTaps: build.table(tables.offsets), wTaps };
      build.call('depthwise', operands, { ...shared, taps: tables.taps.length, C: w.channels });
      continue;
    }
    const { groups } = conv;
    const N = w.channels / groups;
    const K = w.filters / groups;
    build.call(
      'conv',
      {
        ...places,
        packed: turned(build, tables.taps, { N, K, groups, ld: w.filters }),
        skips: build.table(tables.skips),
      },
      { ...shared, runs: tables.runs, len: tables.len, N, groups, xGroup: K, yGroup: N },
    );
  }
  dx.finish();
  return build.finish();
}

interface Packing {
  readonly N: number;
  readonly K: number;
  readonly groups: number;
  readonly ld: number;
}

/** The filter (tap, N, K of a group) as panels of its transposes, for these taps. Of no taps: nothing that is read. */
function turned(build: RecipeBuilder, taps: readonly number[], { N, K, groups, ld }: Packing): Operand {
  if (taps.length === 0) return SECOND;
  const packed = build.room(groups * Math.ceil(N / PANEL) * PANEL * taps.length * K);
  const table = build.table(Uint32Array.from(taps, (tap) => 4 * tap * N * ld));
  build.call(
    'pack_taps',
    { source: SECOND, taps: table, packed },
    { T: taps.length, K, N, ld, groups, groupStride: K },
  );
  return packed;
}
