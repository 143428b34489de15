import { z } from 'zod'
import { counted } from '../counted.ts'
import { boolean, parseOptions } from '../dsl/options.ts'
import { LlmBenchError } from '../errors.ts'
import { readBaselines, removeBaseline } from '../files/baselines.ts'
import { toRootRelative } from '../files/results.ts'
import { baselineText } from '../verdict/baseline.ts'
import type { Cohort } from '../verdict/cohort.ts'
import { cohortDigest } from '../verdict/cohort.ts'
import { benchField, checkBenchNames, isMeant, placeFields, placeOf } from './baselines/places.ts'
import { PROGRAM } from './command.ts'
import type { Command } from './command.ts'
import { describeFlags, flagsOf, parseArguments } from './flags.ts'

const COMMAND = `${PROGRAM} reset`

const schema = z.strictObject({
  ...benchField,
  cohort: z
    .array(z.string())
    .default([])
    .describe(
      'baselines of this cohort alone: its digest (see history), or an axis as in engine.version=0.6.1; several times, all must hold',
    ),
  yes: boolean.default(false).describe('remove them; without it they are only named'),
  ...placeFields,
})

/** `reset`: removes baselines. */
export const reset: Command = {
  name: 'reset',
  summary: 'remove baselines',
  help,
  async run(args) {
    const options = parseOptions(schema, parseArguments(args, flagsOf(schema), COMMAND).options, COMMAND)
    const folder = placeOf(options.root, options.baselines)
    const stored = await readBaselines(folder)
    checkBenchNames(
      options.bench,
      stored.map(({ baseline }) => baseline.bench),
      COMMAND,
    )
    const chosen = stored.filter(
      ({ baseline: { bench, cohort } }) => isMeant(options.bench, bench) && options.cohort.every((text) => isOfCohort(cohort, text)),
    )
    if (chosen.length === 0) throw new LlmBenchError('BASELINE', `${COMMAND}: there is no such baseline in ${folder}`)
    for (const { path, baseline } of chosen) {
      if (options.yes) await removeBaseline(path)
      const { bench, cohort } = baseline
      const line = `${bench.name}, cohort ${cohortDigest(cohort)}: ${baselineText(baseline)} (${toRootRelative(process.cwd(), path)})`
      process.stdout.write(`${options.yes ? 'removed' : 'would remove'} ${line}\n`)
    }
    if (!options.yes) process.stdout.write(`${counted(chosen.length, 'baseline')}; nothing was removed: add --yes\n`)
    return 0
  },
}

function isOfCohort(cohort: Cohort, text: string): boolean {
  const [, axis, value] = /^([^=]+)=(.*)$/s.exec(text) ?? []
  return axis === undefined ? text.length > 0 && cohortDigest(cohort).startsWith(text.toLowerCase()) : cohort[axis] === value
}

function help(): string {
  return [
    `${COMMAND} [options]`,
    '',
    'Removes the baselines that all options name; without any, all of them. Says first what it would remove: --yes does it.',
    '',
    describeFlags(flagsOf(schema)),
    '',
    'Exit codes: 0 done; 2 there is no such baseline, or it could not be removed.',
  ].join('\n')
}
