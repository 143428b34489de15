import { nearest } from '../dsl/options.ts'
import { LlmBenchError } from '../errors.ts'
import { thisPackage } from '../this-package.ts'
import { PROGRAM } from './command.ts'
import type { Command, ExitCode } from './command.ts'
import { COMMANDS } from './commands.ts'

const HELP = new Set(['--help', '-h'])
const VERSION = new Set(['--version', '-v'])

/** Runs what the command line asks for; errors for the user are printed. */
export async function runCommandLine(args: readonly string[]): Promise<ExitCode> {
  try {
    return await dispatch(args)
  } catch (error) {
    if (!(error instanceof LlmBenchError)) throw error
    process.stderr.write(`${error.message}\n`)
    return 2
  }
}

async function dispatch([name, ...args]: readonly string[]): Promise<ExitCode> {
  if (name === undefined || HELP.has(name)) return print(overview())
  if (VERSION.has(name)) return print(thisPackage().version)
  const command = commandOf(name)
  const own = args.includes('--') ? args.slice(0, args.indexOf('--')) : args
  return own.some((arg) => HELP.has(arg)) ? print(command.help()) : command.run(args)
}

function commandOf(name: string): Command {
  const command = COMMANDS.find((known) => known.name === name)
  if (command !== undefined) return command
  const names = COMMANDS.map((known) => known.name)
  const near = nearest(name, names)
  const hint = near === undefined ? `it takes ${[...names, '--version', '--help'].join(', ')}` : `did you mean ${near}?`
  throw new LlmBenchError('USAGE', `${PROGRAM} has no command ${JSON.stringify(name)}: ${hint}`)
}

function overview(): string {
  const width = Math.max(...COMMANDS.map(({ name }) => name.length)) + 2
  return [
    `${PROGRAM} <command> [options]`,
    '',
    ...COMMANDS.map(({ name, summary }) => `  ${name.padEnd(width)}${summary}`),
    '',
    `${PROGRAM} <command> --help tells of a command's options; ${PROGRAM} --version prints the version.`,
    'Exit codes: 0 done; 1 done, and found what the command was told to fail on; 2 wrong usage, or it could not be done.',
  ].join('\n')
}

function print(text: string): ExitCode {
  process.stdout.write(`${text}\n`)
  return 0
}
