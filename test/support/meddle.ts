// meddle.ts: what a process says is changed on its way out, frame by frame, with sound checksums: some contributions and answers twice,
// some after what came later, some with NaN in them. Not the network: proxy.ts.
import { WebSocket } from 'ws';
import { draws, seedWords, unit } from '../../base/random.ts';
import { checksum } from '../../cluster/checksum.ts';
import { BULK_HEAD_BYTES, BULK_TYPES, CONTROL_TYPES, HEADER_BYTES, MAGIC } from '../../cluster/frame.ts';

export interface MeddlePlan {
  readonly seed: number;
  /** Share of the frames that are sent twice. */
  readonly twice?: number;
  /** Share of the frames that are sent after the next one. */
  readonly later?: number;
  /** The push of this number, counted from 1, has NaN in it. */
  readonly spoil?: number;
}

type Sent = (error?: Error) => void;
interface Frame {
  readonly pieces: readonly Buffer[];
  readonly sent: Sent | undefined;
}

/** What may come twice, and in another order. The rest of a conversation is a stream that TCP keeps in order. */
const TYPES = new Set<number>([
  BULK_TYPES.push,
  ...(['done', 'holding', 'applied', 'ack'] as const).map((it) => CONTROL_TYPES[it]),
]);
/** A frame that nothing follows is sent after so long. */
const LONGEST_MS = 20;

/** @param note told of each frame that was changed */
export function meddle({ seed, twice = 0, later = 0, spoil = 0 }: MeddlePlan, note: (what: string) => void): void {
  const random = draws(seedWords(seed), 0, 0, 0);
  let turn = 0;
  let pushes = 0;
  const chance = (share: number): boolean => unit(random(turn++)) < share;
  const states = new WeakMap<WebSocket, { seq: number; head: Buffer | null; held: Frame | null }>();
  const plain = WebSocket.prototype.send as (
    this: WebSocket,
    data: Buffer,
    options: { binary?: boolean; fin?: boolean },
    sent?: Sent,
  ) => void;

  function write(ws: WebSocket, { pieces, sent }: Frame): void {
    const state = states.get(ws)!;
    const [head, ...rest] = pieces.map((piece) => Buffer.from(piece)) as [Buffer, ...Buffer[]];
    head.writeUInt32LE(state.seq++ >>> 0, 16);
    head.writeUInt32LE(0, 28);
    head.writeUInt32LE(checksum([head, ...rest]), 28);
    const all = [head, ...rest];
    all.forEach((piece, i) => {
      const last = i === all.length - 1;
      plain.call(ws, piece, { binary: true, fin: last }, last ? sent : undefined);
    });
  }
  function release(ws: WebSocket): void {
    const state = states.get(ws)!;
    const { held } = state;
    state.held = null;
    if (held) write(ws, held);
  }

  function frame(ws: WebSocket, pieces: readonly Buffer[], sent: Sent | undefined): void {
    const state = states.get(ws)!;
    const type = pieces[0]![3]!;
    if (type === BULK_TYPES.push && ++pushes === spoil) {
      pieces[1]!.writeFloatLE(Number.NaN, 0);
      note('spoilt');
    }
    if (!TYPES.has(type)) {
      write(ws, { pieces, sent });
      release(ws);
      return;
    }
    if (state.held === null && chance(later)) {
      note('later');
      state.held = { pieces, sent };
      setTimeout(() => release(ws), LONGEST_MS);
      return;
    }
    write(ws, { pieces, sent });
    if (chance(twice)) {
      note('twice');
      write(ws, { pieces, sent: undefined });
    }
    release(ws);
  }

  WebSocket.prototype.send = function (this: WebSocket, data: Buffer, options: { fin?: boolean }, sent?: Sent) {
    const bytes = Buffer.from(data); // its own: it may be changed, and sent later
    const state = states.get(this) ?? { seq: 0, head: null, held: null };
    states.set(this, state);
    const { head } = state;
    if (head !== null) {
      state.head = null;
      frame(this, [head, bytes], sent);
    } else if (options.fin === false) {
      if (bytes.length !== HEADER_BYTES + BULK_HEAD_BYTES || bytes.readUInt16LE(0) !== MAGIC)
        throw new Error('no head');
      state.head = bytes;
    } else frame(this, [bytes], sent);
  } as typeof WebSocket.prototype.send;
}
