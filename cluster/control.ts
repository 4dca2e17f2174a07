// control.ts: control messages as JSON, checked when they come in. Not bulk: values have frames of their own (bulk.ts).
import { z } from 'zod';
import { check, strict } from '../base/check.ts';
import { ShoalError } from '../base/errors.ts';
import { CONTROL_BYTES } from './frame.ts';
import type { Message } from './messages.ts';
import { brief, wireError } from './wire-error.ts';

const OPERATION = 'read a control message';
const HINT = 'Do both ends run the same version of Shoal?';
/** Objects in objects: deeper ones exhaust the stack of whoever walks them. */
const DEEPEST = 64;

const u32 = z.int().min(0).max(0xffff_ffff);
const count = z.int().min(0);
const text = z.string().min(1).max(256);
const address = z.string().min(1).max(2048);
const range = strict({ from: u32, to: u32 }).refine(({ from, to }) => from <= to, 'from <= to');
const node = strict({ level: z.int().min(0).max(31), index: u32 });
const peer = strict({ role: z.enum(['worker', 'server']), name: text, incarnation: text });
const profile = strict({ arithmetic: z.enum(['strict', 'fused', 'reference', 'tfjs']), kernels: text });
const server = strict({ name: text, url: address, range });
const servers = z.array(server).max(4096);
const kind = z.enum(['gradient', 'evaluate']);
const work = strict({ kind, step: u32, epoch: u32, node, version: u32, shares: z.array(count).max(2 ** 16) });
const workName = strict({ kind, epoch: u32, step: u32, version: u32 });
/** JSON has no word for these, and a loss may well be one. */
const ODD = { NaN: Number.NaN, Infinity: Number.POSITIVE_INFINITY, '-Infinity': Number.NEGATIVE_INFINITY, '-0': -0 };
const odd = z.enum(['NaN', 'Infinity', '-Infinity', '-0']).transform((name) => ODD[name]);
const float = z.union([z.number(), odd]);
const numbers = z.array(float).max(4096);
/** A few for each tensor. */
const votes = z.array(float).max(2 ** 16);
const code = z.custom<`SHOAL_${string}`>((it) => typeof it === 'string' && /^SHOAL_[A-Z0-9_]{1,64}$/.test(it));
const words = z.string().max(16_384);
const problem = strict({ code, operation: words, got: words, expected: words, hint: words });

const schemas = {
  hello: strict({ type: z.literal('hello'), peer, profile, url: address.nullable(), pair: u32 }),
  ready: strict({
    type: z.literal('ready'),
    term: u32,
    dataset: text,
    decoder: text.optional(),
    reference: text,
    sketch: numbers,
    unit: count,
  }),
  holding: strict({ type: z.literal('holding'), term: u32, version: u32 }),
  done: strict({ type: z.literal('done'), term: u32, lease: u32, work: workName, node, totals: numbers }),
  applied: strict({ type: z.literal('applied'), term: u32, version: u32 }),
  vote: strict({ type: z.literal('vote'), term: u32, version: u32, round: count, sums: votes }),
  flawed: strict({ type: z.literal('flawed'), term: u32, step: u32, node, worker: text }),
  welcome: strict({
    type: z.literal('welcome'),
    term: u32,
    job: z.unknown(),
    servers,
    range: range.nullable(),
    version: u32,
  }),
  fence: strict({ type: z.literal('fence'), term: u32, servers, version: u32 }),
  lease: strict({ type: z.literal('lease'), term: u32, lease: u32, work }),
  load: strict({ type: z.literal('load'), term: u32, version: u32 }),
  apply: strict({
    type: z.literal('apply'),
    term: u32,
    version: u32,
    epoch: u32,
    leaves: count,
    nodes: z.array(node).max(2 ** 16),
    scalars: numbers,
    rounds: z.int().min(0).max(16),
    votes: z.array(votes).max(16),
  }),
  dump: strict({ type: z.literal('dump'), term: u32, version: u32 }),
  refuse: strict({ type: z.literal('refuse'), problem }),
  bye: strict({ type: z.literal('bye'), reason: words }),
  attach: strict({ type: z.literal('attach'), peer, term: u32, pair: u32 }),
  ack: strict({ type: z.literal('ack'), term: u32, step: u32, node }),
  report: strict({
    type: z.literal('report'),
    read: count,
    written: count,
    memory: count,
    refused: count,
    fed: strict({ wall: count, waited: count, read: count, augment: count }).optional(),
  }),
  ping: strict({ type: z.literal('ping'), sent: z.number() }),
  pong: strict({ type: z.literal('pong'), sent: z.number() }),
} satisfies { [Type in Message['type']]: z.ZodType<Extract<Message, { type: Type }>> };

/** The term that a message carries; 0 for those that stand outside of any. */
export const termOf = (message: Message): number => ('term' in message ? message.term : 0);

/**
 * The payload of a message.
 * @throws SHOAL_WIRE_SIZE when it is beyond 1 MiB
 */
export function controlPayload(message: Message): Uint8Array {
  const named = (value: number): number | string =>
    Number.isFinite(value) && !Object.is(value, -0) ? value : Object.is(value, -0) ? '-0' : String(value);
  let plain: object = message;
  if (message.type === 'done') plain = { ...message, totals: message.totals.map(named) };
  if (message.type === 'vote') plain = { ...message, sums: message.sums.map(named) };
  if (message.type === 'apply')
    plain = { ...message, scalars: message.scalars.map(named), votes: message.votes.map((sums) => sums.map(named)) };
  const bytes = new TextEncoder().encode(JSON.stringify(plain));
  if (bytes.length <= CONTROL_BYTES) return bytes;
  throw wireError(
    'SHOAL_WIRE_SIZE',
    `send the message ${message.type}`,
    `${bytes.length} bytes`,
    `at most ${CONTROL_BYTES}`,
    message.type === 'welcome' ? 'Keep data and weights out of the job file.' : 'Please report this with the job file.',
  );
}

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/**
 * Reads the payload of a message of that type and term.
 * @throws SHOAL_WIRE_CONTENT; nothing else, whatever the bytes are
 */
export function readControl(type: Message['type'], term: number, payload: Uint8Array): Message {
  try {
    const value: unknown = JSON.parse(decoder.decode(payload));
    checkTree(value, 0);
    const message = check<Message>(schemas[type], value, {
      code: 'SHOAL_WIRE_CONTENT',
      operation: OPERATION,
      hint: HINT,
    });
    if (termOf(message) !== term) throw bad(`term ${termOf(message)}`, `the header's ${term}`);
    return message;
  } catch (error) {
    // What a peer made up may be as long as its message.
    if (error instanceof ShoalError) throw bad(brief(error.got), brief(error.expected));
    throw bad(brief(String(error)), 'JSON in UTF-8');
  }
}

/** What schemas do not see: depth, and numbers that JSON can read and not write (where they may be, they are words: ODD). */
function checkTree(value: unknown, depth: number): void {
  if (depth > DEEPEST) throw bad(`values more than ${DEEPEST} levels deep`, 'fewer');
  if (typeof value === 'number' && (Object.is(value, -0) || !Number.isFinite(value)))
    throw bad('-0 or Infinity as a number', 'others, or their names');
  if (typeof value !== 'object' || value === null) return;
  for (const item of Object.values(value)) checkTree(item, depth + 1);
}

const bad = (got: string, expected: string): ShoalError =>
  wireError('SHOAL_WIRE_CONTENT', OPERATION, got, expected, HINT);
