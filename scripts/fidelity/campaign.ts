import { appendFileSync, existsSync, readFileSync } from 'node:fs'
import { messageOf } from '../../src/errors.ts'
import { killAll } from './children.ts'
import { isDisturbed, watched } from './machine.ts'
import type { Others } from './machine.ts'
import { fixed } from './text.ts'

/** One measurement among many. */
export interface Job<Result> {
  /** Equal where the same is measured again. */
  readonly name: string
  /** So many results are wanted. */
  readonly repeats: number
  /** Whether a result counts only where nothing else ran on the machine. */
  readonly alone: boolean
  readonly run: () => Promise<Result>
  /** Its result in a line. */
  readonly tell: (result: Result) => string
}

export interface CampaignOptions {
  /** A file that keeps every result: a campaign that is called again goes on where it stood. */
  readonly results?: string | undefined
  /** No job begins later than this. */
  readonly seconds: number
}

/** A result, and what ran beside it where the system tells. */
export interface Measured<Result> {
  readonly result: Result
  readonly others?: Others | undefined
}

/** Results by name of their job, in the order in which they came. */
export type Results<Result> = ReadonlyMap<string, readonly Measured<Result>[]>

/** A line of a results file. */
type Line<Result> = Measured<Result> & { readonly name: string }

/** A job that wants to be alone is repeated so many times as often as wanted, at most. */
const ATTEMPTS = 3

/** End a campaign, and its processes with it. */
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

/** A job that failed is tried again so many times. */
const FAILURES = 3

/**
 * Measures in rounds, so that what disturbs the machine for a while meets all jobs alike, until every job has its results, time
 * is up or it is interrupted (Ctrl-C). What was measured before is kept, and comes back either way.
 */
export async function campaign<Result>(jobs: readonly Job<Result>[], { results, seconds }: CampaignOptions): Promise<Results<Result>> {
  const found = new Map<string, Measured<Result>[]>(jobs.map(({ name }) => [name, []]))
  if (results !== undefined && existsSync(results)) {
    const lines = readFileSync(results, 'utf8').split('\n')
    for (const line of lines.filter((text) => text !== '')) {
      const { name, ...measured } = JSON.parse(line) as Line<Result>
      found.get(name)?.push(measured)
    }
  }
  const endAt = performance.now() + seconds * 1000
  let interrupted = false
  const interrupt = (): void => {
    interrupted = true
    say('\ninterrupted: writing what was measured\n')
    killAll()
  }
  for (const signal of SIGNALS) process.on(signal, interrupt)
  process.once('exit', killAll)
  let failures = 0
  for (;;) {
    const job = nextOf(jobs, found)
    if (job === undefined || interrupted || performance.now() >= endAt) break
    const done = jobs.reduce((sum, one) => sum + Math.min(one.repeats, counting(one, found)), 0)
    say(`[${done + 1}/${jobs.reduce((sum, { repeats }) => sum + repeats, 0)}] ${job.name} … `)
    try {
      const [result, others] = await watched(job.run)
      found.get(job.name)!.push({ result, others })
      if (results !== undefined) appendFileSync(results, `${JSON.stringify({ name: job.name, result, others } satisfies Line<Result>)}\n`)
      say(`${job.tell(result)}${othersText(others)}\n`)
    } catch (error) {
      say(`failed: ${messageOf(error)}\n`)
      killAll()
      if (++failures === FAILURES) break
    }
  }
  for (const signal of SIGNALS) process.off(signal, interrupt)
  process.off('exit', killAll)
  return found
}

/** Whether a result was taken while something else ran on the machine. */
export function wasDisturbed({ others }: Measured<unknown>): boolean {
  return others !== undefined && isDisturbed(others)
}

/** Results of a job that count. */
function counting<Result>({ name, alone }: Job<Result>, found: Results<Result>): number {
  const all = found.get(name)!
  return alone ? all.filter((measured) => !wasDisturbed(measured)).length : all.length
}

/** Of the jobs that want more, the first that was measured least often. */
function nextOf<Result>(jobs: readonly Job<Result>[], found: Results<Result>): Job<Result> | undefined {
  const attempts = (job: Job<Result>): number => found.get(job.name)!.length
  return jobs
    .filter((job) => counting(job, found) < job.repeats && attempts(job) < ATTEMPTS * job.repeats)
    .reduce<Job<Result> | undefined>((least, job) => (least === undefined || attempts(job) < attempts(least) ? job : least), undefined)
}

function othersText(others: Others | undefined): string {
  if (others === undefined || !isDisturbed(others)) return ''
  const { seconds, busy, stolen } = others
  return ` (beside it, of ${fixed(seconds, 1)} s: other processes ${fixed(busy, 1)} s, other machines ${fixed(stolen)} s)`
}

function say(text: string): void {
  process.stdout.write(text)
}
