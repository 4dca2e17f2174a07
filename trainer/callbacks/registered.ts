// registered.ts: the callbacks that users have written and registered, by class name, and what such a callback is. Not when they are called
// (run-recorder.ts).
import { ofProcess } from '../../base/of-process.ts';
import type { RunEvent } from '../events.ts';
import type { CustomConfig } from '../layers/custom-layer.ts';

/** It is told what a run tells, in the process that keeps the run's folder. It decides nothing. */
export interface CustomCallback {
  /** import.meta.url of the module that registers it. */
  readonly module: string;
  readonly className: string;
  /** Its options with their defaults: numbers, strings, booleans, or any JSON. Default: none. */
  readonly config?: CustomConfig;
  /** In order; the run does not wait. What it throws is told as a problem, and the run goes on. */
  onEvent(event: RunEvent, config: CustomConfig): void | Promise<void>;
}

export const registeredCallbacks = ofProcess('callbacks', () => new Map<string, CustomCallback>());
