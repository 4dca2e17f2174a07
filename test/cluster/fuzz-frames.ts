// fuzz-frames.ts: `npm run fuzz:frames [-- COUNT SEED]`: 100,000 frames, half of them with right checksums. Not part of the suite.
import { fuzzFrames } from './support/fuzzer.ts';

const count = Number(process.argv[2] ?? 100_000);
const seed = Number(process.argv[3] ?? Date.now() % 2 ** 32);
console.log(`fuzz ${count} frames, seed ${seed}`);
console.log(fuzzFrames(count, seed));
