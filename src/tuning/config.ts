import { defineSection } from '../config/section.ts';

/** `spot tune`, and when a saving is worth telling. */
export const tuningSection = defineSection({
  name: 'TUNING',
  about: 'How an application is tuned run after run (`spot tune`); the options of `spot tune start` win.',
  keys: {
    tolerance: {
      type: 'number',
      default: '0.1',
      min: 0,
      max: 10,
      about:
        'How much slower than the start a round may be, as a share. Less is safer and learns less: with 0 only steps that are nearly sure to be quicker are tried.',
    },
    max_rounds: { type: 'integer', default: '8', min: 1, about: 'A session ends after so many rounds.' },
    least_gain: {
      type: 'number',
      default: '0.03',
      min: 0,
      max: 1,
      about: 'A session ends when no candidate is expected to save this share of the best known.',
    },
    tell_saving: {
      type: 'number',
      default: '0.25',
      min: 0,
      max: 1,
      about:
        'Whom [ALERTS] names (kind suggestion) is told of a suggestion that surely saves this share of the time or the cost of an application as it runs now, and does not raise the other by more than the tolerance. 0 never tells.',
    },
    tell_confidence: {
      type: 'number',
      default: '0.9',
      min: 0.51,
      max: 0.99,
      about: 'How sure that saving must be.',
    },
  },
});
