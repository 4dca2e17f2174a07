// plan-input.ts: the first calls of a plan: raw samples become the model's inputs. Not the reading of files (datasets/).
import type { Operand } from '../kernels/abi.ts';
import { elements, type TensorSpec } from './model.ts';
import type { InputField } from './plan.ts';
import type { PlanBuilder } from './plan-builder.ts';
import { type Halo, type Tensor, viewOf } from './tensor.ts';

/** x * scale + shift, channel by channel, from where the field lies into a tensor with the halo its readers need. */
export function emitInput(
  build: PlanBuilder,
  { shape }: TensorSpec,
  field: InputField,
  x: Operand,
  halo: Halo,
): Tensor {
  const { dtype, scale, shift } = field;
  const y = build.tensor(shape, halo);
  const { H, L } = viewOf(y);
  const row = (perChannel: readonly number[]) =>
    build.tables.add(Float32Array.from({ length: L }, (_, i) => perChannel[i % perChannel.length]!));
  build.call(
    `input_${dtype}`,
    { x, y: build.at(y), scale: row(scale), shift: row(shift) },
    { H, L, xImage: elements(shape), xRow: L, yImage: y.imageStride, yRow: y.rowStride },
    {},
  );
  return y;
}
