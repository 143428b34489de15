/**
 * Chance that a variable with Student's t distribution is at most t: with x = ν / (ν + t²), half the regularised incomplete beta
 * function Iₓ(ν/2, ½) lies beyond |t| on either side.
 *
 * Source: M. Abramowitz and I. Stegun, "Handbook of Mathematical Functions" (1964), 26.7.1.
 * @param degrees of freedom, above 0; need not be whole
 */
export function studentTCdf(t: number, degrees: number): number {
  if (!Number.isFinite(t)) return t > 0 ? 1 : 0
  const tail = incompleteBeta(degrees / (degrees + t * t), degrees / 2, 0.5) / 2
  return t > 0 ? 1 - tail : tail
}

/**
 * The t that a variable with Student's t distribution is at most with a given chance: the inverse of {@link studentTCdf}, by
 * Newton's method. The tail beyond t falls ever more slowly, so that started below the answer it never steps past it.
 * @param degrees of freedom, above 0; need not be whole
 * @throws {RangeError} for a chance that is not above 0 and below 1
 */
export function studentTQuantile(chance: number, degrees: number): number {
  if (!(chance > 0 && chance < 1)) throw new RangeError(`a chance lies between 0 and 1, not at ${chance}`)
  const tail = Math.min(chance, 1 - chance)
  // Of the tail rather than of the whole, so that small chances keep their digits.
  const excess = (t: number): number => studentTCdf(-t, degrees) - tail
  let t = 0
  for (let next = 1; excess(next) > 0; next *= 2) t = next
  for (let step = 1; step > 1e-13 * t;) {
    step = excess(t) / studentTDensity(t, degrees)
    if (step > 0) t += step
  }
  return chance < 0.5 ? -t : t
}

function studentTDensity(t: number, degrees: number): number {
  const scale = Math.exp(logGamma((degrees + 1) / 2) - logGamma(degrees / 2)) / Math.sqrt(degrees * Math.PI)
  return scale * (1 + (t * t) / degrees) ** (-(degrees + 1) / 2)
}

/**
 * The regularised incomplete beta function Iₓ(a, b), by its continued fraction, evaluated with Lentz's method.
 *
 * Source: W. H. Press and others, "Numerical Recipes" (3rd edition, 2007), section 6.4.
 */
function incompleteBeta(x: number, a: number, b: number): number {
  if (x <= 0) return 0
  if (x >= 1) return 1
  const front = Math.exp(logGamma(a + b) - logGamma(a) - logGamma(b) + a * Math.log(x) + b * Math.log1p(-x))
  // The fraction converges fast on this side of the mean alone.
  return x < (a + 1) / (a + b + 2) ? (front * betaFraction(x, a, b)) / a : 1 - (front * betaFraction(1 - x, b, a)) / b
}

const TINY = 1e-300

function betaFraction(x: number, a: number, b: number): number {
  let c = 1
  let d = 1 / away(1 - ((a + b) * x) / (a + 1))
  let fraction = d
  for (let m = 1; m <= 10_000; m++) {
    const even = (m * (b - m) * x) / ((a + 2 * m - 1) * (a + 2 * m))
    d = 1 / away(1 + even * d)
    c = away(1 + even / c)
    fraction *= d * c
    const odd = (-(a + m) * (a + b + m) * x) / ((a + 2 * m) * (a + 2 * m + 1))
    d = 1 / away(1 + odd * d)
    c = away(1 + odd / c)
    fraction *= d * c
    if (Math.abs(d * c - 1) < 1e-15) break
  }
  return fraction
}

function away(value: number): number {
  return Math.abs(value) < TINY ? TINY : value
}

const LANCZOS = [
  676.5203681218851, -1259.1392167224028, 771.32342877765313, -176.61502916214059, 12.507343278686905, -0.13857109526572012,
  9.9843695780195716e-6, 1.5056327351493116e-7,
]

/**
 * ln Γ(x) for x above 0.
 *
 * Source: C. Lanczos, "A Precision Approximation of the Gamma Function", SIAM Journal on Numerical Analysis 1 (1964); coefficients
 * for g = 7 and nine terms by P. Godfrey.
 */
function logGamma(x: number): number {
  if (x < 0.5) return Math.log(Math.PI / Math.sin(Math.PI * x)) - logGamma(1 - x)
  const series = LANCZOS.reduce((sum, coefficient, i) => sum + coefficient / (x + i), 0.99999999999980993)
  const base = x + 6.5
  return Math.log(2 * Math.PI) / 2 + (x - 0.5) * Math.log(base) - base + Math.log(series)
}
