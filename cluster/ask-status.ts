// ask-status.ts: asks a run's coordinator how it fares, over HTTP with the run's token. It asks once.
import { check } from '../base/check.ts';
import type { ShoalError } from '../base/errors.ts';
import { addressOf, refuseInsecure } from './address.ts';
import type { Reach } from './dial.ts';
import { type Answer, httpGet, httpUrl } from './http-get.ts';
import { type Status, statusSchema } from './status.ts';
import { type WireCode, wireError } from './wire-error.ts';

/** Some 300 bytes for each of thousands of workers. */
const MOST_BYTES = 8 * 2 ** 20;

export interface AskOptions extends Reach {
  /** The coordinator's: ws: or wss:. */
  readonly url: string;
  /** Without a byte for so long, it fails. Default: http-get.ts. */
  readonly idleMs?: number;
}

/** @throws SHOAL_WIRE_CONNECT when nothing answers there, SHOAL_WIRE_TOKEN, _PATH, _INSECURE, and _CONTENT for an answer that is none */
export async function askStatus(options: AskOptions): Promise<Status> {
  const url = addressOf(options.url);
  const operation = `ask ${url.origin} how the run fares`;
  refuseInsecure(operation, url.hostname, url.protocol === 'wss:' || options.insecure === true);
  const failure = (code: WireCode, got: string, expected: string, hint: string, cause?: unknown): ShoalError =>
    wireError(code, operation, got, expected, hint, cause);

  const { idleMs } = options;
  let answer: Answer;
  try {
    answer = await httpGet(options, httpUrl(url.origin, '/status'), {
      most: MOST_BYTES,
      ...(idleMs !== undefined && { idleMs }),
    });
  } catch (cause) {
    const got = cause instanceof Error ? cause.message || String((cause as { code?: unknown }).code) : String(cause);
    const hint = 'Nobody listens there when a run has ended, or its coordinator was lost. Is it ws or wss?';
    throw failure('SHOAL_WIRE_CONNECT', got, 'a coordinator that answers', hint, cause);
  }
  const got = `HTTP status ${answer.status}`;
  if (answer.status === 401)
    throw failure(
      'SHOAL_WIRE_TOKEN',
      got,
      "the run's token",
      'Give its folder, or SHOAL_TOKEN=$(cat runs/NAME/token).',
    );
  if (answer.status !== 200)
    throw failure('SHOAL_WIRE_PATH', got, 'a status', "Is it the coordinator's address, of the same version of Shoal?");
  const about = { code: 'SHOAL_WIRE_CONTENT', operation, hint: 'Do both ends run the same version of Shoal?' } as const;
  return check<Status>(statusSchema, parsed(answer.bytes), about);
}

function parsed(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    return null;
  }
}
