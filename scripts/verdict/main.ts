/**
 * Shows how often a verdict against a baseline is wrong, on simulated runs whose true change is known: the statistics and the rule of
 * stopping are the matchers' own. Prints progress and a report, and writes the report as Markdown.
 * @module
 */
import { parseArgs } from 'node:util'
import { messageOf } from '../../src/errors.ts'
import { writeReport } from '../report-file.ts'
import { createRandom } from '../../src/datasets/sampling.ts'
import { keptTargets, SCENARIOS, verdictReport } from './report.ts'
import type { Cell } from './report.ts'
import { simulate } from './simulate.ts'

const USAGE = `npm run bench:verdict -- [options]

  --runs N      comparisons of each row (default: 4000)
  --seed N      where the random numbers begin (default: 1)
  --out FILE    where the report goes: between its lines <!-- measured --> and <!-- end -->, where it has them
  --help

Exits with 1 where a target of the report is missed.`

const OPTIONS = {
  runs: { type: 'string', default: '4000' },
  seed: { type: 'string', default: '1' },
  out: { type: 'string' },
  help: { type: 'boolean', default: false },
} as const

try {
  await main()
} catch (error) {
  process.stderr.write(`${messageOf(error)}\n`)
  process.exitCode = 1
}

async function main(): Promise<void> {
  const { values } = parseArgs({ options: OPTIONS })
  if (values.help) {
    process.stdout.write(`${USAGE}\n`)
    return
  }
  const [runs, seed] = [wholeNumber(values.runs, 'runs'), wholeNumber(values.seed, 'seed')]
  const cells: Cell[] = []
  for (const [i, scenario] of SCENARIOS.entries()) {
    const { variation, change, metrics } = scenario
    process.stderr.write(
      `${i + 1}/${SCENARIOS.length}: runs differ by ${variation * 100} %, change ${change * 100} %, metrics ${metrics}\n`,
    )
    // Rows of their own seeds: each comes out the same whatever stands before it.
    cells.push({ scenario, outcome: await simulate(scenario, runs, createRandom(seed, i)) })
  }
  const report = verdictReport(cells, seed)
  process.stdout.write(report)
  if (values.out !== undefined) writeReport(values.out, report)
  if (keptTargets(cells).some(({ kept }) => !kept)) process.exitCode = 1
}

/** @throws {Error} where it is none, or not above 0 */
function wholeNumber(text: string, option: string): number {
  const value = Number(text)
  if (Number.isSafeInteger(value) && value > 0) return value
  throw new Error(`--${option} is ${JSON.stringify(text)}: expected a whole number above 0`)
}
