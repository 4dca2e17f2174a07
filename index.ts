// index.ts: the library: what `import { train } from 'shoal'` gives. The command line is bin/shoal.ts.
export { type Problem, ShoalError } from './base/errors.ts';
export { type Arrays, readerFromArrays } from './datasets/from-arrays.ts';
export type { Dataset, Dtype, Field, Fields, Reader, ReaderShare, Sample } from './datasets/reader.ts';
export { type DatasetConfig, type DatasetOptions, openDataset } from './datasets/readers/index.ts';
export { registerCallback } from './trainer/callbacks/register.ts';
export type { CustomCallback } from './trainer/callbacks/registered.ts';
export { type EvaluateOptions, evaluateSnapshot } from './trainer/evaluate.ts';
export type {
  CheckpointEvent,
  DoneEvent,
  EpochEvent,
  Metrics,
  ProblemEvent,
  RunEvent,
  StartEvent,
  StepEventRecord,
  ThreadsEvent,
} from './trainer/events.ts';
export type { TfjsModel } from './trainer/import/tfjs.ts';
export { type Job, jobHash, jobToJson, parseJob } from './trainer/job.ts';
export type { CustomBackward, CustomForward, CustomLayer, CustomWeight } from './trainer/layers/custom-layer.ts';
export { importLayers } from './trainer/layers/import-layers.ts';
export { registerLayer } from './trainer/layers/register.ts';
export type { CustomLoss, CustomLossGradient, CustomLossSample } from './trainer/losses/custom-loss.ts';
export { registerLoss } from './trainer/losses/register.ts';
export type { Model } from './trainer/model.ts';
export { type Predictions, type PredictOptions, predictSnapshot } from './trainer/predict.ts';
export { openJobData, runSession, type SaveInfo, type SessionOptions, type SessionResult } from './trainer/session.ts';
export type { Snapshot } from './trainer/snapshot.ts';
export { type Named, type Samples, type Trained, type TrainOptions, train } from './trainer/train-model.ts';
