// engine.ts: what a launcher is: it starts the processes of a run where it can, and hears from them.
import type { DoneEvent, RunEvent } from '../../trainer/events.ts';

/** How many workers a run may have at once. */
export interface Allowed {
  readonly min: number;
  readonly max: number;
}

export interface LaunchOptions {
  /** What runs `shoal`: [node, bin/shoal.js]. */
  readonly command: readonly string[];
  /** The run's folder: made, with its job. */
  readonly run: string;
  /** That it starts. */
  readonly workers: number;
  /** Fewer than `min` wait for more; up to `max`, others may join. Default: 1 and `workers`. */
  readonly allowed?: Allowed;
  readonly servers: number;
  /** Of each worker; null: as many as its machine runs at once, shared by the workers there. */
  readonly threads: number | null;
  /** What workers compute with: a name of --executor. Default: what a worker takes without. */
  readonly executor?: string;
  readonly onEvent: (event: RunEvent) => void;
  /** Where the coordinator is reached; once. */
  readonly onListening?: (url: string) => void;
  /** A line of some process's stderr. */
  readonly onSaid?: (place: string, name: string, text: string) => void;
  /** Aborted: finish the step, save, end. */
  readonly signal?: AbortSignal;
}

/** A worker's option for that. */
export const executing = (executor: string | undefined): readonly string[] =>
  executor === undefined ? [] : ['--executor', executor];

export interface Engine<Options extends LaunchOptions = LaunchOptions> {
  readonly name: string;
  /** In one line, for --help. */
  readonly what: string;
  /**
   * Runs to the end.
   * @throws ShoalError of the run where it failed; SHOAL_PROCESS, SHOAL_LAUNCH_* where its processes could not be started or kept
   */
  launch(options: Options): Promise<DoneEvent>;
}
