/* eslint-disable @typescript-eslint/no-non-null-assertion -- the loops bound every index, and a typed array has no holes */
import { dot } from './linear-algebra.ts';

/** Writes the gradient at `x` into `gradient` and returns the value; may return Infinity where the function is not defined. */
export type Objective = (x: Float64Array, gradient: Float64Array) => number;

export interface Minimum {
  readonly x: Float64Array;
  readonly value: number;
  readonly evaluations: number;
}

export interface MinimizeOptions {
  readonly maxEvaluations?: number;
  /** Stop when no component of the gradient is larger. */
  readonly gradientTolerance?: number;
  /** Stop when a step lowers the value by less than this. */
  readonly valueTolerance?: number;
}

const MEMORY = 6;
const ARMIJO = 1e-4;
/** No step moves a coordinate further than this: hyper-parameters are logarithms, so a step of 2 is a factor of 7. */
const LONGEST_STEP = 2;

/**
 * Finds a local minimum by L-BFGS with a backtracking line search.
 *
 * @see Nocedal and Wright, "Numerical Optimization", algorithms 7.4 and 3.1
 */
export function minimize(objective: Objective, start: ArrayLike<number>, options: MinimizeOptions = {}): Minimum {
  const { maxEvaluations = 100, gradientTolerance = 1e-3, valueTolerance = 1e-4 } = options;
  const n = start.length;
  let x = Float64Array.from(start);
  let gradient = new Float64Array(n);
  let value = objective(x, gradient);
  let evaluations = 1;
  const steps: { s: Float64Array; y: Float64Array; rho: number }[] = [];

  while (evaluations < maxEvaluations && Number.isFinite(value)) {
    if (gradient.every((component) => Math.abs(component) <= gradientTolerance)) break;
    let direction = descentDirection(gradient, steps);
    let slope = dot(direction, gradient);
    if (slope >= 0) {
      steps.length = 0;
      direction = gradient.map((component) => -component);
      slope = dot(direction, gradient);
    }
    const longest = direction.reduce((most, component) => Math.max(most, Math.abs(component)), 0);
    let length = Math.min(1, (steps.length === 0 ? 0.5 : LONGEST_STEP) / longest);

    let accepted: { x: Float64Array<ArrayBuffer>; gradient: Float64Array<ArrayBuffer>; value: number } | undefined;
    while (accepted === undefined && evaluations < maxEvaluations && length > 1e-10) {
      const trial = x.map((component, i) => component + length * direction[i]!);
      const trialGradient = new Float64Array(n);
      const trialValue = objective(trial, trialGradient);
      evaluations += 1;
      if (trialValue <= value + ARMIJO * length * slope)
        accepted = { x: trial, gradient: trialGradient, value: trialValue };
      else length *= 0.4;
    }
    if (accepted === undefined) break;

    const s = accepted.x.map((component, i) => component - x[i]!);
    const y = accepted.gradient.map((component, i) => component - gradient[i]!);
    const curvature = dot(s, y);
    if (curvature > 1e-12) {
      steps.push({ s, y, rho: 1 / curvature });
      if (steps.length > MEMORY) steps.shift();
    }
    const gain = value - accepted.value;
    ({ x, gradient, value } = accepted);
    if (gain < valueTolerance) break;
  }
  return { x, value, evaluations };
}

/** −H·gradient, where H is the inverse Hessian as the last steps show it (two-loop recursion). */
function descentDirection(
  gradient: Float64Array,
  steps: readonly { s: Float64Array; y: Float64Array; rho: number }[],
): Float64Array {
  const q = Float64Array.from(gradient);
  const alphas: number[] = [];
  for (const { s, y, rho } of steps.toReversed()) {
    const alpha = rho * dot(s, q);
    alphas.push(alpha);
    for (let i = 0; i < q.length; i += 1) q[i] = q[i]! - alpha * y[i]!;
  }
  const last = steps.at(-1);
  if (last !== undefined) {
    const scale = dot(last.s, last.y) / dot(last.y, last.y);
    for (let i = 0; i < q.length; i += 1) q[i] = q[i]! * scale;
  }
  for (const { s, y, rho } of steps) {
    const beta = rho * dot(y, q);
    const alpha = alphas.pop()!;
    for (let i = 0; i < q.length; i += 1) q[i] = q[i]! + (alpha - beta) * s[i]!;
  }
  return q.map((component) => -component);
}
