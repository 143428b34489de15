import { parseSimulator, simulatorSchema } from '../dsl/simulator.ts'
import { embeddedSchema, parseEmbedded } from '../dsl/targets.ts'
import { LlmBenchError } from '../errors.ts'
import { startEmbedded } from '../servers/embedded/start.ts'
import { startSimulator } from '../servers/simulator/start.ts'
import { PROGRAM } from './command.ts'
import type { Command } from './command.ts'
import { describeFlags, flagsOf, parseArguments } from './flags.ts'
import type { Flag } from './flags.ts'

const COMMAND = `${PROGRAM} serve`
const DEFAULT_PORT = 8000
const MAX_PORT = 65_535
const LONG_MS = 2 ** 30

const PORT: Flag = { name: 'port', type: 'value', description: 'port on 127.0.0.1; 0 takes a free one', default: String(DEFAULT_PORT) }

/** `serve`: an OpenAI-compatible server in the foreground, until Ctrl-C: the embedded engine, or with `--simulate` the simulator. */
export const serve: Command = {
  name: 'serve',
  summary: 'serve the embedded engine, or a simulated one, with the OpenAI API',
  help,
  async run(args) {
    await serveUntilSignalled(args)
    return 0
  },
}

/** @throws {LlmBenchError} `USAGE`, `INVALID_OPTION`, `ENGINE`, `SERVER` */
async function serveUntilSignalled(args: readonly string[]): Promise<void> {
  const simulate = args.includes('--simulate')
  const rest = args.filter((arg) => arg !== '--simulate')
  const command = simulate ? `${COMMAND} --simulate` : COMMAND
  const flags = [PORT, ...flagsOf(simulate ? simulatorSchema : embeddedSchema)]
  const { port: given, ...options } = parseArguments(rest, flags, command).options
  const port = portOf(given, command)
  const at = { root: process.cwd(), port }
  const server = await (simulate
    ? startSimulator(parseSimulator(options, command), at)
    : startEmbedded(parseEmbedded(options, command), at))
  process.stdout.write(`${server.version} serves ${server.model} on ${server.baseURL} (Ctrl-C ends it)\n`)
  const ended = await Promise.race([signalled(), server.exited])
  if (ended !== undefined) {
    throw new LlmBenchError('SERVER', [`the server ended with ${ended.signal ?? `code ${ended.code}`}`, ...ended.log].join('\n  '))
  }
  await server.close()
}

function help(): string {
  return [
    `${COMMAND} [options]              serves the embedded engine (llama.cpp)`,
    `${COMMAND} --simulate [options]   serves a simulated engine`,
    '',
    'Both speak the OpenAI API on the loopback address.',
    '',
    describeFlags([PORT]),
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

function portOf(given: unknown, command: string): number {
  const port = given ?? DEFAULT_PORT
  if (typeof port === 'number' && Number.isInteger(port) && port >= 0 && port <= MAX_PORT) return port
  throw new LlmBenchError('USAGE', `${command}: --port is ${String(given)}: expected a whole number from 0 to ${MAX_PORT}`)
}

function signalled(): Promise<undefined> {
  return new Promise((resolve) => {
    // Signals and a server's process alone do not keep this one alive.
    const alive = setInterval(() => {}, LONG_MS)
    for (const signal of ['SIGINT', 'SIGTERM'] as const) {
      process.once(signal, () => {
        clearInterval(alive)
        resolve(undefined)
      })
    }
  })
}
