// f16.ts: values that are halves already, in two bytes each, little endian (IEEE 754, binary16). The rounding: kernels, round_f16.
import type { Encoding } from './kind.ts';

let table: Float32Array | undefined;
/** The float of each half, made when first asked for: few runs are. One NaN, as the kernel makes it. */
const floatsOf = (): Float32Array =>
  (table ??= Float32Array.from({ length: 2 ** 16 }, (_, bits) => {
    const [sign, exponent, fraction] = [bits >> 15 ? -1 : 1, (bits >> 10) & 31, bits & 1023];
    if (exponent === 31) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
    return sign * (exponent === 0 ? fraction * 2 ** -24 : (1024 + fraction) * 2 ** (exponent - 25));
  }));

export const f16: Encoding = {
  flags: 1,
  bytes: 2,
  encode(values) {
    const words = new Uint32Array(values.buffer, values.byteOffset, values.length);
    const halves = new Uint16Array(words.length);
    for (let i = 0; i < words.length; i++) {
      const word = words[i]!;
      const exponent = (word >>> 23) & 255;
      const sign = (word >>> 16) & 0x8000;
      if (exponent === 255) halves[i] = (word & 0x7f_ffff) === 0 ? sign | 0x7c00 : 0x7e00;
      else if (exponent >= 113) halves[i] = sign | (((word & 0x7fff_ffff) - 0x3800_0000) >>> 13);
      // below 2^-14: a multiple of 2^-24; below that only zero
      else halves[i] = sign | (exponent < 103 ? 0 : (0x80_0000 | (word & 0x7f_ffff)) >>> (126 - exponent));
    }
    return new Uint8Array(halves.buffer);
  },
  decode(bytes) {
    const aligned = (bytes.byteOffset & 1) === 0 ? bytes : new Uint8Array(bytes);
    const halves = new Uint16Array(aligned.buffer, aligned.byteOffset, aligned.byteLength >> 1);
    const floats = floatsOf();
    const values = new Float32Array(halves.length);
    for (let i = 0; i < halves.length; i++) values[i] = floats[halves[i]!]!;
    return values;
  },
};
