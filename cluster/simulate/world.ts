// world.ts: virtual time, processes that crash and freeze, and connections that delay, duplicate and break. Everything follows from
// one seed. It knows nothing of coordinators, servers and workers: their drivers do.
import { draws, seedWords } from '../../base/random.ts';

/** A seeded run that broke a promise. */
export class Violated extends Error {}

/** Thrown by a failpoint to end what its process was doing. */
export class Crashed extends Error {}

interface Scheduled {
  readonly at: number;
  readonly order: number;
  readonly run: () => void;
}

export class World {
  now = 0;
  readonly random: () => number;
  readonly stats = new Map<string, number>();
  readonly trace: string[] = [];
  readonly keepTrace: boolean;
  readonly #heap: Scheduled[] = [];
  #order = 0;
  links = 0;
  /** When a message that is sent now arrives, in place of latencies at random: a network of some bandwidth. */
  transit: ((from: Process, to: Process, message: unknown) => number) | null = null;
  /** Latency in ms: usually within the first, sometimes up to the second. */
  latency: readonly [number, number] = [1, 20];
  /** How often a message that may come twice does, and which those are. */
  duplicates = 0;
  repeats: (message: unknown) => boolean = () => false;
  connections = new Set<Connection>();
  /** A failpoint that is to crash whoever comes to it. */
  armed: { readonly point: string; nth: number } | null = null;
  onCrash: (process: Process) => void = () => {};

  constructor(seed: number, keepTrace: boolean) {
    const word = draws(seedWords(seed), 0, 7, 7);
    let index = 0;
    this.random = () => word(index++) / 2 ** 32;
    this.keepTrace = keepTrace;
  }

  below(limit: number): number {
    return Math.floor(this.random() * limit);
  }
  between(from: number, to: number): number {
    return from + this.random() * (to - from);
  }
  pick<T>(list: readonly T[]): T {
    return list[this.below(list.length)]!;
  }
  count(what: string): void {
    this.stats.set(what, (this.stats.get(what) ?? 0) + 1);
  }
  log(line: () => string): void {
    if (this.keepTrace) this.trace.push(`${this.now.toFixed(1).padStart(9)} ${line()}`);
  }

  at(time: number, run: () => void): void {
    const heap = this.#heap;
    const entry = { at: Math.max(time, this.now), order: this.#order++, run };
    let i = heap.push(entry) - 1;
    for (let up = (i - 1) >> 1; i > 0 && before(heap[i]!, heap[up]!); i = up, up = (i - 1) >> 1)
      [heap[i], heap[up]] = [heap[up]!, heap[i]!];
  }
  after(delay: number, run: () => void): void {
    this.at(this.now + delay, run);
  }

  /** Runs what comes next. @returns false when nothing is left */
  next(): boolean {
    const heap = this.#heap;
    const first = heap[0];
    if (!first) return false;
    const last = heap.pop()!;
    if (heap.length > 0) {
      heap[0] = last;
      for (let i = 0; ; ) {
        let least = i;
        for (const child of [2 * i + 1, 2 * i + 2])
          if (child < heap.length && before(heap[child]!, heap[least]!)) least = child;
        if (least === i) break;
        [heap[i], heap[least]] = [heap[least]!, heap[i]!];
        i = least;
      }
    }
    this.now = first.at;
    first.run();
    return true;
  }

  /** A named point that a process passes; it may be the one where it dies. */
  failpoint(process: Process, point: string): void {
    const { armed } = this;
    if (armed?.point !== point || --armed.nth > 0) return;
    this.armed = null;
    this.count(`failpoint ${point}`);
    process.crash(`at ${point}`);
    throw new Crashed(point);
  }
}

const before = (a: Scheduled, b: Scheduled): boolean => a.at < b.at || (a.at === b.at && a.order < b.order);

/** A process: what is scheduled for it dies with it, and waits while it is frozen. */
export class Process {
  readonly world: World;
  readonly name: string;
  alive = true;
  frozenUntil = 0;
  /** What its computing takes, times this. */
  slowness = 1;
  readonly connections = new Set<Connection>();
  readonly #waiting: (() => void)[] = [];

