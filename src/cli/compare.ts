import { z } from 'zod'
import { parseOptions } from '../dsl/options.ts'
import { LlmBenchError } from '../errors.ts'
import { writeFileAtomic } from '../files/write.ts'
import { compareSides } from '../verdict/compare-sides.ts'
import type { SidesComparison } from '../verdict/compare-sides.ts'
import type { Side } from '../verdict/hold-runs.ts'
import { renderComparisonMarkdown } from '../../reporters/markdown/comparison.ts'
import { renderComparisonText } from '../../reporters/terminal/comparison.ts'
import { terminalStyle } from '../../reporters/terminal/style.ts'
import type { Style } from '../../reporters/terminal/style.ts'
import { checkBenchNames } from './baselines/places.ts'
import { PROGRAM } from './command.ts'
import type { Command, ExitCode } from './command.ts'
import { readSide } from './compare/sides.ts'
import { describeFlags, flagsOf, parseArguments } from './flags.ts'
import { holdFields, holdOf } from './hold-flags.ts'

const COMMAND = `${PROGRAM} compare`
/** Version of what `--format json` writes. */
const COMPARISON_VERSION = 1
const OPERANDS = ['OLD', 'NEW'] as const

const schema = z.strictObject({
  format: z.enum(['text', 'md', 'json'], { error: "expected 'text', 'md' or 'json'" }).default('text').describe('text, md or json'),
  ...holdFields,
  bench: z.array(z.string()).default([]).describe('compare benches of this name alone; several times'),
  failOn: z
    .enum(['regressed', 'inconclusive'], { error: "expected 'regressed' or 'inconclusive'" })
    .optional()
    .describe('exit with 1 where a bench regressed; inconclusive: where one is not shown to hold'),
  output: z.string().min(1).optional().describe('write to this file'),
})

const RENDERERS: Readonly<Record<'text' | 'md' | 'json', (comparison: SidesComparison, style: Style) => string>> = {
  text: renderComparisonText,
  md: renderComparisonMarkdown,
  json: (comparison) => `${JSON.stringify({ version: COMPARISON_VERSION, ...comparison }, null, 2)}\n`,
}

/** `compare`: holds the runs of two results folders or baselines against one another. */
export const compare: Command = {
  name: 'compare',
  summary: 'compare the runs of two results folders or baselines',
  help,
  async run(args) {
    const { options: given, operands } = parseArguments(args, flagsOf(schema), COMMAND, OPERANDS.length)
    const options = parseOptions(schema, given, COMMAND)
    if (operands.length < OPERANDS.length) {
      throw new LlmBenchError(
        'USAGE',
        `${COMMAND} takes ${OPERANDS.join(' and ')}: two results folders or baselines; see ${COMMAND} --help`,
      )
    }
    const terms = holdOf(options, COMMAND)
    const sides = (await Promise.all(operands.map((operand) => readSide(operand, COMMAND)))) as [Side, Side]
    const [reference, measured] = pickBenches(sides, options.bench)
    const comparison = compareSides(reference, measured, terms)
    const text = RENDERERS[options.format](comparison, terminalStyle(options.output === undefined ? process.stdout : {}))
    if (options.output === undefined) process.stdout.write(text)
    else await writeFileAtomic(options.output, text)
    return exitCodeOf(comparison, options.failOn)
  },
}

function help(): string {
  return [
    `${COMMAND} OLD NEW [options]`,
    '',
    'OLD and NEW are each a results folder (bench-results/2026-01-31T09-30-00Z; latest is the newest), the folder of one bench',
    "in it, or a baseline file or folder of them; several, with commas between or by a pattern ('bench-results/2026-11-2*'),",
    'are the runs of one side. Benches are paired by file, test and name, and compared within their cohort alone.',
    'Fewer than 3 runs of a side are inconclusive. Runs that were cut short or client-bound are left out.',
    '',
    describeFlags(flagsOf(schema)),
    '',
    'Exit codes: 0 compared; 1 what --fail-on names was found; 2 wrong usage, or there was nothing to compare.',
  ].join('\n')
}

/** The sides with the benches of these names alone. */
function pickBenches(sides: readonly [Side, Side], names: readonly string[]): [Side, Side] {
  if (names.length === 0) return [...sides]
  checkBenchNames(
    names,
    sides.flatMap(({ runs }) => runs.map(({ bench }) => bench)),
    COMMAND,
  )
  const picked = ({ name, runs }: Side): Side => ({ name, runs: runs.filter(({ bench }) => names.includes(bench.name)) })
  return [picked(sides[0]), picked(sides[1])]
}

function exitCodeOf({ holdings }: SidesComparison, failOn: 'regressed' | 'inconclusive' | undefined): ExitCode {
  if (holdings.every(({ comparisons }) => comparisons.length === 0)) {
    process.stderr.write(`${COMMAND}: there was nothing to compare\n`)
    return 2
  }
  const failed = holdings.some(({ state }) => state === 'regressed' || (failOn === 'inconclusive' && state !== 'held'))
  return failOn !== undefined && failed ? 1 : 0
}
