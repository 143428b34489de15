import { z } from 'zod'
import { builtin, datasetOption } from '../datasets.ts'
import { nonEmptyString, numberWithin, parseOptions, positiveSeconds, seconds, wholeNumber } from '../options.ts'
import { workload } from '../workload.ts'
import type { Workload } from '../workload.ts'
import type { ClientsSpec } from '../workload-spec.ts'
import { oneEnd, oneProcess, oneSubject, requestFields } from './request-options.ts'
import type { RequestOptions } from './request-options.ts'
import { lengthsFit } from './sampling-options.ts'

const clientsOptions = z
  .strictObject({
    ...requestFields,
    n: wholeNumber(1),
    rampUp: seconds.optional(),
    requests: wholeNumber(1).optional(),
    duration: positiveSeconds.optional(),
    stopAfter: positiveSeconds.optional(),
    turns: wholeNumber(1).default(1),
    systemPrompt: nonEmptyString.optional(),
    thinkTime: seconds.default(0),
    order: z.enum(['per-client', 'shared'], { error: "expected 'per-client' or 'shared'" }).default('per-client'),
    temperature: numberWithin(0).default(0),
    dataset: datasetOption.default(builtin('conversations')),
  })
  .refine(...lengthsFit)
  .refine(...oneSubject)
  .refine(...oneProcess)
  .refine(...oneEnd)

/** Options of {@link clients}. */
export interface ClientsOptions extends RequestOptions {
  /** Clients, each of which sends its next request when it has the answer to the last. */
  n: number
  /** Seconds over which the clients start, evenly (default: 0.1 × n). */
  rampUp?: number | string
  /** Requests in all, over all clients (default: 10 × n). */
  requests?: number
  /** Seconds of load instead of a number of requests. */
  duration?: number | string
  /** Seconds after which no client sends any more; requests in flight finish. */
  stopAfter?: number | string
  /** User messages in a conversation; the real answers are carried forward (default: 1). */
  turns?: number
  /** A system message before every conversation. */
  systemPrompt?: string
  /** Seconds between an answer and the client's next request (default: 0). */
  thinkTime?: number | string
  /** `'per-client'`: each client has its own quota and sequence; `'shared'`: all pull from one queue (default: per-client). */
  order?: 'per-client' | 'shared'
}

/**
 * A fixed number of users (closed loop): client i starts at `i × rampUp / n`, sends, waits for the whole answer, sends the next.
 * The same client sends the same sequence in every run; different clients send different ones.
 * @example clients({ n: 100, rampUp: 10, requests: 1024, dataset: shareGPT('samples_1024.json') })
 */
export function clients(options: ClientsOptions): Workload<ClientsSpec> {
  const { requests, duration, rampUp, ...rest } = parseOptions(clientsOptions, options, 'clients()')
  return workload({
    kind: 'clients',
    ...rest,
    rampUp: rampUp ?? rest.n * 0.1,
    ...(duration === undefined ? { requests: requests ?? 10 * rest.n } : { duration }),
  })
}
