// f32.ts: values as they are.
import type { Encoding } from './kind.ts';

export const f32: Encoding = {
  flags: 0,
  bytes: 4,
  encode: (values) => new Uint8Array(values.buffer, values.byteOffset, values.byteLength),
  decode(bytes) {
    const aligned = (bytes.byteOffset & 3) === 0 ? bytes : new Uint8Array(bytes);
    return new Float32Array(aligned.buffer, aligned.byteOffset, aligned.byteLength / 4);
  },
};
