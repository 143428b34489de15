import type { SimulatorTargetSpec } from '../../dsl/simulator.ts'
import type { RunningServer } from '../server.ts'
import { startChild } from '../start-child.ts'
import type { StartOptions } from '../start-child.ts'

const ENTRY = new URL(import.meta.url.endsWith('.ts') ? './child.ts' : './child.js', import.meta.url)

/** Many short pauses of the garbage collector delay writes less than a few long ones. */
const NODE_OPTIONS = ['--max-semi-space-size=1', '--single-threaded-gc']

/**
 * Starts the simulator in a child process, on a free loopback port or the given one.
 * @throws {LlmBenchError} `SERVER` where it can't start, with the last lines of its log
 */
export function startSimulator(spec: SimulatorTargetSpec, options: StartOptions): Promise<RunningServer> {
  return startChild(ENTRY, spec, options, NODE_OPTIONS)
}