  constructor(world: World, name: string) {
    this.world = world;
    this.name = name;
  }

  /** Runs when this process gets to it, in order; never, if it is dead by then. */
  at(time: number, run: () => void): void {
    this.world.at(time, () => {
      if (this.#waiting.length === 0 && this.frozenUntil <= this.world.now) this.#run(run);
      else if (this.#waiting.push(run) === 1) this.#thaw();
    });
  }
  #thaw(): void {
    this.world.at(this.frozenUntil, () => {
      if (this.frozenUntil > this.world.now) this.#thaw();
      else for (const run of this.#waiting.splice(0)) this.#run(run);
    });
  }
  #run(run: () => void): void {
    if (!this.alive) return;
    try {
      run();
    } catch (error) {
      if (!(error instanceof Crashed)) throw error;
    }
  }
  after(delay: number, run: () => void): void {
    this.at(this.world.now + delay, run);
  }

  crash(why: string): void {
    if (!this.alive) return;
    this.world.log(() => `${this.name} dies ${why}`);
    this.end();
    this.world.onCrash(this);
  }
  /** It is gone, of its own will or not. */
  end(): void {
    this.alive = false;
    for (const connection of [...this.connections]) connection.reset();
  }
}

export interface End {
  readonly process: Process;
  /** Whether this side still thinks that the connection stands. */
  open: boolean;
  last: number;
  receive: (message: unknown) => void;
  closed: () => void;
}

/** A stream in both directions: in order, whole until it breaks; then what was under way may be lost. */
export class Connection {
  readonly id: number;
  readonly world: World;
  readonly ends: readonly [End, End];
  brokenAt = Number.POSITIVE_INFINITY;

  constructor(world: World, dialer: Process, listener: Process) {
    this.world = world;
    this.id = ++world.links;
    const end = (process: Process): End => ({ process, open: true, last: world.now, receive() {}, closed() {} });
    this.ends = [end(dialer), end(listener)];
    world.connections.add(this);
    for (const { process } of this.ends) process.connections.add(this);
  }

  /** From one side to the other. */
  send(from: 0 | 1, message: unknown): void {
    const { world } = this;
    const own = this.ends[from];
    const other = this.ends[1 - from]!;
    if (!own.open) return;
    const arrival = Math.max(
      other.last + 0.001,
      world.transit ? world.transit(own.process, other.process, message) : world.now + this.#delay(),
    );
    other.last = arrival;
    const deliver = (): void => {
      if (other.open && arrival < this.brokenAt) other.receive(message);
      else world.count('messages lost');
    };
    other.process.at(arrival, deliver);
    if (world.repeats(message) && world.random() < world.duplicates) {
      world.count('messages duplicated');
      other.process.at(arrival, deliver);
    }
  }

  #forget(): void {
    this.world.connections.delete(this);
    for (const { process } of this.ends) process.connections.delete(this);
  }

  #delay(): number {
    const { world } = this;
    const [usual, most] = world.latency;
    return world.random() < 0.9 ? world.between(0.1, usual) : world.between(0.1, most);
  }

  /** It breaks: each side learns it in its own time, one perhaps much later (half-open). */
  reset(): void {
    const { world } = this;
    if (this.brokenAt < Number.POSITIVE_INFINITY) return;
    this.brokenAt = world.now + (world.random() < 0.5 ? 0 : world.between(0, 5));
    const late = world.random() < 0.3 ? world.below(2) : -1;
    if (late >= 0) world.count('half-open connections');
    this.ends.forEach((end, i) => {
      end.process.at(this.brokenAt + world.between(0, 5) + (i === late ? world.between(50, 600) : 0), () => {
        if (!end.open) return;
        end.open = false;
        end.closed();
      });
    });
    this.#forget();
  }

  /** One side closes by itself: it hears nothing more, and is not told. */
  close(side: 0 | 1): void {
    this.ends[side].open = false;
    this.ends[side].closed = () => {};
    // what was sent before is still delivered
    const other = this.ends[1 - side]!;
    other.process.at(Math.max(other.last + 0.001, this.world.now + 1), () => {
      if (!other.open) return;
      other.open = false;
      other.closed();
    });
    this.#forget();
  }
}
