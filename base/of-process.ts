// of-process.ts: values that a process has once, however many copies of this code it runs: a command and the module of a user that it
// imports may each load their own, as `npx shoal` loads dist/ and examples/own-layer the sources. Threads each have theirs.

/** The value of that name, made by whoever asks first. */
export function ofProcess<T>(name: string, make: () => T): T {
  const values = globalThis as { [name: symbol]: unknown };
  const key = Symbol.for(`shoal: ${name}`);
  values[key] ??= make();
  return values[key] as T;
}
