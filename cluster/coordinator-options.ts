// coordinator-options.ts: what a coordinator is started with. What it makes of it: coordinator-setup.ts, coordinator-process.ts.
import type { ShoalError } from '../base/errors.ts';
import type { Dataset } from '../datasets/reader.ts';
import type { RunEvent } from '../trainer/events.ts';
import type { Job } from '../trainer/job.ts';
import type { RunCheckpoint } from '../trainer/run-folder.ts';
import type { Reach } from './dial.ts';
import type { ListenerTls } from './transport.ts';

export interface CoordinatorOptions extends Pick<Reach, 'token' | 'insecure' | 'limits'> {
  readonly job: Job;
  readonly dataset: Dataset;
  /** The run's folder. */
  readonly path: string;
  /** Its newest checkpoint, where there is one. */
  readonly from: RunCheckpoint | null;
  /** Who writes checkpoints: "shoal 0.1.0". */
  readonly tool: string;
  readonly workers: { readonly min: number; readonly max: number };
  /** Workers that it waits for before its first step; afterwards `workers.min` are enough. Default: that. */
  readonly startWith?: number;
  readonly servers: number;
  /** Default: a free port of 127.0.0.1. */
  readonly host?: string;
  readonly port?: number;
  readonly tls?: ListenerTls;
  /** A lease is late after this at the earliest. Default 5,000. */
  readonly leaseFloorMs?: number;
  /** Aborted: finish the step, save, end with the reason "interrupted". */
  readonly signal?: AbortSignal;
  readonly onEvent?: (event: RunEvent) => void;
  readonly onListening?: (url: string) => void;
  /** Somebody without a token, or with wrong frames, was turned away. */
  readonly onTurnedAway?: (reason: ShoalError, address: string) => void;
}
