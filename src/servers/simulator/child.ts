/**
 * The simulator's process.
 * @module
 */
import type { SimulatorTargetSpec } from '../../dsl/simulator.ts'
import { yieldHelperThreads } from '../../helper-threads.ts'
import type { StartMessage } from '../child-protocol.ts'
import { runChild } from '../run-child.ts'
import { serveSimulator } from './http-server.ts'
import { warmPath } from './warm-path.ts'

runChild(async ({ spec, ...options }: StartMessage<SimulatorTargetSpec>) => {
  await warmPath()
  // Until now they compiled what was warmed.
  yieldHelperThreads()
  return await serveSimulator(spec, options)
})
