/**
 * The simulator's process.
 * @module
 */
import type { SimulatorTargetSpec } from '../../dsl/simulator.ts'
import type { StartMessage } from '../child-protocol.ts'
import { runChild } from '../run-child.ts'
import { serveSimulator } from './http-server.ts'

runChild(({ spec, ...options }: StartMessage<SimulatorTargetSpec>) => serveSimulator(spec, options))
