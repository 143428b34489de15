import type { EmbeddedTargetSpec } from '../../dsl/targets.ts'
import type { RunningServer } from '../server.ts'
import { startChild } from '../start-child.ts'
import type { StartOptions } from '../start-child.ts'

const ENTRY = new URL(import.meta.url.endsWith('.ts') ? './child.ts' : './child.js', import.meta.url)

/**
 * Starts the embedded engine in a child process, behind an OpenAI-compatible server on a free loopback port or the given one.
 * @throws {LlmBenchError} `SERVER` where it can't start, with the last lines of its log
 */
export function startEmbedded(spec: EmbeddedTargetSpec, options: StartOptions): Promise<RunningServer> {
  return startChild(ENTRY, spec, options)
}
