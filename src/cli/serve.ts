import { parseSimulator, simulatorSchema } from '../dsl/simulator.ts'
import { embeddedSchema, parseEmbedded } from '../dsl/targets.ts'
import { LlmBenchError } from '../errors.ts'
import type { ServedHere } from '../servers/run-child.ts'
import { describeFlags, flagsOf, parseFlags } from './flags.ts'
import type { Flag } from './flags.ts'

const COMMAND = 'vitest-llm-bench serve'
const DEFAULT_PORT = 8000
const MAX_PORT = 65_535

const COMMON: readonly Flag[] = [
  { name: 'port', type: 'value', description: 'port on 127.0.0.1; 0 takes a free one', default: String(DEFAULT_PORT) },
  { name: 'help', type: 'boolean', description: 'print this' },
]

/**
 * `serve`: an OpenAI-compatible server in the foreground, until Ctrl-C: the embedded engine, or with `--simulate` the simulator.
 * @throws {LlmBenchError} `USAGE`, `INVALID_OPTION`, `ENGINE`, `SERVER`
 */
export async function serve(args: readonly string[]): Promise<void> {
  const simulate = args.includes('--simulate')
  const rest = args.filter((arg) => arg !== '--simulate')
  const command = simulate ? `${COMMAND} --simulate` : COMMAND
  const { help, port: given, ...options } = parseFlags(rest, [...COMMON, ...flagsOf(simulate ? simulatorSchema : embeddedSchema)], command)
  if (help === true) {
    process.stdout.write(`${serveHelp()}\n`)
    return
  }
  const port = portOf(given, command)
  const root = process.cwd()
  const served = await (simulate ? simulated(options, command, port, root) : embedded(options, command, port, root))
  const { report } = served
  process.stdout.write(`${report.version} serves ${report.model} on http://127.0.0.1:${report.port}/v1 (Ctrl-C ends it)\n`)
  await signalled()
  await served.close()
}

/** What `serve --help` prints. */
export function serveHelp(): string {
  return [
    `${COMMAND} [options]              serves the embedded engine (llama.cpp)`,
    `${COMMAND} --simulate [options]   serves a simulated engine`,
    '',
    'Both speak the OpenAI API on the loopback address.',
    '',
    describeFlags(COMMON),
    '',
    'Embedded engine:',
    describeFlags(flagsOf(embeddedSchema)),
    '',
    'Simulator (times are ms, or carry a unit: 1.5s):',
    describeFlags(flagsOf(simulatorSchema)),
    '',
    'Faults: --faults reset=2%,stall=1%, or JSON: --faults \'{"reset":{"every":50,"afterTokens":10}}\'',
  ].join('\n')
}

// Each is loaded only when it is served: the engine brings a library of its own.
async function simulated(options: object, command: string, port: number, root: string): Promise<ServedHere> {
  const spec = parseSimulator(options, command)
  const { serveSimulator } = await import('../servers/simulator/http-server.ts')
  return serveSimulator(spec, { port, root })
}

async function embedded(options: object, command: string, port: number, root: string): Promise<ServedHere> {
  const spec = parseEmbedded(options, command)
  const { serveEmbedded } = await import('../servers/embedded/serve.ts')
  try {
    return await serveEmbedded(spec, { port, root })
  } catch (error) {
    if (error instanceof LlmBenchError || (error as NodeJS.ErrnoException).code === undefined) throw error
    throw new LlmBenchError('SERVER', `${command} can't listen on port ${port}: ${(error as Error).message}`, { cause: error })
  }
}

function portOf(given: unknown, command: string): number {
  const port = given ?? DEFAULT_PORT
  if (typeof port === 'number' && Number.isInteger(port) && port >= 0 && port <= MAX_PORT) return port
  throw new LlmBenchError('USAGE', `${command}: --port is ${String(given)}: expected a whole number from 0 to ${MAX_PORT}`)
}

function signalled(): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => resolve())
  })
}
