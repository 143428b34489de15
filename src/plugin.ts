/// <reference types="vitest/config" />
/**
 * The Vitest plugin.
 * @module vitest-llm-bench/plugin
 */
import type { Vite } from 'vitest/node'
import { parsePluginOptions } from './dsl/plugin-options.ts'
import type { LlmBenchOptions } from './dsl/plugin-options.ts'
import { configureBenchProject } from './vitest/configure.ts'
import { requireNode } from './vitest/node-version.ts'

export type { LlmBenchOptions } from './dsl/plugin-options.ts'

/**
 * Makes `vitest bench` measure LLM servers and engines: the benchmark provider, matchers, reports and Ctrl-C handling.
 * Touches benchmark projects only; ordinary tests and benchmarks run as without it.
 * @throws {LlmBenchError} `INVALID_OPTION`; `USAGE` on a Node that is too old
 * @example
 * import { defineConfig } from 'vitest/config'
 * import { llmBench } from 'vitest-llm-bench/plugin'
 * export default defineConfig({ plugins: [llmBench()] })
 */
export function llmBench(options: LlmBenchOptions = {}): Vite.Plugin {
  requireNode()
  const resolved = parsePluginOptions(options)
  return {
    name: 'vitest-llm-bench',
    configureVitest: (context) => configureBenchProject(context, resolved),
  }
}
