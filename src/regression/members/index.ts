import type { Seat } from '../ensemble.ts';
import type { LawPrior } from '../scaling-law.ts';
import { aroundLaw } from './around-law.ts';
import { boosting } from './boosting.ts';
import { ernest } from './ernest.ts';
import { logLinear, plainGp } from './log-linear.ts';

/** All members, with the weights they have before any error is known. */
export function seatsWith(learned: LawPrior): Seat[] {
  return [
    { member: aroundLaw(learned), share: 0.7, shareBeyond: 0.87 },
    { member: logLinear, share: 0.1, shareBeyond: 0.05 },
    { member: ernest, share: 0.1, shareBeyond: 0.06 },
    { member: plainGp, share: 0.08, shareBeyond: 0.02 },
    { member: boosting, share: 0.02, shareBeyond: 0 },
  ];
}
