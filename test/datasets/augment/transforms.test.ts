// transforms.test.ts: every transform of training images through its suite.
import { type AugmentCase, augmentSuite } from '../../cases/augment.ts';

const cases: readonly AugmentCase[] = [
  { json: { class_name: 'RandomResizedCrop', config: { size: 16 } }, sha256: 'ff84c9e92aa673ca' },
  {
    json: { class_name: 'RandomResizedCrop', config: { size: [9, 30], interpolation: 'bicubic' } },
    sha256: '15624192a9d2b5f9',
  },
  {
    json: { class_name: 'RandomResizedCrop', config: { size: 16, scale: [0.9, 1], ratio: [3, 4] } },
    sha256: 'f5bc53459a171e25',
    fixed: true,
  },
  { json: { class_name: 'RandomHorizontalFlip' }, sha256: 'b7b4a969264447f2' },
  { json: { class_name: 'RandomVerticalFlip', config: { p: 0.3 } }, sha256: 'f97d569e0023cd11' },
  { json: { class_name: 'RandomCrop', config: { size: 20, padding: 4 } }, sha256: 'daad5dd2382d3925' },
  {
    json: { class_name: 'RandomCrop', config: { size: [20, 24], padding: [3, 2], padding_mode: 'reflect' } },
    sha256: 'a59ef81cf17e572b',
  },
  { json: { class_name: 'CenterCrop', config: { size: [15, 18] } }, sha256: '5c15f3bba73b7278', fixed: true },
  { json: { class_name: 'Resize', config: { size: [31, 11] } }, sha256: 'ff40b585ee11469e', fixed: true },
  { json: { class_name: 'RandomRotation', config: { degrees: 40, fill: [9, 200, 30] } }, sha256: '0c3e6d3959b56aeb' },
  {
    json: {
      class_name: 'RandomAffine',
      config: {
        degrees: 15,
        translate: [0.1, 0.2],
        scale: [0.8, 1.2],
        shear: [-10, 10, 0, 5],
        interpolation: 'bilinear',
      },
    },
    sha256: 'be17e6a5792dba71',
  },
  {
    json: { class_name: 'ColorJitter', config: { brightness: 0.4, contrast: 0.4, saturation: 0.4, hue: 0.1 } },
    sha256: '8a028a6ccf97fecb',
  },
  { json: { class_name: 'RandomGrayscale', config: { p: 0.5 } }, sha256: '7a86dd9d1902fade' },
  { json: { class_name: 'GaussianBlur', config: { kernel_size: [5, 9] } }, sha256: '64a623f0cb77cabe' },
  { json: { class_name: 'RandomErasing' }, sha256: '571a62080e2a8f61' },
  { json: { class_name: 'RandomErasing', config: { p: 1, value: 'random' } }, sha256: 'ac55bb3c75b9a627' },
  { json: { class_name: 'RandAugment' }, sha256: 'dc8d30286666b249' },
  { json: { class_name: 'AutoAugment' }, sha256: '6fa2128b9bb9b8ae' },
  { json: { class_name: 'AutoAugment', config: { policy: 'cifar10' } }, sha256: '55635b4d66cc9209' },
  { json: { class_name: 'TrivialAugmentWide', config: { interpolation: 'bilinear' } }, sha256: '2664e94d1a97b6c6' },
  { json: { class_name: 'AugMix' }, sha256: '21022d0d392621e0' },
];

augmentSuite(cases);
