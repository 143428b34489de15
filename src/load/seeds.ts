import { firstBits } from '../datasets/sampling.ts'

/** Keep apart what is drawn from one workload seed. */
export const STREAMS = { order: 1, arrivals: 2, samples: 3 } as const

/**
 * The sampling seed of one request, from 0 to 2³¹ − 1: servers hold it in a signed 32-bit number.
 * Two samples of one prompt never share a seed, for an odd step visits every number modulo 2³¹.
 */
export function seedFor(seed: number, promptIndex: number, sampleIndex: number): number {
  return (firstBits(seed, STREAMS.samples, promptIndex) + Math.imul(sampleIndex, 0x9e3779b1)) & 0x7fffffff
}
