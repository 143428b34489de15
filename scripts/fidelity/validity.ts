import type { Account } from './account.ts'
import { wasDisturbed } from './campaign.ts'
import type { Job, Measured, Results } from './campaign.ts'
import { CONDITIONS } from './conditions.ts'
import { measure } from './measure.ts'
import { newcomersRuns } from './newcomer.ts'
import { fixed, markdownTable } from './text.ts'

/** What the judgement of clients is measured with. */
export interface ValidityOptions {
  readonly build: string
  readonly truthd?: string | undefined
  /** Of all conditions together. */
  readonly runs: number
}

/** A run's verdict. */
export interface JudgedRun {
  readonly validity: string
  readonly reasons: readonly string[]
  /** p99 of the lag that the client claims, in ms. */
  readonly lag?: number | undefined
  /** What is known of it from outside; absent where there is no truth. */
  readonly account?: Account | undefined
}

/** Beyond this a valid run's p99 TTFT is wrong: in ms, or as a share of it, whichever is longer. */
const ERROR_MS = 5
const ERROR_SHARE = 0.05

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
  const { client } = account
  if (client === undefined || account.all === undefined) throw new Error('no request can be compared with the truth')
  return { validity: client.validity, reasons: client.reasons, lag: client.lag?.p99, account }
}

function tell({ validity, lag, reasons, account }: JudgedRun): string {
  return [
    validity,
    ...(account?.all ? [`error ${fixed(account.all.ttft.p99)} ms`] : []),
    ...(lag === undefined ? [] : [`lag ${fixed(lag)} ms`]),
    ...reasons,
  ].join(', ')
}

/** A run as a row of the report counts it. */
interface Line extends JudgedRun {
  /** p99 of its error of TTFT, in ms; absent where there is no truth. */
  readonly error?: number | undefined
  /** Whether it was called valid, and is not. */
  readonly wrong: boolean
}

interface Row {
  readonly name: string
  readonly loaded: boolean
  readonly lines: readonly Line[]
}

/** The report of the judgement's measurement, as Markdown without a heading. */
export function validityReport(results: Results<readonly JudgedRun[]>): string {
  const beside: Line[] = []
  const listed = CONDITIONS.map(({ name, loaded }): Row => {
    const all = results.get(name) ?? []
    if (!loaded) beside.push(...all.filter(wasDisturbed).flatMap(linesOf))
    return { name, loaded, lines: all.filter((measured) => loaded || !wasDisturbed(measured)).flatMap(linesOf) }
  })
  const rows = [...listed, { name: 'unloaded conditions, other work on the machine beside them', loaded: true, lines: beside }]
  const all = rows.flatMap(({ lines }) => lines)
  const free = rows.filter(({ loaded }) => !loaded).flatMap(({ lines }) => lines)
  const wrong = all.filter((line) => line.wrong).length
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

/** Where something else took the cores it took the server's too, and requests that lay unread there are no fault of the client: what it read late is. */
function linesOf(measured: Measured<readonly JudgedRun[]>): Line[] {
  return measured.result.map((run) => {
    const { account, validity } = run
    const error = (wasDisturbed(measured) ? account?.read : account?.all?.ttft)?.p99
    const allowed = Math.max(ERROR_MS, ERROR_SHARE * (account?.trueTtftP99 ?? 0))
    return { ...run, error, wrong: validity === 'valid' && error !== undefined && error > allowed }
  })
}

function tableOf(title: string, rows: readonly Row[], loaded: boolean): string[][] {
  const lines = rows
    .filter((row) => row.loaded === loaded && row.lines.length > 0)
    .map(({ name, lines }) => {
      const count = (verdict: string): string => String(lines.filter(({ validity }) => validity === verdict).length)
      return [
        name,
        String(lines.length),
        range(lines.map(({ error }) => error)),
        range(lines.map(({ lag }) => lag)),
        count('valid'),
        String(lines.filter(({ wrong }) => wrong).length),
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
