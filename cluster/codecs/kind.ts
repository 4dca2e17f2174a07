// kind.ts: how values stand in the frames of a bulk transfer. What a codec does to sums before they are added: trainer/codecs.

export interface Encoding {
  /** The header's flags. A number is never used again for something else. */
  readonly flags: number;
  /** Bytes of a value, on the wire. */
  readonly bytes: number;
  /** Gives back, after `decode`, the bits of every value that the job's codec leaves in a leaf's sums. It may give the values' own memory. */
  encode(values: Float32Array): Uint8Array;
  /** Of any bytes, as many values as there are whole ones; a view of them where it can. */
  decode(bytes: Uint8Array): Float32Array;
}
