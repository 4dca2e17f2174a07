// limits.ts: what a peer may make us hold, and for how long, at every stage. Not the enforcing: listener.ts, connection.ts.

export interface WireLimits {
  /** TCP connections of a listener in all, let in or not yet. */
  readonly connections: number;
  /** Of one address. */
  readonly perAddress: number;
  /** Bytes a peer may send until its first message has been accepted. */
  readonly firstBytes: number;
  /** Bytes of bulk frames on their way out of one connection: further ones wait. */
  readonly windowBytes: number;
  /** Bytes on their way out, control messages included, at which a peer that does not read is dropped. */
  readonly outstandingBytes: number;
  /** From the TCP connection to the end of the HTTP headers (and of the TLS handshake before them); also of connecting. */
  readonly handshakeMs: number;
  /** From the upgrade to the first message. */
  readonly firstMs: number;
  /** Between pings. */
  readonly pingMs: number;
  /** A peer from which no byte comes for so long is dead. */
  readonly silenceMs: number;
  /** A frame must be complete in so long. */
  readonly frameMs: number;
  /** What was sent must have moved on in so long. */
  readonly stallMs: number;
  /** A closing handshake may take so long. */
  readonly closeMs: number;
}

export const WIRE_LIMITS: WireLimits = {
  connections: 2048,
  perAddress: 1024,
  firstBytes: 2 ** 16,
  windowBytes: 16 * 2 ** 20,
  outstandingBytes: 64 * 2 ** 20,
  handshakeMs: 10_000,
  firstMs: 10_000,
  pingMs: 5_000,
  silenceMs: 20_000,
  frameMs: 60_000,
  stallMs: 60_000,
  closeMs: 2_000,
};

/** What `ws` is told at both ends: pieces of one frame that it may hold. Our own ends send one or two fragments. */
export const MAX_FRAGMENTS = 8;
/** Chunks of one frame as they come from the socket: 4 MiB in TCP segments of 256 bytes. */
export const MAX_CHUNKS = 2 ** 14;
