// frozen.ts: weights that no step changes, over HTTP: what a worker cannot make from the job's seed, where a run began with a file or
// another run. Both ends. All other weights come from servers.
import { createHash } from 'node:crypto';
import { z } from 'zod';
import { check } from '../base/check.ts';
import { ShoalError } from '../base/errors.ts';
import { lengthOf } from '../trainer/contribution.ts';
import type { Segment } from '../trainer/model.ts';
import { CHUNK, fetchBytes, type RemoteData, sendRange } from './remote-data.ts';
import type { RouteHandler } from './transport.ts';

const manifestSchema = z.object({ bytes: z.int().nonnegative(), sha256: z.string().regex(/^[0-9a-f]{64}$/) });
const hashOf = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');
const frozenOf = (segments: readonly Segment[]): readonly Segment[] => segments.filter((segment) => segment.frozen);

/** Serves GET /frozen (bytes and hash, as JSON) and GET /frozen/values with a Range. @param weights of the whole model, compact */
export function frozenRoute(segments: readonly Segment[], weights: Float32Array): RouteHandler {
  const frozen = frozenOf(segments);
  const values = new Float32Array(frozen.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const { flat, length } of frozen) {
    values.set(weights.subarray(flat, flat + length), at);
    at += length;
  }
  const bytes = new Uint8Array(values.buffer);
  const manifest = JSON.stringify({ bytes: bytes.length, sha256: hashOf(bytes) });
  return (request, response) => {
    if (request.url?.split('?', 1)[0] === '/frozen/values') {
      sendRange(request, response, bytes.length, (from, to) => bytes.subarray(from, to));
      return;
    }
    response.writeHead(200, { 'content-type': 'application/json' });
    response.end(manifest);
  };
}

/**
 * All weights of a model, compact: the frozen ones as the run has them, all others as given.
 * @throws SHOAL_DATA_FETCH when they do not come, SHOAL_DATA_HASH when other bytes come than were promised
 */
export async function withFrozen(
  remote: RemoteData,
  segments: readonly Segment[],
  weights: Float32Array,
): Promise<Float32Array> {
  const frozen = frozenOf(segments);
  if (frozen.length === 0) return weights;
  const text = new TextDecoder().decode(await fetchBytes(remote, '/frozen', 4096));
  const { bytes: length, sha256 } = check(manifestSchema, JSON.parse(text), {
    code: 'SHOAL_DATA_FETCH',
    operation: `read what frozen weights ${remote.url} has`,
    hint: 'Do both ends run the same version of Shoal?',
  });
  const values = new Float32Array(frozen.reduce((sum, one) => sum + one.length, 0));
  const bytes = new Uint8Array(values.buffer);
  if (length === bytes.length)
    for (let at = 0; at < length; at += CHUNK)
      bytes.set(await fetchBytes(remote, '/frozen/values', Math.min(CHUNK, length - at), at), at);
  if (hashOf(bytes) !== sha256) throw otherBytes(remote.url, hashOf(bytes), sha256);
  const all = new Float32Array(lengthOf(segments));
  all.set(weights);
  let at = 0;
  for (const segment of frozen) {
    all.set(values.subarray(at, at + segment.length), segment.flat);
    at += segment.length;
  }
  return all;
}

const otherBytes = (url: string, got: string, expected: string): ShoalError =>
  new ShoalError({
    code: 'SHOAL_DATA_HASH',
    operation: `fetch the frozen weights from ${url}`,
    got: `bytes with the hash ${got}`,
    expected,
    hint: 'Try again.',
  });
