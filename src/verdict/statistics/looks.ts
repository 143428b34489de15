import { normalCdf } from './normal.ts'

/**
 * How much of the error may be spent by the time that a share of the information is in: level × share^{@link POWER}.
 *
 * Source: K. Kim and D. L. DeMets, "Design and analysis of group sequential tests based on the type I error spending rate function",
 * Biometrika 74 (1987).
 */
export function spentBy(share: number, level: number): number {
  return level * share ** POWER
}

const POWER = 3

/**
 * How much is known of a difference with so many runs a side, up to a factor: 1 / (1/n₁ + 1/n₂), the inverse of its variance where
 * runs vary alike on both sides.
 */
export function informationOf([reference, measured]: readonly [number, number]): number {
  return 1 / (1 / reference + 1 / measured)
}

/**
 * Levels at which a one-sided test may be made at each of several looks, so that the chance of a false claim at any of them is the
 * level asked for: whoever looks until something shows would find it far more often.
 *
 * The statistics Z₁ … Zₖ of the looks are jointly normal with Cov(Zᵢ, Zⱼ) = √(Iᵢ / Iⱼ), i ≤ j. A look's boundary is the one at
 * which the chance of crossing it, and none before it, is what may be spent there; the density of the paths that go on is carried
 * from look to look by numerical integration.
 *
 * Sources: P. Armitage, C. K. McPherson and B. C. Rowe, "Repeated significance tests on accumulating data", Journal of the Royal
 * Statistical Society A 132 (1969), for the recursion; K. K. G. Lan and D. L. DeMets, "Discrete sequential boundaries for clinical
 * trials", Biometrika 70 (1983), for spending; C. Jennison and B. W. Turnbull, "Group Sequential Methods" (2000), chapters 3, 7 and 19.
 * @param information of the looks, ascending
 * @param spent error that may have been spent by each look; the last is the level
 * @returns nominal level of each look, for a test of that look alone
 */
export function nominalLevels(information: readonly number[], spent: readonly number[]): number[] {
  let paths: Paths | undefined
  return information.map((now, look) => {
    const toSpend = Math.max(0, spent[look]! - (spent[look - 1] ?? 0))
    const step: Step = { from: information[look - 1] ?? 0, to: now }
    const boundary = boundaryFor(toSpend, paths, step)
    if (look < information.length - 1) paths = pathsBelow(boundary, paths, { step, next: information[look + 1]! })
    return normalCdf(-boundary)
  })
}

/** Density of Z at a look over those paths that crossed no boundary yet, as points with the weights of an integral over them. */
interface Paths {
  readonly points: Float64Array
  readonly weighted: Float64Array
}

/** Information at the look before and at this one. */
interface Step {
  readonly from: number
  readonly to: number
}

/** Beyond it there is nothing that counts: the chance is below 10⁻¹⁵. */
const FARTHEST = 8

function boundaryFor(chance: number, paths: Paths | undefined, step: Step): number {
  let [low, high] = [-FARTHEST, FARTHEST]
  while (high - low > 1e-10) {
    const middle = (low + high) / 2
    if (chanceBeyond(middle, paths, step) > chance) low = middle
    else high = middle
  }
  return high
}

/** Chance that Z lies beyond a boundary, having crossed none before. */
function chanceBeyond(boundary: number, paths: Paths | undefined, { from, to }: Step): number {
  if (paths === undefined) return normalCdf(-boundary)
  const [scale, spread] = [Math.sqrt(from / to), Math.sqrt(1 - from / to)]
  let chance = 0
  for (const [i, point] of paths.points.entries()) chance += paths.weighted[i]! * normalCdf((point * scale - boundary) / spread)
  return chance
}

/** By Simpson's rule, in steps that the next look's own spread is wide against. */
function pathsBelow(boundary: number, before: Paths | undefined, { step, next }: { step: Step; next: number }): Paths {
  const width = Math.min(0.05, Math.sqrt(1 - step.to / next) / 4)
  const intervals = 2 * Math.ceil((boundary + FARTHEST) / (2 * width))
  const size = (boundary + FARTHEST) / intervals
  const points = Float64Array.from({ length: intervals + 1 }, (_, i) => -FARTHEST + i * size)
  const weighted = points.map((point, i) => {
    const weight = i === 0 || i === intervals ? 1 : i % 2 === 1 ? 4 : 2
    return ((weight * size) / 3) * densityAt(point, before, step)
  })
  return { points, weighted }
}

function densityAt(z: number, before: Paths | undefined, { from, to }: Step): number {
  if (before === undefined) return bell(z)
  const [scale, spread] = [Math.sqrt(from / to), Math.sqrt(1 - from / to)]
  let density = 0
  for (const [i, point] of before.points.entries()) {
    const away = (z - point * scale) / spread
    if (away > -FARTHEST && away < FARTHEST) density += before.weighted[i]! * bell(away)
  }
  return density / spread
}

function bell(z: number): number {
  return Math.exp((-z * z) / 2) / Math.sqrt(2 * Math.PI)
}
