// one-hot.ts: integer labels to rows of zeros with a one, for losses that take probabilities. Not label smoothing.
import { ShoalError } from '../../base/errors.ts';
import { fieldElements } from '../reader.ts';
import type { TransformMaker } from './index.ts';

export interface OneHotConfig {
  readonly transform: 'one_hot';
  readonly field: string;
  readonly classes: number;
}

/** i32 of any shape s to f32 of the shape [...s, classes]. @throws {ShoalError} SHOAL_DATA_FIELD, SHOAL_DATA_LABEL */
export const oneHot: TransformMaker<OneHotConfig> = ({ field, classes }, before) => {
  if (before.dtype !== 'i32') {
    throw new ShoalError({
      code: 'SHOAL_DATA_FIELD',
      operation: `one-hot encode the field "${field}"`,
      got: before.dtype,
      expected: 'i32',
      hint: 'Only integer labels can be encoded.',
    });
  }
  const count = fieldElements(before);
  return {
    after: { shape: [...before.shape, classes], dtype: 'f32' },
    apply(source, target) {
      const labels = new DataView(source.buffer, source.byteOffset, source.byteLength);
      target.fill(0);
      for (let i = 0; i < count; i++) {
        const label = labels.getInt32(4 * i, true);
        if (!(label >= 0 && label < classes)) throw outOfRange(field, label, classes);
        // 1.0 as a little-endian f32 is 00 00 80 3f.
        const at = 4 * (i * classes + label);
        target[at + 2] = 0x80;
        target[at + 3] = 0x3f;
      }
    },
  };
};

const outOfRange = (field: string, label: number, classes: number): ShoalError =>
  new ShoalError({
    code: 'SHOAL_DATA_LABEL',
    operation: `one-hot encode the field "${field}"`,
    got: `label ${label}`,
    expected: `labels from 0 to ${classes - 1}`,
    hint: "Correct the labels, or the model's number of outputs.",
  });
