// resample.ts: images in another size: which pixels each new pixel is made of, with which weights. Not the layers that use it.
import type { PlanBuilder } from '../plan-builder.ts';
import type { Tensor } from '../tensor.ts';
import type { Backward, Emitted, Forward } from './kind.ts';

/** For each new place along one axis, the old places it is made of. */
export type Taps = readonly (readonly { readonly from: number; readonly weight: number }[])[];

export type Interpolation = 'nearest' | 'bilinear';

/**
 * Centres of pixels lie at halves, as in tf.image.resize and PyTorch (align_corners false): the centre of new place i is at
 * (i + 1/2) * size / wanted - 1/2 of the old ones. Beyond the outermost centres their values go on.
 */
export function resizing(size: number, wanted: number, interpolation: Interpolation): Taps {
  const scale = size / wanted;
  return Array.from({ length: wanted }, (_, i) => {
    const centre = (i + 0.5) * scale;
    if (interpolation === 'nearest') return [{ from: Math.min(Math.floor(centre), size - 1), weight: 1 }];
    const place = Math.min(Math.max(centre - 0.5, 0), size - 1);
    const from = Math.floor(place);
    const share = place - from;
    return share === 0
      ? [{ from, weight: 1 }]
      : [
          { from, weight: 1 - share },
          { from: from + 1, weight: share },
        ];
  });
}

/** For each old place, the new ones that it is part of. */
function transposed(taps: Taps, size: number): Taps {
  const lines = Array.from({ length: size }, (): { from: number; weight: number }[] => []);
  taps.forEach((line, i) => {
    for (const { from, weight } of line) lines[from]!.push({ from: i, weight });
  });
  return lines;
}

/** Tables as the kernel reads them; `step` floats lie between two old places. */
function tablesOf(build: PlanBuilder, taps: Taps, step: number) {
  const starts = new Uint32Array(taps.length + 1);
  taps.forEach((line, i) => {
    starts[i + 1] = starts[i]! + line.length;
  });
  const words = new Uint32Array(2 * starts.at(-1)!);
  const weights = new Float32Array(words.buffer);
  taps.flat().forEach(({ from, weight }, i) => {
    words[2 * i] = 4 * step * from;
    weights[2 * i + 1] = weight;
  });
  return { starts: build.tables.add(starts), taps: build.tables.add(words) };
}

function resample(build: PlanBuilder, rows: Taps, columns: Taps, x: Tensor, y: Tensor): void {
  const C = x.shape[2]!;
  const [down, across] = [tablesOf(build, rows, x.rowStride), tablesOf(build, columns, C)];
  const tables = { rows: down.starts, rowTaps: down.taps, columns: across.starts, columnTaps: across.taps };
  const ints = { OH: rows.length, OW: columns.length, C, xImage: x.imageStride };
  build.call(
    'resample',
    { x: build.at(x), y: build.at(y), ...tables },
    { ...ints, yImage: y.imageStride, yRow: y.rowStride },
    {},
  );
}

/** The calls of a layer that does nothing else. */
export function emitResample(f: Forward, rows: Taps, columns: Taps): Emitted {
  const { build } = f;
  const x = f.inputs[0]!; // (H, W, C)
  const y = f.output(); // (rows.length, columns.length, C)
  const [H, W] = x.shape as [number, number, number];
  resample(build, rows, columns, x, y);
  return {
    output: y,
    backward(g: Backward) {
      if (g.wants(0)) resample(build, transposed(rows, H), transposed(columns, W), g.dY, g.dInput(0));
    },
  };
}
