// plan-input.ts: the first call of a plan: raw samples become the model's input. Not the reading of files (datasets/).
import { elements } from './model.ts';
import type { CompileOptions, InputLayout } from './plan.ts';
import { fixedAt, type PlanBuilder } from './plan-builder.ts';
import { type Halo, type Tensor, viewOf } from './tensor.ts';

/** x * scale + shift, channel by channel, from space `input` into a tensor with the halo its readers need. */
export function emitInput(build: PlanBuilder, options: CompileOptions, layout: InputLayout, halo: Halo): Tensor {
  const { shape } = options.model.input.spec;
  const { dtype, scale, shift } = options.input;
  const y = build.tensor(shape, halo);
  const { H, L } = viewOf(y);
  const row = (perChannel: readonly number[]) =>
    build.tables.add(Float32Array.from({ length: L }, (_, i) => perChannel[i % perChannel.length]!));
  build.call(
    `input_${dtype}`,
    { x: fixedAt('input', layout.fields.image.at), y: build.at(y), scale: row(scale), shift: row(shift) },
    { H, L, xImage: elements(shape), xRow: L, yImage: y.imageStride, yRow: y.rowStride },
    {},
  );
  return y;
}
