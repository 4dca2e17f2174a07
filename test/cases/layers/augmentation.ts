// augmentation.ts: small models with layers that change images by chance. No expected results.
import type { LayerCase, Node } from '../layer.ts';

const conv = (filters: number): Node => ['Conv2D', { filters, kernel_size: 3, padding: 'same' }];
const case_ = (title: string, className: string, config: object): LayerCase => ({
  title,
  input: [6, 5, 2],
  layers: [conv(3), [className, config], conv(2)],
  shares: [3, 2],
});

export const randomFlipCases = ['horizontal', 'vertical', 'horizontal_and_vertical'].map((mode) =>
  case_(mode, 'RandomFlip', { mode }),
);
export const randomRotationCases = ['reflect', 'constant', 'nearest', 'wrap'].map((fill_mode) =>
  case_(fill_mode, 'RandomRotation', { factor: 0.3, fill_mode, fill_value: fill_mode === 'constant' ? 0.5 : 0 }),
);
export const randomZoomCases = [
  case_('both alike', 'RandomZoom', { height_factor: [-0.3, 0.6] }),
  case_('rows and columns', 'RandomZoom', { height_factor: 0.2, width_factor: [0.1, 0.5], fill_mode: 'constant' }),
];
export const randomTranslationCases = [
  case_('mirrored', 'RandomTranslation', { height_factor: 0.3, width_factor: [-0.2, 0.6] }),
  case_('from the other side', 'RandomTranslation', { height_factor: 0.4, width_factor: 0.4, fill_mode: 'wrap' }),
];
export const randomContrastCases = [
  case_('one factor', 'RandomContrast', { factor: 0.5, value_range: [-0.5, 0.75] }),
  case_('two factors', 'RandomContrast', { factor: [0, 0.9], value_range: [-9, 9] }),
];
export const randomBrightnessCases = [
  case_('clipped', 'RandomBrightness', { factor: 0.5, value_range: [-0.5, 0.75] }),
  case_('darker', 'RandomBrightness', { factor: [-0.25, 0], value_range: [-5, 5] }),
];
