// window.ts: the credit window of one connection: how many bytes may be on their way out before the next waits. Not the socket.
import type { ShoalError } from '../base/errors.ts';

/** One thing to send, when there is room. */
interface Waiting {
  readonly bytes: number;
  readonly priority: number;
  readonly go: () => void;
  readonly drop: (error: ShoalError) => void;
}

/** Counts bytes from sending to the callback that says the system has taken them. */
export class CreditWindow {
  /** Sent, and not yet taken by the system. */
  outstanding = 0;
  readonly #limit: number;
  #waiting: Waiting[] = [];

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Runs `go` once there is room: the lowest priority first, in order among equals. What exceeds the limit goes alone. */
  when(next: Waiting): void {
    const after = this.#waiting.findIndex((other) => other.priority > next.priority);
    this.#waiting.splice(after < 0 ? this.#waiting.length : after, 0, next);
    this.#admit();
  }

  spend(bytes: number): void {
    this.outstanding += bytes;
  }

  restore(bytes: number): void {
    this.outstanding -= bytes;
    this.#admit();
  }

  /** Drops what waits. */
  clear(error: ShoalError): void {
    const dropped = this.#waiting;
    this.#waiting = [];
    for (const { drop } of dropped) drop(error);
  }

  #admit(): void {
    for (let next = this.#waiting[0]; next !== undefined; next = this.#waiting[0]) {
      if (this.outstanding > 0 && this.outstanding + next.bytes > this.#limit) return;
      this.#waiting.shift();
      next.go(); // spends
    }
  }
}
