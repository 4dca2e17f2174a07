// protocol.ts: what the bench says to a peer and hears from it, one JSON object a line. protocol.py is its Python half.

/** The four example jobs, by the names of their files in examples/. */
export const PEER_JOBS = ['digits', 'conv-dense', 'simple-cnn', 'mlp'] as const;
export type PeerJob = (typeof PEER_JOBS)[number];

/** Said once by a peer, when it is ready to be asked. */
export interface PeerReady {
  readonly ready: true;
  readonly version: string;
}

/** Train this job for so many seconds. The first time, the peer first looks for its fastest way to train it. */
export interface PeerRequest {
  readonly name: PeerJob;
  readonly seconds: number;
}

export type PeerReply = Measurement | { readonly error: string };

export interface Measurement {
  readonly samples_per_second: number;
  /** Null: not a number, or infinite. */
  readonly loss: number | null;
  /** How this peer trains this job fastest. */
  readonly variant?: string;
}
