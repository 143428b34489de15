import { resolve } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import type { CustomTargetSpec } from '../dsl/custom-target.ts'
import { LlmBenchError, messageOf } from '../errors.ts'
import type { MakeTarget, Target, TargetContext } from './target.ts'

const MEMBERS = ['prepare', 'send', 'close'] as const

/**
 * Makes a target of the user's own: imports its module as Node does and calls its default export.
 * @throws {LlmBenchError} `TARGET` where there is no such module, it fails, or what it exports is or makes no target
 */
export async function createCustomTarget(spec: CustomTargetSpec, context: TargetContext): Promise<Target> {
  const path = spec.module.startsWith('file:') ? fileURLToPath(spec.module) : resolve(context.root ?? '', spec.module)
  const make = await defaultExport(spec.module, path)
  if (typeof make !== 'function') {
    throw new LlmBenchError(
      'TARGET',
      `target(): ${path} has ${make === undefined ? 'no default export' : 'a default export that is no function'}; ` +
        'export what makes the target: `export default httpTarget(protocol)`, or `export default (spec, context) => …`',
    )
  }
  const target: unknown = await (make as MakeTarget<CustomTargetSpec>)(spec, context)
  const lacking = MEMBERS.filter((member) => typeof (target as Partial<Target> | undefined)?.[member] !== 'function')
  if (lacking.length === 0) return target as Target
  throw new LlmBenchError('TARGET', `target(): what ${path} makes is no target: it has no ${lacking.map((name) => `${name}()`).join(', ')}`)
}

async function defaultExport(module: string, path: string): Promise<unknown> {
  try {
    return ((await import(pathToFileURL(path).href)) as { readonly default?: unknown }).default
  } catch (error) {
    const missing = (error as NodeJS.ErrnoException).code === 'ERR_MODULE_NOT_FOUND' && messageOf(error).includes(`'${path}'`)
    const what = missing
      ? `there is no ${path}: \`module\` (${JSON.stringify(module)}) is a path relative to Vitest's root`
      : `${path} can't be imported: ${messageOf(error)}`
    throw new LlmBenchError('TARGET', `target(): ${what}`, { cause: error })
  }
}
