import { z } from 'zod'
import type { HttpTargetSpec } from './http-target.ts'
import { httpTargetFields, parseHttpTarget } from './http-target.ts'
import { nonEmptyString, parseOptions } from './options.ts'

/** A target of the user's own, named by its module. */
export interface CustomTargetSpec extends HttpTargetSpec {
  readonly kind: 'custom'
  /** Path of the module, relative to Vitest's root. */
  readonly module: string
  /** Options that are the module's own, as plain JSON. */
  readonly options: Readonly<Record<string, unknown>>
}

const common = httpTargetFields({ endpoints: /(?!)/, ends: '' })
const commonOptions = z.strictObject(common)
const ownOptions = z.record(z.string(), z.json({ error: 'expected plain JSON: it crosses to another process' }))

/** Options of {@link target}: those that every target takes, and the module's own. */
export type CustomTargetOptions = z.input<typeof commonOptions> & Readonly<Record<string, unknown>>

/**
 * A target of your own: a module that speaks a wire protocol which this package doesn't.
 * @param module path of the module (JavaScript, or TypeScript that Node can strip), relative to Vitest's root. Its default export
 *   makes the target; `vitest-llm-bench/target` has what it needs.
 * @param options what every target takes (`baseURL`, `apiKey`, `model`, …), and the module's own, as plain JSON
 * @throws {LlmBenchError} `INVALID_OPTION`
 * @example target('./my-target.ts', { baseURL: 'http://127.0.0.1:9000', flavour: 'vanilla' })
 */
export function target(module: string, options: CustomTargetOptions = {}): CustomTargetSpec {
  const [shared, own] = [true, false].map((isCommon) =>
    Object.fromEntries(Object.entries(options).filter(([name]) => Object.hasOwn(common, name) === isCommon)),
  )
  return {
    kind: 'custom',
    module: parseOptions(nonEmptyString, module, 'target()'),
    ...parseHttpTarget(commonOptions, shared, 'target()', false),
    options: parseOptions(ownOptions, own, 'target()'),
  }
}
