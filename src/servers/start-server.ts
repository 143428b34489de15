import type { LaunchTargetSpec } from '../dsl/launch.ts'
import type { SimulatorTargetSpec } from '../dsl/simulator.ts'
import { openai } from '../dsl/targets.ts'
import type { EmbeddedTargetSpec, OpenAITargetSpec, StartedTargetSpec } from '../dsl/targets.ts'
import { startEmbedded } from './embedded/start.ts'
import { startLaunched } from './launch/start.ts'
import type { RunningServer, ServedTarget } from './server.ts'
import { startSimulator } from './simulator/start.ts'

/** What a start needs to know of its run. */
export interface StartContext {
  /** Absolute folder that relative paths of the spec resolve against. */
  readonly root: string
  /** A path for a launched server's output; nothing is there yet. */
  readonly logFile: (name: string) => string
  /** A launched server is starting; called every second and with each line that it prints, and without a state when that is over. */
  readonly onStarting: (name: string, state: { readonly seconds: number; readonly line?: string | undefined } | undefined) => void
}

const TICK_MS = 1000

/**
 * Starts the server of a spec.
 * @param signal gives the start of a launched server up
 * @throws {LlmBenchError} `SERVER`, `CANCELLED`
 */
export async function startServer(spec: StartedTargetSpec, context: StartContext, signal: AbortSignal): Promise<ServedTarget> {
  if (spec.kind === 'launch') return launch(spec, context, signal)
  const server = await (spec.kind === 'embedded' ? startEmbedded(spec, context) : startSimulator(spec, context))
  const { pid, exited } = server
  // They tell their version as live servers do.
  return { name: `the ${spec.kind} server`, target: speaksTo(spec, server), notes: [], pid, exited, close: () => server.close() }
}

async function launch(spec: LaunchTargetSpec, { root, logFile, onStarting }: StartContext, signal: AbortSignal): Promise<ServedTarget> {
  const { name } = spec
  const path = logFile(name)
  const startedAt = performance.now()
  let last: string | undefined
  const tell = (line: string | undefined): void => {
    last = line
    onStarting(name, { seconds: (performance.now() - startedAt) / 1000, line })
  }
  const timer = setInterval(() => tell(last), TICK_MS)
  tell(undefined)
  try {
    const server = await startLaunched(spec, { root, logFile: path, onLine: tell, signal })
    return { ...server, name, logFile: path }
  } finally {
    clearInterval(timer)
    onStarting(name, undefined)
  }
}

/** The live target that a server of this package has become. */
export function speaksTo(spec: EmbeddedTargetSpec | SimulatorTargetSpec, server: RunningServer): OpenAITargetSpec {
  return openai({
    baseURL: server.baseURL,
    model: server.model,
    endpoint: spec.endpoint,
    ...(spec.apiKey === undefined ? {} : { apiKey: spec.apiKey }),
    ...(server.tokenizer === undefined ? {} : { tokenizer: server.tokenizer }),
  })
}
