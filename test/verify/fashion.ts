// fashion.ts: `node test/verify/fashion.ts [NAME]`: ResNet-18 and ViT-tiny learn Fashion-MNIST (Debian's dataset-fashion-mnist) as their
// examples say, to stated held-out accuracies. Hours on two cores; not part of `npm test`.
import { existsSync } from 'node:fs';
import { reach } from './reach.ts';

const folder = '/usr/share/datasets/fashion-mnist';
if (!existsSync(folder)) {
  console.log(`no ${folder}: apt-get install dataset-fashion-mnist`);
  process.exit(1);
}
await reach({ 'vit-tiny': { least: 0.87 }, resnet18: { least: 0.92 } }, process.argv[2]);
