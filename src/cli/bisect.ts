import { relative } from 'node:path'
import { parseOptions } from '../dsl/options.ts'
import { LlmBenchError } from '../errors.ts'
import { terminalStyle } from '../../reporters/terminal/style.ts'
import { createLab } from './bisect/lab.ts'
import { bisectSchema, mostRuns, planOf, VERSION_AXES } from './bisect/plan.ts'
import { BisectRecord } from './bisect/record.ts'
import { renderOutcome } from './bisect/render.ts'
import { search } from './bisect/search.ts'
import type { BisectOutcome } from './bisect/search.ts'
import { PROGRAM } from './command.ts'
import type { Command, ExitCode } from './command.ts'
import { describeFlags, flagsOf, parseArguments } from './flags.ts'
import { holdOf } from './hold-flags.ts'

const COMMAND = `${PROGRAM} bisect`
/** Version of what `--json` prints. */
const OUTCOME_VERSION = 1
const SIGNALS = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const

/** `bisect`: finds the version with which a suite got slower. */
export const bisect: Command = {
  name: 'bisect',
  summary: 'find the version of an engine with which a suite got slower',
  help,
  async run(args) {
    const end = args.indexOf('--')
    const own = end === -1 ? args : args.slice(0, end)
    const flags = parseOptions(bisectSchema, parseArguments(own, flagsOf(bisectSchema), COMMAND).options, COMMAND)
    const plan = await planOf(flags, end === -1 ? [] : args.slice(end + 1), COMMAND)
    const record =
      flags.resume === undefined
        ? await BisectRecord.create(flags.results, plan, new Date())
        : await BisectRecord.open(flags.resume, plan, COMMAND)
    const folder = relative(process.cwd(), record.folder) || '.'
    process.stderr.write(
      `${plan.versions.length} versions, ${plan.repeats.min} to ${plan.repeats.max} suite runs each: ` +
        `at most ${mostRuns(plan)} in all, and more only for versions that do not tell. Everything is kept in ${folder}\n`,
    )
    const interrupted = interruption()
    try {
      const lab = createLab({ plan, record, root: process.cwd(), signal: interrupted.signal, tell })
      const outcome = await search({ plan, terms: holdOf(flags, COMMAND, VERSION_AXES), lab, record, maxRuns: flags.maxRuns, tell })
      await record.finish(outcome)
      process.stdout.write(
        flags.json
          ? `${JSON.stringify({ version: OUTCOME_VERSION, folder, mostRuns: mostRuns(plan), ...outcome }, null, 2)}\n`
          : renderOutcome(outcome, mostRuns(plan), terminalStyle(process.stdout)),
      )
      if (outcome.result.kind === 'stopped') {
        process.stderr.write(`Give the same command with --resume ${folder} to go on.\n`)
      }
      return interrupted.exitCode() ?? exitCodeOf(outcome)
    } finally {
      interrupted.release()
    }
  },
}

/** Progress keeps off the standard output, which is the outcome's. */
function tell(version: string, text: string): void {
  process.stderr.write(`${version}: ${text}\n`)
}

function exitCodeOf({ result }: BisectOutcome): ExitCode {
  return result.kind === 'found' ? 0 : 1
}

/** Ends what runs on the first signal, in order; a second one ends this process at once. */
function interruption(): { signal: AbortSignal; exitCode: () => ExitCode | undefined; release: () => void } {
  const controller = new AbortController()
  let code: ExitCode | undefined
  const onSignal = (signal: NodeJS.Signals): void => {
    const exitCode = SIGNALS[signal as keyof typeof SIGNALS]
    if (code !== undefined) process.exit(exitCode)
    code = exitCode
    process.stderr.write('Interrupted: ending what runs.\n')
    controller.abort(new LlmBenchError('CANCELLED', 'The search was interrupted.'))
  }
  const names = Object.keys(SIGNALS) as (keyof typeof SIGNALS)[]
  for (const name of names) process.on(name, onSignal)
  return {
    signal: controller.signal,
    exitCode: () => code,
    release: () => {
      for (const name of names) process.off(name, onSignal)
    },
  }
}

function help(): string {
  return [
    `${COMMAND} --good V1 --bad V2 --versions v1,v2,… --launch 'COMMAND' [options] [-- arguments for vitest bench]`,
    '',
    'Runs the same suite against one version after another, and finds the first that is slower than the good one: by binary search,',
    'with the statistics of the matchers. Versions that do not start are skipped, and their neighbours tried.',
    '',
    "  --launch 'docker run --rm -p {port}:8000 vllm/vllm-openai:{version} --model …'",
    '',
    'The server of each version is started and ended for you, and the suite finds it by LLM_BENCH_BASE_URL: its benches name no',
    'target. A suite that launches its server itself does so by LLM_BENCH_VERSION, and needs no --launch.',
    '',
    describeFlags(flagsOf(bisectSchema)),
    '',
    'Exit codes: 0 found; 1 not narrowed down to one version; 2 wrong usage, or the good version could not be measured.',
  ].join('\n')
}
