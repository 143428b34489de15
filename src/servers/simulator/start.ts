import type { SimulatorTargetSpec } from '../../dsl/simulator.ts'
import type { RunningServer } from '../server.ts'
import { startChild } from '../start-child.ts'

const ENTRY = new URL(import.meta.url.endsWith('.ts') ? './child.ts' : './child.js', import.meta.url)

/**
 * Starts the simulator in a child process, on a free loopback port.
 * @param options.root absolute folder that a relative `truthLog` resolves against
 * @throws {LlmBenchError} `SERVER` where it can't start, with the last lines of its log
 */
export function startSimulator(spec: SimulatorTargetSpec, options: { root: string }): Promise<RunningServer> {
  return startChild(ENTRY, spec, options)
}
