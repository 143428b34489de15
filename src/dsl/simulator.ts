import { z } from 'zod'
import { milliseconds, nonEmptyString, numberWithin, parseOptions, positiveMilliseconds, share, wholeNumber } from './options.ts'

/** A server that pretends: exact times, faults on demand, and a log of what it really did. */
export interface SimulatorTargetSpec extends z.output<typeof simulatorSchema> {
  readonly kind: 'simulator'
}

/** What can go wrong with a request, in the order in which the first that applies is taken. */
export const REQUEST_FAULTS = ['http500', 'http429', 'slowHeaders', 'empty', 'reset', 'stall', 'truncate', 'badJson', 'errorEvent'] as const

export type RequestFault = (typeof REQUEST_FAULTS)[number]

/** Which requests a fault meets (all conditions must hold), and how it shows; times in ms. */
export interface FaultOptions {
  /** Of the requests that the other conditions leave. */
  readonly share: number
  /** Each n-th request. */
  readonly every?: number | undefined
  /** The requests of these numbers, counted from 1 as they come in. */
  readonly requests?: readonly number[] | undefined
  /** From and until this long after the first request. */
  readonly from?: number | undefined
  readonly until?: number | undefined
  /** Tokens that are sent before; left out, half of the answer. */
  readonly afterTokens?: number | undefined
  /** How long a stall lasts; left out, until the client goes away. */
  readonly duration?: number | undefined
  /** What `Retry-After` asks for; left out, a second. */
  readonly retryAfter?: number | undefined
  /** How long the headers are held back; left out, five seconds. */
  readonly delay?: number | undefined
}

const ordinal = wholeNumber(1)

const when = {
  share: share.default(1),
  every: ordinal.optional(),
  requests: z.array(ordinal).min(1, { error: 'expected at least one number' }).optional(),
  from: milliseconds.optional(),
  until: milliseconds.optional(),
}

/** A fault with its schedule, or just the share of requests that it meets. */
function fault<Shape extends z.ZodRawShape>(more: Shape) {
  return z
    .union([share.transform((value) => ({ share: value })), z.strictObject({ ...when, ...more })], {
      error: "expected a share such as '5%' or 0.05, or when and how: { share, every, requests, from, until, … }",
    })
    .optional()
}

const afterTokens = wholeNumber(0).optional()
const inAnswer = { afterTokens }

const faultsSchema = z.strictObject({
  http500: fault({}),
  http429: fault({ retryAfter: milliseconds.optional() }),
  slowHeaders: fault({ delay: milliseconds.optional() }),
  empty: fault({}),
  reset: fault(inAnswer),
  stall: fault({ ...inAnswer, duration: milliseconds.optional() }),
  truncate: fault(inAnswer),
  badJson: fault(inAnswer),
  errorEvent: fault(inAnswer),
  refuse: z
    .strictObject({ from: milliseconds, until: milliseconds.optional() })
    .refine(({ from, until }) => until === undefined || until > from, { error: 'expected more than `from`', path: ['until'] })
    .optional(),
})

const variation = numberWithin(0, 10)

