// wire-error.ts: the one shape of a refusal on the wire. Not the refusals: each stands where it is found.
import { type Problem, ShoalError } from '../base/errors.ts';

/** What was refused on the wire, and how it is named in logs and metrics. Documented in docs/errors.md. */
export type WireCode =
  | 'SHOAL_WIRE_FRAME' // not a frame of ours, or one that contradicts itself
  | 'SHOAL_WIRE_VERSION' // a frame of another protocol version
  | 'SHOAL_WIRE_SIZE' // larger than the limit of its kind, or cut short
  | 'SHOAL_WIRE_CHECKSUM' // changed on its way
  | 'SHOAL_WIRE_CONTENT' // a sound frame with a message that is none
  | 'SHOAL_WIRE_SEQUENCE' // frames lost, doubled or reordered between two ends of one connection
  | 'SHOAL_WIRE_TOKEN' // not let in
  | 'SHOAL_WIRE_PATH' // nothing is served there
  | 'SHOAL_WIRE_LIMIT' // too many connections, or too many bytes outstanding
  | 'SHOAL_WIRE_TIMEOUT' // a deadline has passed: handshake, first message, silence, one frame, a reader that does not read
  | 'SHOAL_WIRE_CONNECT' // the other end cannot be reached or is not to be trusted
  | 'SHOAL_WIRE_CERTIFICATE' // a certificate or key that cannot be used
  | 'SHOAL_WIRE_CLOSED' // the connection is gone
  | 'SHOAL_WIRE_INSECURE'; // would carry the token in the clear beyond this machine

/** Text of a stranger as it may stand in an error and in a log: one line of printable ASCII, at most 300 characters. */
export function brief(text: string): string {
  const line = text.slice(0, 301).replace(/[^\x20-\x7e]/g, '?');
  return line.length > 300 ? `${line.slice(0, 297)}...` : line;
}

export function wireError(
  code: WireCode,
  operation: string,
  got: string,
  expected: string,
  hint: string,
  cause?: unknown,
): ShoalError {
  const problem: Problem = { code, operation, got, expected, hint };
  return new ShoalError(problem, cause === undefined ? undefined : { cause });
}
