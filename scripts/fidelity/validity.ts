import type { Account } from './account.ts'
import { wasDisturbed } from './campaign.ts'
import type { Job, Results } from './campaign.ts'
import { rate, streams } from './load.ts'
import type { Load } from './load.ts'
import { measure } from './measure.ts'
import type { Disturbance } from './measure.ts'
import { newcomersRuns } from './newcomer.ts'
import { fixed, markdownTable } from './text.ts'

/** What the judgement of clients is measured with. */
export interface ValidityOptions {
  readonly build: string
  readonly truthd?: string | undefined
  /** Of all conditions together. */
  readonly runs: number
}

/** A run's verdict, and what is known of it from outside. */
export interface JudgedRun {
  readonly validity: string
  readonly reasons: readonly string[]
  /** p99 of the lag that the client claims, in ms. */
  readonly lag?: number | undefined
  readonly lateness?: number | undefined
  /** p99 of the true error of TTFT, and the largest that a valid run may have, in ms; absent where there is no truth. */
  readonly error?: number | undefined
  readonly allowed?: number | undefined
  readonly account?: Account | undefined
}

interface Condition {
  readonly name: string
  readonly loaded: boolean
  /** Left out: the newcomer's suite. */
  readonly load?: Load
  readonly disturbance?: Disturbance
}

/** Beyond this a valid run's TTFT is wrong: in ms, or as a share of it, whichever is longer. */
const ERROR_MS = 5
const ERROR_SHARE = 0.05

const FEW = streams(50, { requests: 250, tokens: 32, rampUp: 1 })
const SOME = streams(200, { requests: 600, tokens: 64, rampUp: 1 })
const PAUSED = streams(100, { requests: 500, tokens: 32, rampUp: 1 })

const CONDITIONS: readonly Condition[] = [
  { name: 'a newcomer’s first suite, embedded engine, all cores shared', loaded: false },
  { name: '20 streams', loaded: false, load: streams(20, { requests: 200, tokens: 32, rampUp: 1 }) },
  { name: '50 streams, TTFT 30 ms', loaded: false, load: { ...FEW, ttftMs: 30, itlMs: 10, requests: 500 } },
  { name: '50 streams, TTFT 500 ms', loaded: false, load: { ...FEW, ttftMs: 500, tokens: 16 } },
  { name: '100 streams', loaded: false, load: streams(100, { requests: 500, tokens: 32, rampUp: 1 }) },
  { name: '200 streams, TTFT 50 ms', loaded: false, load: { ...SOME, ttftMs: 50 } },
  { name: '400 streams', loaded: false, load: streams(400, { requests: 1600, tokens: 64, rampUp: 1 }) },
  { name: '20 requests/s, TTFT 30 ms', loaded: false, load: rate(20, 5, { tokens: 16, ttftMs: 30, itlMs: 10 }) },
  { name: '200 requests/s', loaded: false, load: rate(200, 5, { tokens: 16, ttftMs: 100, itlMs: 10 }) },
  { name: '1 hog, 50 streams', loaded: true, load: FEW, disturbance: { hogs: 1 } },
  { name: '2 hogs, 50 streams', loaded: true, load: FEW, disturbance: { hogs: 2 } },
  { name: '4 hogs, 50 streams', loaded: true, load: FEW, disturbance: { hogs: 4 } },
  { name: '1 hog of low priority, 50 streams', loaded: true, load: FEW, disturbance: { hogs: 1, nice: 10 } },
  { name: '2 hogs, 200 streams', loaded: true, load: SOME, disturbance: { hogs: 2 } },
  { name: '2 hogs, 50 streams, TTFT 500 ms', loaded: true, load: { ...FEW, ttftMs: 500, tokens: 16 }, disturbance: { hogs: 2 } },
  { name: '2 hogs, 100 requests/s', loaded: true, load: rate(100, 5, { tokens: 16, ttftMs: 100, itlMs: 10 }), disturbance: { hogs: 2 } },
  { name: '800 streams', loaded: true, load: streams(800, { requests: 2400, tokens: 64, rampUp: 1 }) },
  { name: '1,600 streams', loaded: true, load: streams(1600, { requests: 3200, tokens: 64, rampUp: 1 }) },
  { name: '400 streams at once', loaded: true, load: streams(400, { requests: 1600, tokens: 64, rampUp: 0 }) },
  { name: '2,000 requests/s', loaded: true, load: rate(2000, 4, { tokens: 8 }) },
  {
    name: 'stopped for 10 ms, five times a second',
    loaded: true,
    load: PAUSED,
    disturbance: { pause: { ms: 10, times: 15, everyMs: 200 } },
  },
  { name: 'stopped for 40 ms, five times', loaded: true, load: PAUSED, disturbance: { pause: { ms: 40, times: 5, everyMs: 500 } } },
  { name: 'stopped for 200 ms', loaded: true, load: PAUSED, disturbance: { pause: { ms: 200, times: 1, everyMs: 200 } } },
  { name: 'stopped for 1,500 ms', loaded: true, load: PAUSED, disturbance: { pause: { ms: 1500, times: 1, everyMs: 1500 } } },
]

