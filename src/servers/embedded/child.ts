/**
 * The embedded server's process.
 * @module
 */
import type { EmbeddedTargetSpec } from '../../dsl/targets.ts'
import type { StartMessage } from '../child-protocol.ts'
import { runChild } from '../run-child.ts'
import { serveEmbedded } from './serve.ts'

runChild(({ spec, ...options }: StartMessage<EmbeddedTargetSpec>) => serveEmbedded(spec, options))
