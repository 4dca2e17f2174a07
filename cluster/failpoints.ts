// failpoints.ts: places where a process can be made to die at once, as by kill -9: before and after each action of its machine, and
// where it is called by name. Tests arm one through the environment; unarmed, as everywhere else, it costs a comparison.

/** What an action is called: its kind, and the type of what it sends or logs. */
interface Named {
  readonly kind: string;
  readonly message?: { readonly type: string };
  readonly record?: { readonly record: string };
}

/** SHOAL_FAILPOINT="before log commit@3" dies there the third time. */
const [armed = '', times = '1'] = (process.env['SHOAL_FAILPOINT'] ?? '').split('@');
let left = Number(times);

/** Whether this process is to die somewhere. */
export const isArmed = armed !== '';

export function failpoint(name: string): void {
  if (isArmed && name === armed && --left === 0) process.kill(process.pid, 'SIGKILL');
}

export const nameOf = ({ kind, message, record }: Named): string =>
  [kind, message?.type, record?.record].filter((it) => it !== undefined).join(' ');
