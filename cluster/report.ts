// report.ts: what workers and servers tell of how they fare, as a message. No decision is made by it.

/** Of a worker, that read ahead. */
export const DATA_THREADS = 1;

/** How a worker is fed, in whole milliseconds since its first batch: trainer/feed.ts says what they are. */
export interface Fed {
  readonly wall: number;
  readonly waited: number;
  /** Its data thread's work, by stage. */
  readonly read: number;
  readonly augment: number;
}

/** How a worker or server fares, about once a second: for the table of workers, never for a decision. */
export interface Report {
  readonly type: 'report';
  /** Bytes of all its sockets, since it began. */
  readonly read: number;
  readonly written: number;
  /** Resident bytes of its process. */
  readonly memory: number;
  /** Frames that it turned away. */
  readonly refused: number;
  /** Of a worker that has data. */
  readonly fed?: Fed | undefined;
}
