import { appendFileSync, existsSync, readFileSync } from 'node:fs'
import { messageOf } from '../../src/errors.ts'
import { killAll } from './children.ts'

/** One measurement among many. */
export interface Job<Result> {
  /** Equal where the same is measured again. */
  readonly name: string
  /** Of the results that a job of this name has, so many are wanted. */
  readonly repeats: number
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

/** Results by name of their job, in the order in which they came. */
export type Results<Result> = ReadonlyMap<string, readonly Result[]>

interface Line<Result> {
  readonly name: string
  readonly result: Result
}

/** A job that failed is tried again so many times. */
const FAILURES = 3

/**
 * Measures in rounds, so that what disturbs the machine for a while meets all jobs alike, until every job has its results, time
 * is up or Ctrl-C is pressed. What was measured before is kept, and comes back either way.
 */
export async function campaign<Result>(jobs: readonly Job<Result>[], { results, seconds }: CampaignOptions): Promise<Results<Result>> {
  const found = new Map<string, Result[]>(jobs.map(({ name }) => [name, []]))
  if (results !== undefined && existsSync(results)) {
    const lines = readFileSync(results, 'utf8').split('\n')
    for (const line of lines.filter((text) => text !== '')) {
      const { name, result } = JSON.parse(line) as Line<Result>
      found.get(name)?.push(result)
    }
  }
  const endAt = performance.now() + seconds * 1000
  let interrupted = false
  const interrupt = (): void => {
    interrupted = true
    say('\ninterrupted: writing what was measured\n')
    killAll()
  }
  process.once('SIGINT', interrupt)
  let failures = 0
  for (;;) {
    const job = nextOf(jobs, found)
    if (job === undefined || interrupted || performance.now() >= endAt) break
    const done = jobs.reduce((sum, { name, repeats }) => sum + Math.min(repeats, found.get(name)!.length), 0)
    say(`[${done + 1}/${jobs.reduce((sum, { repeats }) => sum + repeats, 0)}] ${job.name} … `)
    try {
      const result = await job.run()
      found.get(job.name)!.push(result)
      if (results !== undefined) appendFileSync(results, `${JSON.stringify({ name: job.name, result } satisfies Line<Result>)}\n`)
      say(`${job.tell(result)}\n`)
    } catch (error) {
      say(`failed: ${messageOf(error)}\n`)
      killAll()
      if (++failures === FAILURES) break
    }
  }
  process.off('SIGINT', interrupt)
  return found
}

/** Of the jobs that want more, the first with the fewest results. */
function nextOf<Result>(jobs: readonly Job<Result>[], found: Results<Result>): Job<Result> | undefined {
  const count = (job: Job<Result>): number => found.get(job.name)!.length
  return jobs
    .filter((job) => count(job) < job.repeats)
    .reduce<Job<Result> | undefined>((least, job) => (least === undefined || count(job) < count(least) ? job : least), undefined)
}

function say(text: string): void {
  process.stdout.write(text)
}
