/**
 * Chance that a standard normal variable is at most x; to about 15 digits.
 *
 * Source: G. West, "Better approximations to cumulative normal functions", Wilmott Magazine (2005), after J. F. Hart, "Computer
 * Approximations" (1968), algorithm 5666.
 */
export function normalCdf(x: number): number {
  const tail = normalTail(Math.abs(x))
  return x > 0 ? 1 - tail : tail
}

const NUMERATOR = [
  3.52624965998911e-2, 0.700383064443688, 6.37396220353165, 33.912866078383, 112.079291497871, 221.213596169931, 220.206867912376,
]
const DENOMINATOR = [
  8.83883476483184e-2, 1.75566716318264, 16.064177579207, 86.7807322029461, 296.564248779674, 637.333633378831, 793.826512519948,
  440.413735824752,
]

function normalTail(z: number): number {
  if (z > 37) return 0
  const bell = Math.exp((-z * z) / 2)
  if (z < 7.07106781186547) return (bell * polynomial(NUMERATOR, z)) / polynomial(DENOMINATOR, z)
  const fraction = z + 1 / (z + 2 / (z + 3 / (z + 4 / (z + 0.65))))
  return bell / fraction / Math.sqrt(2 * Math.PI)
}

function polynomial(coefficients: readonly number[], x: number): number {
  return coefficients.reduce((sum, coefficient) => sum * x + coefficient, 0)
}
