// model-checkpoint.ts: says which epoch's model is the best one, which model/best of the run's folder holds (best.ts). Keras' ModelCheckpoint
// with save_best_only, without its file name. It decides nothing.
import { callback, watching } from './kind.ts';

export const modelCheckpoint = callback({ config: { ...watching } });