/** The jobs that show what a verdict is worth; a job may give several runs. */
export function validityJobs({ build, truthd, runs }: ValidityOptions): Job<readonly JudgedRun[]>[] {
  const repeats = Math.ceil(runs / CONDITIONS.length)
  return CONDITIONS.map(({ name, loaded, load, disturbance }) => ({
    name,
    repeats,
    alone: !loaded,
    run: async () => {
      if (load === undefined) return await newcomersRuns()
      const server = truthd === undefined ? { build } : { truthd }
      return [judged(await measure({ server, client: { build }, load, disturbance }))]
    },
    tell: (found) => found.map(tell).join('; '),
  }))
}

function judged(account: Account): JudgedRun {
  const { client, all, trueTtftP99 } = account
  if (client === undefined || all === undefined || trueTtftP99 === undefined) throw new Error('no request can be compared with the truth')
  return {
    validity: client.validity,
    reasons: client.reasons,
    lag: client.lag?.p99,
    lateness: client.lateness?.p99,
    error: all.ttft.p99,
    allowed: Math.max(ERROR_MS, ERROR_SHARE * trueTtftP99),
    account,
  }
}

function tell({ validity, error, allowed = Infinity, lag, reasons }: JudgedRun): string {
  const wrong = validity === 'valid' && error !== undefined && error > allowed
  return [
    `${wrong ? 'WRONGLY ' : ''}${validity}`,
    ...(error === undefined ? [] : [`error ${fixed(error)} ms`]),
    ...(lag === undefined ? [] : [`lag ${fixed(lag)} ms`]),
    ...reasons,
  ].join(', ')
}

/** The report of the judgement's measurement, as Markdown without a heading. */
export function validityReport(results: Results<readonly JudgedRun[]>): string {
  const disturbed: JudgedRun[] = []
  const listed = CONDITIONS.map(({ name, loaded }) => {
    const all = results.get(name) ?? []
    if (!loaded) disturbed.push(...all.filter(wasDisturbed).flatMap(({ result }) => result))
    return { name, loaded, runs: all.filter((measured) => loaded || !wasDisturbed(measured)).flatMap(({ result }) => result) }
  })
  const beside = { name: 'the above, other work on the machine beside it', loaded: true, runs: disturbed }
  const rows = [...listed, beside].filter(({ runs }) => runs.length > 0)
  const all = rows.flatMap(({ runs }) => runs)
  const free = rows.filter(({ loaded }) => !loaded).flatMap(({ runs }) => runs)
  const wrong = all.filter(({ validity, error = 0, allowed = Infinity }) => validity === 'valid' && error > allowed).length
  const valid = free.filter(({ validity }) => validity === 'valid').length
  return [
    markdownTable(
      ['', 'runs', 'error at p99, ms: least to most', 'lag at p99, ms', 'valid', 'of these wrongly', 'degraded', 'client-bound'],
      [...tableOf('unloaded', rows, false), ...tableOf('overloaded', rows, true)],
    ),
    `${all.length} runs: ${wrong} called valid ${wrong === 1 ? 'was' : 'were'} not. ` +
      `Of ${free.length} unloaded ones, ${valid} (${fixed((100 * valid) / free.length, 1)} %) were called valid.\n`,
  ].join('\n')
}

type Row = Pick<Condition, 'name' | 'loaded'> & { readonly runs: readonly JudgedRun[] }

function tableOf(title: string, rows: readonly Row[], loaded: boolean): string[][] {
  const lines = rows
    .filter((row) => row.loaded === loaded)
    .map(({ name, runs }) => {
      const count = (verdict: string): string => String(runs.filter(({ validity }) => validity === verdict).length)
      const wrong = runs.filter(({ validity, error = 0, allowed = Infinity }) => validity === 'valid' && error > allowed).length
      return [
        name,
        String(runs.length),
        range(runs.map(({ error }) => error)),
        range(runs.map(({ lag }) => lag)),
        count('valid'),
        String(wrong),
        count('degraded'),
        count('client-bound'),
      ]
    })
  return lines.length === 0 ? [] : [[`**${title}**`, '', '', '', '', '', '', ''], ...lines]
}

function range(values: readonly (number | undefined)[]): string {
  const known = values.filter((value) => value !== undefined)
  return known.length === 0 ? '–' : `${fixed(Math.min(...known), 1)} to ${fixed(Math.max(...known), 1)}`
}
