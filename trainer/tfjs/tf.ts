// tf.ts: the types of tfjs that lowerings speak of. Nothing is loaded here: backends.ts does that.
import type * as tfjs from '@tensorflow/tfjs';

export type { Scalar, Tensor, Tensor1D, Tensor2D, Tensor3D, Tensor4D } from '@tensorflow/tfjs';

/** All of tfjs, from whichever package. */
export type Tf = typeof tfjs;
