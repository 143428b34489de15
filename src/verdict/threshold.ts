import { show } from '../dsl/options.ts'
import { LlmBenchError } from '../errors.ts'
import type { MetricUnit } from '../metrics/metric-names.ts'
import { limitText, tidy } from './format.ts'

/** One bound on one figure. */
export interface Threshold {
  readonly direction: 'min' | 'max'
  /** Whether the limit itself breaks it (`<`, `>`). */
  readonly strict: boolean
  /** In the metric's unit; shares as 0 to 1. */
  readonly limit: number
  readonly operator: Operator
  /** Canonical: `<= 200ms`, `>= 1500 tok/s`, `>= 99%`. */
  readonly text: string
}

type Operator = '<=' | '<' | '>=' | '>'

/** What a threshold is about: its name in messages, its unit, and the bound that a bare number is. */
export interface ThresholdSubject {
  readonly name: string
  readonly unit: MetricUnit
  readonly direction: 'min' | 'max'
}

interface UnitFamily {
  /** What the metric's values are, for messages. */
  readonly of: string
  /** How much one of each unit is in the metric's own. */
  readonly factors: Readonly<Record<string, number>>
  /** An amount with its unit, for messages. */
  readonly sample: string
}

const UNITS: Readonly<Record<MetricUnit, UnitFamily>> = {
  // 'µs' twice: the micro sign and the Greek letter look alike.
  ms: { of: 'a time', factors: { ms: 1, s: 1000, us: 0.001, '\u00b5s': 0.001, '\u03bcs': 0.001 }, sample: '200ms' },
  'tok/s': { of: 'tokens per second', factors: { 'tok/s': 1, 'tokens/s': 1 }, sample: '1500 tok/s' },
  'req/s': { of: 'requests per second', factors: { 'req/s': 1, 'requests/s': 1, rps: 1 }, sample: '10 req/s' },
  '%': { of: 'a share', factors: { '%': 0.01 }, sample: '99%' },
}

const DIRECTION_OF: Readonly<Record<Operator, 'min' | 'max'>> = { '<=': 'max', '<': 'max', '>=': 'min', '>': 'min' }
const THRESHOLD = /^\s*(<=|>=|<|>)?\s*(\d+(?:\.\d+)?(?:e[+-]?\d+)?)\s*(\S.*?)?\s*$/i

/**
 * Reads a threshold: text with an operator and a unit (`'<= 200ms'`, `'>= 99%'`), a bare number (ms, tokens/s, requests/s or
 * a share of 1; at most for latencies, at least for the rest), or `{ min }`, `{ max }`, `{ min, max }` of numbers or amounts.
 * @returns one bound, or two for `{ min, max }`
 * @throws {LlmBenchError} `INVALID_THRESHOLD`: says what is allowed
 */
export function parseThresholds(input: unknown, subject: ThresholdSubject): Threshold[] {
  if (typeof input === 'number') return [bound(defaultOperator(subject), numberLimit(input, input, subject), subject)]
  if (typeof input === 'string') {
    const { operator, limit } = parseText(input, subject)
    return [bound(operator ?? defaultOperator(subject), limit, subject)]
  }
  if (typeof input === 'object' && input !== null && !Array.isArray(input)) return parseRange(input, subject)
  throw invalid(input, subject, usage(subject))
}

/** Whether a figure keeps a threshold. */
export function holds(measured: number, { direction, strict, limit }: Threshold): boolean {
  if (measured === limit) return !strict
  return direction === 'min' ? measured > limit : measured < limit
}

/** Share of the limit by which a figure keeps (+) or breaks (−) it; undefined for a limit of zero. */
export function marginOf(measured: number, { direction, limit }: Threshold): number | undefined {
  if (limit === 0) return undefined
  return (direction === 'min' ? measured - limit : limit - measured) / limit
}

function parseRange(range: object, subject: ThresholdSubject): Threshold[] {
  const entries = Object.entries(range)
  const stranger = entries.find(([key]) => key !== 'min' && key !== 'max')
  if (stranger) throw invalid(range, subject, `\`${stranger[0]}\` is no bound; it takes { min }, { max } or { min, max }`)
  if (entries.length === 0) throw invalid(range, subject, 'give it { min }, { max } or { min, max }')
  const bounds = entries.map(([key, amount]: [string, unknown]) =>
    bound(key === 'min' ? '>=' : '<=', parseAmount(amount, { ...subject, name: `${subject.name}.${key}` }), subject),
  )
  const [min, max] = [bounds.find(({ direction }) => direction === 'min'), bounds.find(({ direction }) => direction === 'max')]
  if (min && max && min.limit > max.limit) throw invalid(range, subject, 'no figure is at least `min` and at most `max`')
  return bounds
}

function parseAmount(amount: unknown, subject: ThresholdSubject): number {
  if (typeof amount === 'number') return numberLimit(amount, amount, subject)
  const { sample } = UNITS[subject.unit]
  if (typeof amount !== 'string') throw invalid(amount, subject, `expected a number or an amount such as '${sample}'`)
  const { operator, limit } = parseText(amount, subject)
  if (operator) throw invalid(amount, subject, `\`min\` and \`max\` say the direction already: leave ${operator} out`)
  return limit
}

function parseText(text: string, subject: ThresholdSubject): { operator: Operator | undefined; limit: number } {
  const match = THRESHOLD.exec(text)
  if (!match) throw invalid(text, subject, usage(subject))
  const { of, factors, sample } = UNITS[subject.unit]
  const operator = match[1] as Operator | undefined
  const amount = Number(match[2])
  const unit = match[3]
  if (unit === undefined) {
    if (subject.unit === 'ms') throw invalid(text, subject, `it lacks its unit: write ${match[2]}ms or ${match[2]}s`)
    return { operator, limit: numberLimit(amount, text, subject) }
  }
  const factor = Object.hasOwn(factors, unit) ? factors[unit] : undefined
  if (factor === undefined) {
    const allowed = Object.keys(factors).filter((name) => name !== '\u03bcs')
    throw invalid(
      text,
      subject,
      `\`${unit}\` is no unit of ${of}; write ${allowed.join(', ')}, as in '${operator ?? defaultOperator(subject)} ${sample}'`,
    )
  }
  return { operator, limit: numberLimit(tidy(amount * factor), text, subject) }
}

function numberLimit(limit: number, input: unknown, subject: ThresholdSubject): number {
  if (!Number.isFinite(limit) || limit < 0) throw invalid(input, subject, 'expected a finite number from 0')
  if (subject.unit === '%' && limit > 1) {
    const hint = limit <= 100 ? `: write ${tidy(limit / 100)} or '${tidy(limit)}%'` : ''
    throw invalid(input, subject, `a share lies between 0 and 1, or 0% and 100%${hint}`)
  }
  return limit
}

function bound(operator: Operator, limit: number, { unit }: ThresholdSubject): Threshold {
  return {
    direction: DIRECTION_OF[operator],
    strict: operator.length === 1,
    limit,
    operator,
    text: `${operator} ${limitText(limit, unit)}`,
  }
}

function defaultOperator({ direction }: ThresholdSubject): Operator {
  return direction === 'min' ? '>=' : '<='
}

function usage(subject: ThresholdSubject): string {
  return `expected a threshold such as '${defaultOperator(subject)} ${UNITS[subject.unit].sample}', a number, { min } or { max }`
}

function invalid(input: unknown, { name }: ThresholdSubject, why: string): LlmBenchError {
  return new LlmBenchError('INVALID_THRESHOLD', `\`${name}\` is ${typeof input === 'string' ? `'${input}'` : show(input)}: ${why}`)
}
