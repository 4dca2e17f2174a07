// move.ts: copies (A, B, L) elements of each image between any strides: slices, permutations, repetitions. No arithmetic.
import { copyFloats } from "./columns";
import { move as args } from "./generated/arguments";

export function move(d: usize, b: usize, from: i32, to: i32): void {
  const A = args.A(d), B = args.B(d), L = args.L(d), xL = <usize>args.xL(d) << 2, yL = <usize>args.yL(d) << 2;
  const xA = <usize>args.xA(d) << 2, xB = <usize>args.xB(d) << 2, yA = <usize>args.yA(d) << 2, yB = <usize>args.yB(d) << 2;
  for (let image = from; image < to; image++) {
    const x = args.x(d, b) + (<usize>(image * args.xImage(d)) << 2), y = args.y(d, b) + (<usize>(image * args.yImage(d)) << 2);
    for (let i: usize = 0; i < <usize>A; i++) {
      let p = x + i * xA, q = y + i * yA;
      for (let j = 0; j < B; j++) {
        if (xL == 4 && yL == 4) copyFloats(p, q, L);
        else for (let l: usize = 0; l < <usize>L; l++) store<f32>(q + l * yL, load<f32>(p + l * xL));
        p += xB;
        q += yB;
      }
    }
  }
}
