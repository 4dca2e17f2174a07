// worker-machine.ts: a worker as a pure function of events. No socket, no floats.
import type { WorkerConfig, WorkerEvent, WorkerResult, WorkerState } from './worker-types.ts';

export declare function startWorker(): WorkerState;
export declare function handleWorker(config: WorkerConfig, state: WorkerState, event: WorkerEvent): WorkerResult;
