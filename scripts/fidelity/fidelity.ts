import { basename, dirname } from 'node:path'
import type { Account, GapsAccount } from './account.ts'
import { wasDisturbed } from './campaign.ts'
import type { Job, Results } from './campaign.ts'
import { rate, streams } from './load.ts'
import type { Load } from './load.ts'
import { measure } from './measure.ts'
import type { Measurement } from './measure.ts'
import { median } from './spread.ts'
import type { Spread } from './spread.ts'
import { fixed, markdownTable, milliseconds, spreadText } from './text.ts'

/** What the load generator is measured with. */
export interface FidelityOptions {
  /** Absolute folders. */
  readonly builds: readonly string[]
  readonly truthd?: string | undefined
  readonly climit?: string | undefined
  readonly streams: readonly number[]
  readonly repeats: number
}

type Against = 'simulator' | 'truthd'

/** A case: what is measured of every client. */
interface Case {
  readonly title: string
  readonly load: Load
  readonly kind: 'streams' | 'burst' | 'flood' | 'openLoop'
}

const FLOOD: Case = {
  kind: 'flood',
  title: 'flood',
  load: { arrivals: { kind: 'streams', streams: 64, rampUp: 0 }, requests: 640, tokens: 1500, ttftMs: 0, itlMs: 0 },
}
const BURST: Case = { kind: 'burst', title: '400 streams, no ramp-up', load: streams(400, { rampUp: 0 }) }
const OPEN_LOOP: Case = { kind: 'openLoop', title: '1,000 requests/s', load: rate(1000, 30) }

/** The jobs of a fidelity benchmark. */
export function fidelityJobs(options: FidelityOptions): Job<Account>[] {
  return casesOf(options).flatMap((one) =>
    serversOf(options).flatMap((against) =>
      clientsOf(options, one, against).map(([name, client]) => ({
        name: nameOf(one, against, name),
        repeats: options.repeats,
        alone: true,
        run: () => measure({ server: serverOf(options, against, client), client, load: one.load }),
        tell,
      })),
    ),
  )
}

function casesOf({ streams: counts }: FidelityOptions): Case[] {
  const steady = counts.map((count): Case => ({ kind: 'streams', title: `${count} streams`, load: streams(count) }))
  return [...steady, BURST, FLOOD, OPEN_LOOP]
}

function serversOf({ truthd }: FidelityOptions): Against[] {
  return truthd === undefined ? ['simulator'] : ['truthd', 'simulator']
}

function serverOf(options: FidelityOptions, against: Against, client: Measurement['client']): Measurement['server'] {
  if (against === 'truthd') return { truthd: options.truthd! }
  return { build: 'build' in client ? client.build : options.builds[0]! }
}

function clientsOf({ builds, climit }: FidelityOptions, { kind }: Case, against: Against): [name: string, client: Measurement['client']][] {
  const ours = builds.map((build): [string, Measurement['client']] => [
    builds.length === 1 ? 'ours' : `ours, ${basename(dirname(build))}`,
    { build },
  ])
  if (against === 'simulator' || (kind !== 'streams' && kind !== 'burst')) return ours
  // They lose an event that is split over two reads, of which a flood has many, and then wait for ever. They know no open loop.
  const bare: [string, Measurement['client']][] = kind === 'streams' ? [['bare Node client', { bare: true }]] : []
  return [...(climit === undefined ? [] : [['C client', { climit }] as [string, Measurement['client']]]), ...bare, ...ours]
}

function nameOf({ title }: Case, against: Against, client: string): string {
  return `${title}, ${client}, against ${against}`
}

function tell({ cpuMicrosPerToken, steady, openLoop, client, failed }: Account): string {
  return [
    `${fixed(cpuMicrosPerToken)} µs a token`,
    ...(steady ? [`TTFT error ${spreadText(steady.ttft)} ms`] : []),
    ...(openLoop ? [`late ${spreadText(openLoop.lateness)} ms`] : []),
    ...(client ? [client.validity] : []),
    ...(failed > 0 ? [`${failed} requests failed or differ`] : []),
  ].join(', ')
}

/** The report of a fidelity benchmark, as Markdown without a heading. */
export function fidelityReport(options: FidelityOptions, results: Results<Account>): string {
  const cases = casesOf(options)
  const of = (one: Case, against: Against, client: string): readonly Account[] => {
    const all = results.get(nameOf(one, against, client)) ?? []
    const undisturbed = all.filter((measured) => !wasDisturbed(measured))
    return (undisturbed.length > 0 ? undisturbed : all).map(({ result }) => result)
  }
  const rows = (kind: Case['kind'], against: Against): { one: Case; client: string; runs: readonly Account[] }[] =>
    cases
      .filter((one) => one.kind === kind)
      .flatMap((one) => clientsOf(options, one, against).map(([client]) => ({ one, client, runs: of(one, against, client) })))
      .filter(({ runs }) => runs.length > 0)
  const sections = serversOf(options).flatMap((against) => [
    `## Against ${against === 'truthd' ? 'an external ground-truth server' : 'the simulator'}\n`,
    streamsTable(rows('streams', against), (one) => of(one, against, 'C client')),
    ...(against === 'simulator' ? [simulatorTable(rows('streams', against))] : []),
    burstTable(rows('burst', against)),
    floodTable(rows('flood', against)),
    openLoopTable(rows('openLoop', against)),
  ])
  return [...sections.filter((section) => section !== ''), disturbedNote(results)].join('\n')
}

