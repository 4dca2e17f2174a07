// arena.ts: a WebAssembly memory and offsets handed out in order. Nothing is freed: memory is given out at plan time, once.
import { ShoalError } from '../base/errors.ts';
import { READ_SLACK, type Views, viewsOf } from './abi.ts';

const PAGE = 65536;
/** What one WebAssembly memory can hold. */
export const MEMORY_LIMIT = 65536 * PAGE;
/** Every allocation starts at a cache line. */
export const ALIGNMENT = 64;

export const alignUp = (bytes: number, to = ALIGNMENT): number => Math.ceil(bytes / to) * to;

export interface Arena {
  readonly memory: WebAssembly.Memory;
  readonly bytes: number;
  readonly used: number;
  /** Address of `bytes` zeroed bytes at a multiple of 64, followed by READ_SLACK readable ones. */
  take(bytes: number): number;
  /** Views of the whole memory. */
  readonly views: Views;
}

/**
 * A shared memory of at least `bytes` bytes.
 * @throws SHOAL_MEMORY_TOO_LARGE beyond 4 GiB; SHOAL_MEMORY_UNAVAILABLE when the system refuses; SHOAL_MEMORY_EXHAUSTED from take()
 */
export function createArena(bytes: number): Arena {
  const pages = Math.max(1, Math.ceil((bytes + PAGE) / PAGE));
  if (pages * PAGE > MEMORY_LIMIT) {
    throw new ShoalError({
      code: 'SHOAL_MEMORY_TOO_LARGE',
      operation: 'allocate memory',
      got: `${bytes} bytes`,
      expected: `at most ${MEMORY_LIMIT} bytes, what one WebAssembly memory holds`,
      hint: 'Lower the batch, or use fewer threads.',
    });
  }
  const memory = allocate(pages);
  let top = ALIGNMENT * 16; // address 0 is never given out: it means "none"
  return {
    memory,
    bytes: pages * PAGE,
    get used() {
      return top;
    },
    take(size) {
      const at = top;
      const next = alignUp(at + size + READ_SLACK);
      if (next > pages * PAGE) throw exhausted(size, at, pages * PAGE - at);
      top = next;
      return at;
    },
    views: viewsOf(memory.buffer),
  };
}

/** A part of an arena whose content may be made anew. */
export interface Region {
  /** Gives all of it out again, zeroed: whoever held parts of it must be done with them. */
  fresh(): Arena;
}

/** Takes `bytes` bytes, which hold what takes as many from an arena. @throws SHOAL_MEMORY_EXHAUSTED */
export function takeRegion(arena: Arena, bytes: number): Region {
  const start = arena.take(bytes);
  let used = false;
  return {
    fresh() {
      let top = start;
      if (used) arena.views.u8.fill(0, start, start + bytes + READ_SLACK); // an arena's memory is zeros at first
      used = true;
      return {
        ...arena,
        get used() {
          return top;
        },
        take(size) {
          const at = top;
          const next = alignUp(at + size + READ_SLACK);
          if (next > alignUp(start + bytes + READ_SLACK)) throw exhausted(size, at, start + bytes - at);
          top = next;
          return at;
        },
      };
    },
  };
}

const exhausted = (size: number, at: number, left: number): ShoalError =>
  new ShoalError({
    code: 'SHOAL_MEMORY_EXHAUSTED',
    operation: 'take memory from an arena',
    got: `${size} bytes at ${at}`,
    expected: `at most ${left} bytes`,
    hint: 'The plan promised less than it takes: please report this.',
  });

function allocate(pages: number): WebAssembly.Memory {
  try {
    return new WebAssembly.Memory({ initial: pages, maximum: 65536, shared: true });
  } catch (cause) {
    throw new ShoalError(
      {
        code: 'SHOAL_MEMORY_UNAVAILABLE',
        operation: 'allocate memory',
        got: `no room for ${pages * PAGE} bytes`,
        expected: 'that much address space',
        hint: 'Lower the batch, close other programs, or lift `ulimit -v`.',
      },
      { cause },
    );
  }
}
