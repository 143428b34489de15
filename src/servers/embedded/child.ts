/**
 * The embedded server's process.
 * @module
 */
import { setPriority } from 'node:os'
import type { EmbeddedTargetSpec } from '../../dsl/targets.ts'
import type { StartMessage } from '../child-protocol.ts'
import { runChild } from '../run-child.ts'
import { serveEmbedded } from './serve.ts'

/** Whoever measures this engine shares the machine with it, and must not wait for it to read the clock. */
const NICENESS = 10

// Threads have it from the one that starts them: the engine's do not exist yet.
setPriority(NICENESS)
runChild(({ spec, ...options }: StartMessage<EmbeddedTargetSpec>) => serveEmbedded(spec, options))
