// tape.ts: a forward pass whose gradients are asked for later, so that its results can be waited for in between. tfjs does both in one go,
// which would need a device that can be read at once: WebGPU cannot.
import type { Tensor, Tf } from './tf.ts';

/** Private in tfjs, which is at its last version: what it calls around the forward pass whose gradients it gives. */
interface Taping {
  startTape(): void;
  endTape(): void;
}

export interface Taped {
  readonly outputs: readonly Tensor[];
  /** Given the gradient of each output: those of the tensors `of`; null for one that no output depends on. To be called once. */
  gradients(dOutputs: readonly Float32Array[], of: readonly Tensor[]): readonly (Tensor | null)[];
  /** Closes the tape, if gradients() has not. */
  close(): void;
}

/** Runs `forward`, and keeps what its gradients need until gradients() or close(). One at a time. */
export function tape(tf: Tf, forward: () => readonly Tensor[]): Taped {
  const engine = tf.engine();
  const taping = engine as unknown as Taping;
  let open = true;
  const close = (): void => {
    if (open) taping.endTape();
    open = false;
  };
  taping.startTape();
  let outputs: readonly Tensor[];
  try {
    outputs = tf.tidy(forward as () => Tensor[]);
  } catch (error) {
    close();
    throw error;
  }
  return {
    outputs,
    close,
    gradients(dOutputs, of) {
      /** A scalar whose gradients are those that were given. It is recorded inside of the tape, and what follows it is not. */
      const end = (): Tensor => {
        const scalar = tf.customGrad((...own) => ({
          value: tf.scalar(0),
          gradFunc: () => dOutputs.map((dY, i) => tf.tensor(dY, (own[i] as Tensor).shape)),
        }))(...outputs);
        close();
        return scalar;
      };
      return engine.gradients(end, [...of], undefined, true).grads as (Tensor | null)[];
    },
  };
}
