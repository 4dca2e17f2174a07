// to-float.ts: integer labels as floats, for losses that compare numbers. Not a scaling.
import { ShoalError } from '../../base/errors.ts';
import { fieldElements } from '../reader.ts';
import type { TransformMaker } from './index.ts';

export interface ToFloatConfig {
  readonly transform: 'to_float';
  readonly field: string;
}

/** i32 to f32 of the same shape, a scalar to [1]. @throws {ShoalError} SHOAL_DATA_FIELD */
export const toFloat: TransformMaker<ToFloatConfig> = ({ field }, before) => {
  if (before.dtype !== 'i32') {
    throw new ShoalError({
      code: 'SHOAL_DATA_FIELD',
      operation: `turn the field "${field}" into floats`,
      got: before.dtype,
      expected: 'i32',
      hint: 'Only integer labels need it.',
    });
  }
  const count = fieldElements(before);
  return {
    after: { shape: before.shape.length === 0 ? [1] : before.shape, dtype: 'f32' },
    apply(source, target) {
      const from = new DataView(source.buffer, source.byteOffset, source.byteLength);
      const to = new DataView(target.buffer, target.byteOffset, target.byteLength);
      for (let i = 0; i < count; i++) to.setFloat32(4 * i, from.getInt32(4 * i, true), true);
    },
  };
};
