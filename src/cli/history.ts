import { z } from 'zod'
import { renderHistories } from '../../reporters/terminal/history.ts'
import { terminalStyle } from '../../reporters/terminal/style.ts'
import { boolean, parseOptions } from '../dsl/options.ts'
import { LlmBenchError } from '../errors.ts'
import { readBaselines } from '../files/baselines.ts'
import { listResultsFolders } from '../files/results.ts'
import { readSamples } from '../files/samples.ts'
import { checkHold } from '../verdict/check-hold.ts'
import { historyOf } from '../verdict/history.ts'
import type { RunSample } from '../verdict/run-sample.ts'
import { benchField, checkBenchNames, isMeant, placeFields, placeOf, resultsField } from './baselines/places.ts'
import { PROGRAM } from './command.ts'
import type { Command } from './command.ts'
import { describeFlags, flagsOf, parseArguments } from './flags.ts'

const COMMAND = `${PROGRAM} history`
/** Version of what `--json` writes. */
const HISTORY_VERSION = 1

const schema = z.strictObject({
  ...benchField,
  metric: z
    .array(z.string())
    .default([])
    .describe('a metric such as ttft.p99; several times (default: those that toHoldBaseline() compares)'),
  json: boolean.default(false).describe('print JSON'),
  ...placeFields,
  ...resultsField,
})

/** `history`: the runs of each baseline, and those of the results of the same cohort. */
export const history: Command = {
  name: 'history',
  summary: 'list and plot the runs of baselines, and later ones of the same cohorts',
  help,
  async run(args) {
    const options = parseOptions(schema, parseArguments(args, flagsOf(schema), COMMAND).options, COMMAND)
    const folder = placeOf(options.root, options.baselines)
    const stored = (await readBaselines(folder)).map(({ baseline }) => baseline)
    if (stored.length === 0)
      throw new LlmBenchError('BASELINE', `${COMMAND}: there is no baseline in ${folder}: \`vitest bench -u\` writes them`)
    const benches = stored.map(({ bench }) => bench)
    checkBenchNames(options.bench, benches, COMMAND)
    // What it may change by is of no matter here.
    const metrics = Object.fromEntries(options.metric.flatMap((text) => text.split(',')).map((name) => [name.trim(), '1%']))
    const hold = checkHold({ ...metrics, allowFewSamples: true, quality: false }, COMMAND)
    const { samples, unreadable } = await measuredRuns(placeOf(options.root, options.results))
    const histories = stored.filter(({ bench }) => isMeant(options.bench, bench)).map((baseline) => historyOf(baseline, samples, hold))
    const text = options.json
      ? `${JSON.stringify({ version: HISTORY_VERSION, benches: histories }, null, 2)}\n`
      : renderHistories(histories, terminalStyle())
    process.stdout.write(text)
    for (const problem of unreadable) process.stderr.write(`${COMMAND}: left out: ${problem}\n`)
    return 0
  },
}

/** What is in the results; what can't be read is told, and hides no more than itself. */
async function measuredRuns(home: string): Promise<{ samples: RunSample[]; unreadable: string[] }> {
  const unreadable: string[] = []
  const folders = await listResultsFolders(home)
  const samples = await Promise.all(
    folders.map((folder) =>
      readSamples(folder).catch((error: unknown) => {
        if (!(error instanceof LlmBenchError)) throw error
        unreadable.push(error.message)
        return []
      }),
    ),
  )
  return { samples: samples.flat(), unreadable }
}

function help(): string {
  return [
    `${COMMAND} [options]`,
    '',
    'For each baseline its runs (accepted), and the runs of the results that are of the same bench and cohort: measured ones, which',
    '`accept` would take, and degraded, client-bound and cut-short ones, which it would not. A plot goes from the oldest to the newest.',
    '',
    describeFlags(flagsOf(schema)),
  ].join('\n')
}
