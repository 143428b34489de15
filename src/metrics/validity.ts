import type { ValidityLimits } from '../dsl/validity.ts'
import type { ClientFacts, ErrorCount } from './record.ts'
import type { RequestMetrics } from './summary-types.ts'

/** Whether a run measured the server: yes; yes, though the client disturbed it; no. */
export type Validity = 'valid' | 'degraded' | 'client-bound'

/** The judgement of a run's client. */
export interface ValidityVerdict {
  validity: Validity
  /** What speaks against the run, in words and figures; none where it is valid. */
  reasons: string[]
}

interface Finding {
  readonly validity: Exclude<Validity, 'valid'>
  readonly reason: string
}

/** What of a run's figures the judgement looks at. */
type Judged = Pick<RequestMetrics, 'ttft' | 'e2e' | 'errors' | 'failed' | 'outputTokens' | 'tokens'>

/** Files that a process has open besides its connections. */
const OTHER_FILES = 64

/**
 * Judges by what the client measured of itself whether a run's figures are the server's. What counts is by how much the client
 * can have delayed what it measured, not how busy it was.
 */
export function judgeClient(client: ClientFacts, metrics: Judged, limits: ValidityLimits): ValidityVerdict {
  const findings = [
    ...lagFindings(client, metrics, limits),
    ...pauseFindings(client, limits),
    ...latenessFindings(client, metrics, limits),
    ...rateFindings(client, limits),
    ...resourceFindings(client, metrics.errors),
    ...tokenFindings(metrics, limits),
  ]
  const isBound = findings.some(({ validity }) => validity === 'client-bound')
  return {
    validity: isBound ? 'client-bound' : findings.length > 0 ? 'degraded' : 'valid',
    reasons: findings.map(({ reason }) => reason),
  }
}

function lagFindings({ lag }: ClientFacts, { ttft, e2e }: Pick<RequestMetrics, 'ttft' | 'e2e'>, limits: ValidityLimits): Finding[] {
  const latency = ttft ?? e2e
  if (lag === undefined || latency === undefined) return []
  // What the client added is no part of what it is measured against.
  const limit = Math.max(limits.lag, limits.lagShare * (latency.p99 - lag.p99))
  const [what, name] = ttft === undefined ? ['answers', 'E2E latency'] : ['first tokens', 'TTFT']
  return over(
    lag.p99,
    limit,
    limits,
    `${what} can have lain unread in the client for up to ${ms(lag.p99)} at p99, of a p99 ${name} of ${ms(latency.p99)} (limit ${ms(limit)})`,
  )
}

function pauseFindings({ stalls }: ClientFacts, limits: ValidityLimits): Finding[] {
  const reason = `the client stood still for ${ms(stalls.longestMs)} while requests were in flight (limit ${ms(limits.pause)})`
  return over(stalls.longestMs, limits.pause, limits, reason)
}

/**
 * What a late request changes is how many of them a server has at a time: nothing where it is late by a small part of its stay, or of
 * the time between two requests.
 */
function latenessFindings({ lateness, rate }: ClientFacts, { e2e }: Pick<RequestMetrics, 'e2e'>, limits: ValidityLimits): Finding[] {
  if (lateness === undefined) return []
  const betweenMs = rate === undefined ? 0 : 1000 / rate.asked
  const limit = Math.max(limits.lateness, limits.latenessShare * Math.max(e2e?.p50 ?? 0, betweenMs))
  const reason = `requests came up for sending ${ms(lateness.p99)} later than scheduled at p99 (limit ${ms(limit)})`
  return over(lateness.p99, limit, limits, reason)
}

/** Where `maxConcurrency` holds requests back, that is what the workload asks for. */
function rateFindings({ rate, concurrency }: ClientFacts, limits: ValidityLimits): Finding[] {
  if (rate === undefined || concurrency.asked !== undefined) return []
  const shortfall = 1 - rate.achieved / rate.asked
  const reason = `requests were sent at ${number(rate.achieved)} a second instead of ${number(rate.asked)}`
  return over(shortfall, limits.rateShortfall, limits, `${reason} (limit ${percent(limits.rateShortfall)} less)`)
}

function resourceFindings({ openFiles, concurrency }: ClientFacts, errors: readonly ErrorCount[]): Finding[] {
  const used = errors.find(({ example }) => /\b(?:EMFILE|ENFILE|EADDRNOTAVAIL)\b/.test(example))
  if (used !== undefined) {
    const which = used.example.includes('EADDRNOTAVAIL') ? 'local ports' : 'open files'
    return [{ validity: 'client-bound', reason: `the client ran out of ${which}: ${used.example}` }]
  }
  const { asked } = concurrency
  if (openFiles === undefined || asked === undefined || concurrency.achieved >= asked || asked + OTHER_FILES <= openFiles) return []
  const reason = `${asked} connections are asked for, and this process may have ${openFiles} files open: raise the limit (ulimit -n)`
  return [{ validity: 'degraded', reason }]
}

/** A request that failed has had tokens that nobody counted here, so that only a run without any can be held against the server. */
function tokenFindings({ failed, outputTokens, tokens }: Judged, limits: ValidityLimits): Finding[] {
  const counted = tokens.serverCounted?.output
  if (counted === undefined || outputTokens === undefined || failed > 0) return []
  if (Math.abs(counted - outputTokens) <= limits.tokens * Math.max(counted, outputTokens)) return []
  const why =
    counted > outputTokens
      ? 'somebody else uses it, or tokens were lost or counted wrongly here'
      : 'it tells of a part of the servers alone, or tokens were counted wrongly here or there'
  const both = `the server counted ${number(counted)} output tokens during the load, where the answers had ${number(outputTokens)}`
  return [{ validity: 'degraded', reason: `${both} (limit ${percent(limits.tokens)} apart): ${why}` }]
}

function over(value: number, limit: number, { boundFactor }: ValidityLimits, reason: string): Finding[] {
  if (!(value > limit)) return []
  return [{ validity: value > limit * boundFactor ? 'client-bound' : 'degraded', reason }]
}

/** From this difference on, latency from the schedule tells of more than the server. */
const SCHEDULE_SHARE = 0.05

/** What a reader must know where latency from the schedule and latency from the send differ; none where they agree. */
export function scheduleNotes({ ttft, e2e, fromSchedule }: Pick<RequestMetrics, 'ttft' | 'e2e' | 'fromSchedule'>): string[] {
  const [name, sent, scheduled] = ttft === undefined ? ['E2E', e2e, fromSchedule?.e2e] : ['TTFT', ttft, fromSchedule?.ttft]
  if (sent === undefined || scheduled === undefined || scheduled.p99 <= sent.p99 * (1 + SCHEDULE_SHARE)) return []
  return [
    `The client or its concurrency limit delayed requests: p99 ${name} is ${ms(sent.p99)} from the send and ${ms(scheduled.p99)} from the schedule.`,
  ]
}

function ms(value: number): string {
  return `${number(value)} ms`
}

function number(value: number): string {
  return value.toLocaleString('en-US', { maximumFractionDigits: Math.abs(value) < 100 ? 1 : 0 })
}

function percent(share: number): string {
  return `${number(share * 100)} %`
}
