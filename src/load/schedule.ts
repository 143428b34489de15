import type { Random } from '../datasets/sampling.ts'
import type { RequestRateSpec } from '../dsl/workload-spec.ts'

/** What a schedule of arrivals is made from. */
export type ArrivalSpec = Pick<RequestRateSpec, 'rate' | 'requests' | 'duration' | 'distribution' | 'burstiness'>

/**
 * Arrival times of an open loop in nanoseconds from its start, ascending: `requests` of them, or all within `duration`.
 * Constant arrivals are at `i / rate`; Poisson arrivals have exponential gaps with mean `1 / rate`, gamma arrivals gaps of
 * shape `burstiness` with the same mean, and the first one comes after a gap.
 */
export function arrivalTimes(spec: ArrivalSpec, random: Random): Float64Array {
  const next = arrivals(spec, random)
  if (spec.requests !== undefined) return Float64Array.from({ length: spec.requests }, () => next() * 1e9)
  const end = spec.duration ?? 0
  const times: number[] = []
  for (let at = next(); at < end; at = next()) times.push(at * 1e9)
  return Float64Array.from(times)
}

/** Successive arrivals in seconds. */
function arrivals(spec: ArrivalSpec, random: Random): () => number {
  let i = 0
  if (spec.distribution === 'constant') return () => i++ / spec.rate
  const gap =
    spec.distribution === 'poisson'
      ? () => random.exponential(1 / spec.rate)
      : () => random.gamma(spec.burstiness, 1 / (spec.rate * spec.burstiness))
  let at = 0
  return () => (at += gap())
}
