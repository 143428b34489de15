import { z } from 'zod'
import { builtin, datasetOption } from '../datasets.ts'
import { nonEmptyString, numberWithin, parseOptions, positiveSeconds, wholeNumber } from '../options.ts'
import { workload } from '../workload.ts'
import type { Workload } from '../workload.ts'
import type { RequestRateSpec } from '../workload-spec.ts'
import { oneEnd, oneProcess, oneSubject, requestFields } from './request-options.ts'
import type { RequestOptions } from './request-options.ts'
import { lengthsFit } from './sampling-options.ts'

const requestRateOptions = z
  .strictObject({
    ...requestFields,
    rate: numberWithin(0).refine((rate) => rate > 0, { error: 'expected more than 0 requests a second' }),
    requests: wholeNumber(1).optional(),
    duration: positiveSeconds.optional(),
    distribution: z.enum(['poisson', 'constant', 'gamma'], { error: "expected 'poisson', 'constant' or 'gamma'" }).default('poisson'),
    burstiness: numberWithin(0)
      .refine((value) => value > 0, { error: 'expected a number above 0' })
      .default(1),
    maxConcurrency: wholeNumber(1).optional(),
    systemPrompt: nonEmptyString.optional(),
    temperature: numberWithin(0).default(0),
    dataset: datasetOption.default(builtin('conversations')),
  })
  .refine(...lengthsFit)
  .refine(...oneSubject)
  .refine(...oneProcess)
  .refine(...oneEnd)
  .refine((options) => options.burstiness === 1 || options.distribution === 'gamma', {
    error: "applies to `distribution: 'gamma'` only",
    path: ['burstiness'],
  })

/** Options of {@link requestRate}. */
export interface RequestRateOptions extends RequestOptions {
  /** Requests a second on average. */
  rate: number
  /** Requests in all (default: 10 seconds' worth). */
  requests?: number
  /** Seconds of arrivals instead of a number of requests. */
  duration?: number | string
  /** Gaps between arrivals (default: `'poisson'`). */
  distribution?: 'poisson' | 'constant' | 'gamma'
  /** Shape of `'gamma'`: 1 is Poisson, below 1 burstier, above 1 more even (default: 1). */
  burstiness?: number
  /** Requests in flight at most; those above wait in the client, and the wait is reported (default: no limit). */
  maxConcurrency?: number
  /** A system message before every prompt. */
  systemPrompt?: string
}

/**
 * A fixed request rate (open loop): arrivals on a schedule computed beforehand, which never waits for answers.
 * @example requestRate({ rate: 10, duration: 60, distribution: 'poisson' })
 */
export function requestRate(options: RequestRateOptions): Workload<RequestRateSpec> {
  const { requests, duration, ...rest } = parseOptions(requestRateOptions, options, 'requestRate()')
  return workload({
    kind: 'requestRate',
    ...rest,
    ...(duration === undefined ? { requests: requests ?? Math.ceil(10 * rest.rate) } : { duration }),
  })
}
