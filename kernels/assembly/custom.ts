// custom.ts: hands a call to the host: layers that users write in TypeScript. No arithmetic.

// @ts-ignore: decorator
@external("env", "custom")
declare function host(d: usize, b: usize, from: i32, to: i32): void;

export function custom(d: usize, b: usize, from: i32, to: i32): void {
  host(d, b, from, to);
}