function disturbedNote(results: Results<Account>): string {
  const all = [...results.values()]
  const disturbed = all.reduce((sum, runs) => sum + runs.filter(wasDisturbed).length, 0)
  if (disturbed === 0) return ''
  const only = Array.from(results, ([name, runs]) => (runs.length > 0 && runs.every(wasDisturbed) ? [name] : [])).flat()
  return [
    `${disturbed} of ${all.flat().length} runs were left out because other processes or other machines took a part of the cores meanwhile`,
    `${only.length === 0 ? '' : `, but not where there was no other: ${only.join('; ')}`}.\n`,
  ].join('')
}

type Row = { readonly one: Case; readonly client: string; readonly runs: readonly Account[] }

function streamsTable(rows: readonly Row[], limitOf: (one: Case) => readonly Account[]): string {
  return markdownTable(
    [
      'streams × 50 tokens/s',
      'client',
      'CPU µs a token: worker (process)',
      '× C',
      'TTFT error ms: p50 / p99 / max',
      'ITL error ms: p50 / p99 / max',
      'E2E error ms: p50 / p99 / max',
      'schedule lag p99 ms',
      'says',
      'runs',
    ],
    rows.map(({ one, client, runs }) => {
      const cpu = medianOf(runs, ({ cpuMicrosPerToken }) => cpuMicrosPerToken)
      const limit = medianOf(limitOf(one), ({ cpuMicrosPerToken }) => cpuMicrosPerToken)
      return [
        one.title.replace(' streams', ''),
        client,
        `${fixed(cpu)} (${fixed(medianOf(runs, ({ processMicrosPerToken }) => processMicrosPerToken))})`,
        Number.isNaN(limit) ? '' : fixed(cpu / limit),
        medianSpread(runs, ({ steady }) => steady?.ttft),
        medianSpread(runs, ({ steady }) => steady?.itl, 3),
        medianSpread(runs, ({ steady }) => steady?.e2e),
        milliseconds(medianOf(runs, (run) => run.client?.lag?.p99)),
        verdicts(runs),
        String(runs.length),
      ]
    }),
  )
}

/** How the simulator kept its own plan. */
function simulatorTable(rows: readonly Row[]): string {
  return markdownTable(
    ['the simulator at', 'events/s', 'writes later than planned, ms: p50 / p99 / max'],
    rows.map(({ one, runs }) => [
      one.title,
      Math.round(medianOf(runs, ({ tokensPerSecond }) => tokensPerSecond)).toLocaleString('en-US'),
      medianSpread(runs, ({ sendDelayMs }) => sendDelayMs),
    ]),
  )
}

function burstTable(rows: readonly Row[]): string {
  return markdownTable(
    ['all clients at once', 'client', 'first wave, TTFT error ms: p50 / p99 / max', 'afterwards', 'says', 'runs'],
    rows.map(({ one, client, runs }) => [
      one.title,
      client,
      medianSpread(runs, ({ firstWave }) => firstWave?.ttft),
      medianSpread(runs, ({ steady }) => steady?.ttft),
      verdicts(runs),
      String(runs.length),
    ]),
  )
}

function floodTable(rows: readonly Row[]): string {
  return markdownTable(
    ['as fast as the server can, 64 connections', 'events/s', 'CPU µs a token: worker (process)', 'runs'],
    rows.map(({ client, runs }) => [
      client,
      Math.round(medianOf(runs, ({ tokensPerSecond }) => tokensPerSecond)).toLocaleString('en-US'),
      `${fixed(medianOf(runs, ({ cpuMicrosPerToken }) => cpuMicrosPerToken))} (${fixed(medianOf(runs, ({ processMicrosPerToken }) => processMicrosPerToken))})`,
      String(runs.length),
    ]),
  )
}

function openLoopTable(rows: readonly Row[]): string {
  return markdownTable(
    [
      'open loop, 30 s',
      'sent later than scheduled, ms: p50 / p99 / max',
      'achieved rate − asked',
      'gaps as scheduled against Poisson: KS distance (p; of 1,000 gaps)',
      'gaps as sent',
      'TTFT error ms: p50 / p99 / max',
      'says',
      'runs',
    ],
    rows.map(({ one, client, runs }) => [
      `${one.title}, ${client}`,
      medianSpread(runs, ({ openLoop }) => openLoop?.lateness),
      `${fixed(100 * medianOf(runs, ({ openLoop }) => openLoop?.rateError), 3)} %`,
      kolmogorovText(runs, ({ openLoop }) => openLoop?.scheduledGaps),
      kolmogorovText(runs, ({ openLoop }) => openLoop?.sentGaps),
      medianSpread(runs, ({ all }) => all?.ttft),
      verdicts(runs),
      String(runs.length),
    ]),
  )
}

function kolmogorovText(runs: readonly Account[], of: (run: Account) => GapsAccount | undefined): string {
  const part = (key: keyof GapsAccount): number => medianOf(runs, (run) => of(run)?.[key])
  return `${fixed(part('distance'), 4)} (${fixed(part('p'))}; ${fixed(part('pOfSome'))})`
}

function medianSpread(runs: readonly Account[], of: (run: Account) => Spread | undefined, digits = 2): string {
  const part = (key: keyof Spread): number => medianOf(runs, (run) => of(run)?.[key])
  return spreadText({ p50: part('p50'), p99: part('p99'), max: part('max') }, digits)
}

function medianOf(runs: readonly Account[], of: (run: Account) => number | undefined): number {
  return median(runs.map(of).filter((value) => value !== undefined))
}

function verdicts(runs: readonly Account[]): string {
  const counts = Map.groupBy(runs, ({ client }) => client?.validity ?? '')
  counts.delete('')
  return Array.from(counts, ([validity, { length }]) => (length === runs.length ? validity : `${length} × ${validity}`)).join(', ')
}
