// window.ts: where a sliding window of a convolution or a pool reads its image. It holds no arithmetic on values.

export type Pair = readonly [height: number, width: number];

/** One axis of a window over an image. */
export interface Axis {
  readonly size: number;
  readonly out: number;
  /** Position in the image that tap `tap` of output `at` reads, or -1 where that lies in the padding. */
  read(at: number, tap: number): number;
}

/**
 * Keras' and TensorFlow's rule: `valid` pads nothing; `same` gives ceil(size / stride) outputs, the odd pixel of padding
 * coming after the image. `causal` puts all of it before. Source: tf.nn, "Notes on padding"; Keras' Conv1D.
 */
export function axis(size: number, taps: number, stride: number, dilation: number, padding: string): Axis {
  const span = (taps - 1) * dilation + 1;
  const out = padding === 'valid' ? Math.floor((size - span) / stride) + 1 : Math.ceil(size / stride);
  const padded = padding === 'same' ? Math.max((out - 1) * stride + span - size, 0) : 0;
  const before = padding === 'causal' ? span - 1 : Math.floor(padded / 2);
  const read = (at: number, tap: number) => {
    const place = at * stride + tap * dilation - before;
    return place < size ? Math.max(place, -1) : -1;
  };
  return { size, out, read };
}
