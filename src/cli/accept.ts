import { z } from 'zod'
import { counted } from '../counted.ts'
import { BASELINE_DEFAULTS } from '../dsl/plugin-options.ts'
import { nonEmptyString, parseOptions, wholeNumber } from '../dsl/options.ts'
import { LlmBenchError } from '../errors.ts'
import { readBaselines, writeBaseline } from '../files/baselines.ts'
import { LATEST, toRootRelative } from '../files/results.ts'
import { readSamples } from '../files/samples.ts'
import { acceptRuns } from '../verdict/baseline.ts'
import type { Acceptance } from '../verdict/baseline.ts'
import { cohortDigest } from '../verdict/cohort.ts'
import { isSameBench } from '../verdict/run-sample.ts'
import type { RunSample } from '../verdict/run-sample.ts'
import { benchField, checkBenchNames, isMeant, placeFields, placeOf, resultsField } from './baselines/places.ts'
import { PROGRAM } from './command.ts'
import type { Command } from './command.ts'
import { describeFlags, flagsOf, parseArguments } from './flags.ts'

const COMMAND = `${PROGRAM} accept`

const schema = z.strictObject({
  ...benchField,
  keep: wholeNumber(1).default(BASELINE_DEFAULTS.keep).describe('runs that a baseline keeps; the oldest go'),
  ...placeFields,
  ...resultsField,
})

/** `accept`: takes runs of a results folder into the rolling baselines of their cohorts. */
export const accept: Command = {
  name: 'accept',
  summary: 'take the runs of a results folder into the baselines of their cohorts',
  help,
  async run(args) {
    const { options: given, operands } = parseArguments(args, flagsOf(schema), COMMAND, 1)
    const options = parseOptions(schema, given, COMMAND)
    const folder = placeOf(options.root, options.baselines)
    const from = operands[0] === undefined ? placeOf(options.root, `${options.results}/${LATEST}`) : nonEmptyString.parse(operands[0])
    const samples = await readSamples(from)
    checkBenchNames(
      options.bench,
      samples.map(({ bench }) => bench),
      COMMAND,
    )
    const stored = await readBaselines(folder)
    const wanted = samples.filter(({ bench }) => isMeant(options.bench, bench))
    let taken = 0
    for (const runs of Map.groupBy(wanted, keyOf).values()) {
      const { bench, cohort } = runs[0]!
      const before = stored.find(
        ({ baseline }) => isSameBench(baseline.bench, bench) && cohortDigest(baseline.cohort) === cohortDigest(cohort),
      )
      const acceptance = acceptRuns(before?.baseline, runs, options.keep)
      taken += acceptance.taken
      const path = acceptance.taken > 0 ? await writeBaseline(folder, acceptance.baseline!) : before?.path
      process.stdout.write(
        `${bench.name}: ${acceptanceText(acceptance)}${path === undefined ? '' : ` (${toRootRelative(process.cwd(), path)})`}\n`,
      )
    }
    if (taken > 0) return 0
    throw new LlmBenchError('BASELINE', `${COMMAND}: there is no run in ${from} that could be accepted and was not yet`)
  },
}

function keyOf({ bench, cohort }: RunSample): string {
  return JSON.stringify([bench.file, bench.test, bench.name, cohortDigest(cohort)])
}

function acceptanceText({ baseline, taken, known, dropped, unfit }: Acceptance): string {
  const reasons = Object.entries(Object.groupBy(unfit, (why) => why)).map(([why, runs]) => `${runs!.length} ${why}`)
  return [
    `${counted(taken, 'run')} accepted`,
    ...(known > 0 ? [`${known} accepted before`] : []),
    ...(reasons.length > 0 ? [`left out: ${reasons.join(', ')}`] : []),
    ...(dropped > 0 ? [`${dropped} of the oldest dropped`] : []),
    ...(baseline === undefined ? [] : [`${counted(baseline.runs.length, 'run')} in the baseline`]),
  ].join(', ')
}

function help(): string {
  return [
    `${COMMAND} [RESULTS_FOLDER] [options]`,
    '',
    'Adds the whole, valid runs of a results folder (default: the latest) to the baselines of their benches and cohorts, and makes one',
    'where there is none. Degraded, client-bound and cut-short runs are left out. What it writes is to be reviewed and committed.',
    '',
    describeFlags(flagsOf(schema)),
    '',
    'Exit codes: 0 runs were accepted; 2 there was none to accept, or something could not be read or written.',
  ].join('\n')
}
