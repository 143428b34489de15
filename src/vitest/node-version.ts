import { LlmBenchError } from '../errors.ts'

/** The oldest Node that undici and Vitest, and so this package, run on; also in `engines` of package.json. */
const OLDEST = [22, 19] as const

/** @throws {LlmBenchError} `USAGE` where this Node is too old, which would otherwise show as an odd error somewhere later. */
export function requireNode(version: string = process.versions.node): void {
  const [major = 0, minor = 0] = version.split('.').map(Number)
  if (major > OLDEST[0] || (major === OLDEST[0] && minor >= OLDEST[1])) return
  throw new LlmBenchError(
    'USAGE',
    `vitest-llm-bench needs Node ${OLDEST.join('.')} or newer, and this is ${version}: update it, or put one into the project, ` +
      '`npm install --save-dev node@24`, and run Vitest by an npm script.',
  )
}