/** The simulator's options; each one's description is what `serve --simulate --help` prints. */
export const simulatorSchema = z
  .strictObject({
    model: nonEmptyString.default('simulator').describe('name of the model; requests for another get a 404'),
    ttft: milliseconds.default(20).describe('ms from admission to the first token, without prefill'),
    itl: milliseconds.optional().describe('ms between chunks (default: 5)'),
    ttftJitter: variation.default(0).describe('coefficient of variation of ttft (lognormal, the mean stays)'),
    itlJitter: variation.default(0).describe('coefficient of variation of itl (lognormal, the mean stays)'),
    prefillTimePerToken: milliseconds.default(0).describe('ms that each prompt token adds to ttft'),
    coldStart: milliseconds.default(0).describe('ms that the first request waits longer'),
    maxNumSeqs: wholeNumber(1).optional().describe('sequences that run together; further requests queue (default: no limit)'),
    stepMs: positiveMilliseconds
      .optional()
      .describe('ms of a batching step: all running sequences get their next chunk at each; in place of itl'),
    timeFactorUnderLoad: numberWithin(1).default(1).describe('by how much all times grow, linearly, as maxNumSeqs sequences run'),
    tokensPerChunk: wholeNumber(1).default(1).describe('tokens that each chunk carries'),
    outputTokens: wholeNumber(1)
      .optional()
      .describe('tokens after which an answer ends by itself, within max_tokens (default: max_tokens, else 128)'),
    outputTokensSpread: numberWithin(0, 1).default(0).describe('share by which outputTokens varies, uniformly (0.2: 80 % to 120 %)'),
    kvCacheTokens: wholeNumber(1).default(524_288).describe('tokens that count as a full KV cache in /metrics; nothing waits for it'),
    errorRate: share.default(0).describe('share of requests answered with HTTP 500, as faults.http500'),
    faults: faultsSchema.prefault({}).describe('further faults, each with its share or schedule'),
    seed: wholeNumber(0).default(0).describe('the k-th request of a seed draws the same randomness'),
    apiKey: nonEmptyString.optional().describe('bearer token that everything but /health asks for'),
    endpoint: z
      .enum(['chat', 'completions'], { error: "expected 'chat' or 'completions'" })
      .default('chat')
      .describe('which API a bench uses'),
    truthLog: nonEmptyString.optional().describe('file for what was really received and sent'),
  })
  .refine(({ stepMs, itl }) => stepMs === undefined || itl === undefined, {
    error: 'expected one of `itl` and `stepMs`: a step sets the time between chunks',
    path: ['itl'],
  })
  .refine(({ timeFactorUnderLoad, maxNumSeqs }) => timeFactorUnderLoad === 1 || (maxNumSeqs ?? 1) > 1, {
    error: 'expected a `maxNumSeqs` from 2 beside it: times grow up to that many sequences',
    path: ['timeFactorUnderLoad'],
  })
  .refine(({ outputTokens, outputTokensSpread }) => outputTokensSpread === 0 || outputTokens !== undefined, {
    error: 'expected `outputTokens` beside it',
    path: ['outputTokensSpread'],
  })
  .refine(({ errorRate, faults }) => errorRate === 0 || faults.http500 === undefined, {
    error: 'expected one of `errorRate` and `faults.http500`',
    path: ['errorRate'],
  })

/** Options of {@link simulator}. Bare numbers are milliseconds where a time is meant; a string carries its unit. */
export type SimulatorOptions = z.input<typeof simulatorSchema>

/**
 * A server that generates nothing and answers at exact times, in a process of its own on a free loopback port. It starts once per
 * run, is shared by the bench files and ends with the run. The same seed gives the k-th request the same times, length and faults.
 * @param options.ttft ms to the first token (default: 20); `prefillTimePerToken` adds to it
 * @param options.itl ms between chunks (default: 5), or `stepMs` of continuous batching
 * @param options.ttftJitter coefficient of variation, lognormal (default: 0); `itlJitter` likewise
 * @param options.maxNumSeqs sequences that run together; further requests queue, first come first served (default: no limit)
 * @param options.timeFactorUnderLoad how many times longer all takes with `maxNumSeqs` sequences than with one (default: 1)
 * @param options.outputTokens where an answer ends by itself, unless `ignore_eos` is asked for (default: at `max_tokens`)
 * @param options.errorRate share of requests that get an HTTP 500
 * @param options.faults further faults, each a share (`'2%'`) or a schedule (`{ every: 50 }`, `{ from: '5s', until: '8s' }`)
 * @param options.truthLog file with a line for each request: `id recv_ns first_ns last_ns tokens`
 * @throws {LlmBenchError} `INVALID_OPTION`
 * @example simulator({ ttft: 50, itl: 10, maxNumSeqs: 64, faults: { reset: '1%' } })
 */
export function simulator(options: SimulatorOptions = {}): SimulatorTargetSpec {
  return parseSimulator(options, 'simulator()')
}

/** The same for options that came another way, named in errors as `call`. */
export function parseSimulator(options: unknown, call: string): SimulatorTargetSpec {
  return { kind: 'simulator', ...parseOptions(simulatorSchema, options, call) }
}
