// segment-sum.ts: UnsortedSegmentSum: rows of a tensor added where their numbers say: the gradient of a lookup. Not the lookup (GatherV2).
import type { BackendWasm } from '@tensorflow/tfjs-backend-wasm';
import { type TensorInfo, UnsortedSegmentSum, type UnsortedSegmentSumAttrs, util } from '@tensorflow/tfjs-core';
import type { Operand } from '../../../kernels/abi.ts';
import { withFloats } from '../floats.ts';
import { allocate, FIRST, OUTPUT, type Recipe, RecipeBuilder, recipeFor, run, SECOND } from '../recipe.ts';
import { checkShape } from '../windows.ts';
import { type HeapOp, zeros } from './op.ts';

/** (x (M, ...), segmentIds (M)) -> (numSegments, ...). Numbers beyond them name no segment: their rows are left out. */
export const unsortedSegmentSum: HeapOp = {
  kernelName: UnsortedSegmentSum,
  compute({ x, segmentIds }, attrs, backend) {
    const { numSegments } = attrs as unknown as UnsortedSegmentSumAttrs;
    const [M = 1, ...rest] = x!.shape;
    checkShape(UnsortedSegmentSum, 'segmentIds', segmentIds!.shape, [M]);
    const shape = [numSegments, ...rest];
    const E = util.sizeFromShape(rest);
    return withFloats(backend, UnsortedSegmentSum, [x!, x!], ([floats]) => {
      if (numSegments * E === 0) return allocate(backend, shape);
      if (M === 0) return zeros(backend, shape);
      const places = placesOf(backend, segmentIds!, numSegments);
      try {
        const name = JSON.stringify([UnsortedSegmentSum, M, numSegments, E]);
        return run(
          backend,
          recipeFor(name, () => recipe(M, numSegments, E)),
          [floats, places],
          shape,
        );
      } finally {
        backend.disposeData(places.dataId);
      }
    });
  },
};

function recipe(M: number, V: number, E: number): Recipe {
  const build = new RecipeBuilder(M);
  const order: Operand = { ...SECOND, at: 4 * (V + 1) };
  build.call('embedding_backward', { dy: FIRST, starts: SECOND, order, out: OUTPUT }, { m: 1, V, E });
  return build.finish();
}

/** Where each segment's rows begin, V + 1 numbers, then the rows, segment by segment, in their order (kernels/signatures.ts). */
function placesOf(backend: BackendWasm, segmentIds: TensorInfo, V: number): TensorInfo {
  const M = util.sizeFromShape(segmentIds.shape);
  const places = allocate(backend, [V + 1 + M], 'int32');
  const ids = backend.typedArrayFromHeap(segmentIds);
  const starts = backend
    .typedArrayFromHeap(places)
    .subarray(0, V + 1)
    .fill(0);
  const order = backend.typedArrayFromHeap(places).subarray(V + 1);
  for (const id of ids) if (id >= 0 && id < V) starts[id]!++;
  let sum = 0;
  for (let v = 0; v <= V; v++) {
    sum += starts[v]!;
    starts[v] = sum; // the segment's end; when all are placed, its start
  }
  for (let i = M - 1; i >= 0; i--) {
    const id = ids[i]!;
    if (id >= 0 && id < V) order[--starts[id]!] = i;
  }
  return places;
}
