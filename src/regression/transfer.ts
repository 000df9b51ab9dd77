import { lawPosterior } from './members/around-law.ts';
import { dataOf, type ModelDocument } from './run-time-model.ts';
import { defaultPrior, type LawPrior, type ParameterPrior } from './scaling-law.ts';

/** The usual prior counts as much as one application that taught everything about a parameter. */
const USUAL_APPLICATIONS = 1;

/**
 * What the models of similar applications teach about the next one: a prior of each parameter of the scaling law.
 *
 * Between the usual prior and the spread of the applications; an application counts for a parameter as far as its runs narrowed it.
 * The level is left out, since it has the unit and the size of one application. The order of the models changes nothing.
 *
 * @param models - of applications whose features have the same names and meanings where they share them
 * @returns to be given to `fitModel` as `learned`
 */
export function learnLawPrior(models: readonly ModelDocument[]): LawPrior {
  const ordered = models.toSorted((a, b) => (a.hash < b.hash ? -1 : a.hash > b.hash ? 1 : 0));
  return poolTaught(ordered.map(taughtBy).filter((taught) => taught !== undefined));
}

/** What one application's model taught of each parameter of the law; small enough to be kept beside it. JSON. */
export type Taught = Readonly<Record<string, ParameterPrior>>;

/** @returns `undefined` when the model has no law */
export function taughtBy(document: ModelDocument): Taught | undefined {
  const hyper = document.state.members.find(({ name }) => name === 'scaling-law')?.hyper;
  return hyper === undefined ? undefined : lawPosterior(dataOf(document), hyper, document.learned);
}

/** {@link learnLawPrior} from what was taught; the order matters to the last digits only. */
export function poolTaught(taught: readonly Taught[]): LawPrior {
  const names = [...new Set(taught.flatMap((posterior) => Object.keys(posterior)))]
    .filter((name) => name !== 'level')
    .sort();
  return Object.fromEntries(
    names.map((name) => [
      name,
      pooled(
        defaultPrior(name),
        taught.flatMap((posterior) => posterior[name] ?? []),
      ),
    ]),
  );
}

function pooled(usual: ParameterPrior, applications: readonly ParameterPrior[]): ParameterPrior {
  const weighed = applications.map(({ mean, sd }) => ({ mean, sd, weight: Math.max(0, 1 - (sd / usual.sd) ** 2) }));
  const total = USUAL_APPLICATIONS + weighed.reduce((sum, { weight }) => sum + weight, 0);
  const mean =
    (USUAL_APPLICATIONS * usual.mean + weighed.reduce((sum, each) => sum + each.weight * each.mean, 0)) / total;
  const variance =
    (USUAL_APPLICATIONS * usual.sd ** 2 +
      weighed.reduce((sum, each) => sum + each.weight * ((each.mean - mean) ** 2 + each.sd ** 2), 0)) /
    total;
  return { mean, sd: Math.sqrt(variance) };
}
