import { execFile } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { target } from '../../../src/dsl/custom-target.ts'

const members = 'send: async () => ({}), close: async () => {}'
const WORKING = `export default (spec: { options: object }) => ({ prepare: async () => ({ model: 'm', ...spec }), ${members} })`

const broken: [what: string, source: string | undefined, said: string][] = [
  ['a module that is not there', undefined, `\`module\` ("./broken-0.ts") is a path relative to Vitest's root`],
  ['no default export', 'export const target = 1', 'has no default export; export what makes the target'],
  ['another default export', 'export default { send() {} }', 'has a default export that is no function'],
  ['something that is no target', 'export default () => ({ send() {} })', 'is no target: it has no prepare(), close()'],
  ['nothing made', 'export default () => {}', 'is no target: it has no prepare(), send(), close()'],
  ['a module that throws', 'throw new Error("no licence")', "broken-5.ts can't be imported: no licence"],
  ['a module that imports what is not there', 'import "./gone.ts"', "broken-6.ts can't be imported: Cannot find module"],
  ['TypeScript that Node can’t strip', 'enum A { B }\nexport default A', "broken-7.ts can't be imported: "],
]

let root: string
let outcomes: { info?: unknown; code?: string; message?: string }[]

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'llm-bench-custom-'))
  await writeFile(join(root, 'working.ts'), WORKING)
  for (const [i, [, source]] of broken.entries()) if (source !== undefined) await writeFile(join(root, `broken-${i}.ts`), source)
  const modules = ['./working.ts', ...broken.map((_, i) => `./broken-${i}.ts`)]
  const script = join(import.meta.dirname, 'make-custom-target.ts')
  const { stdout } = await promisify(execFile)(process.execPath, [script, root, ...modules])
  outcomes = JSON.parse(stdout) as typeof outcomes
})

afterAll(() => rm(root, { recursive: true }))

test('the module’s default export makes the target of its spec, in TypeScript', () => {
  expect(outcomes[0]).toEqual({
    info: {
      kind: 'custom',
      module: './working.ts',
      baseURLs: ['http://a'],
      apiKeys: ['k'],
      model: 'm',
      headers: {},
      extraBody: {},
      timeout: 600,
      idleTimeout: 120,
      options: { flavour: { of: ['vanilla'] } },
    },
  })
})

test.each(broken.map(([what, , said], i) => [what, said, i] as const))('%s is a clear error', (_, said, i) => {
  expect(outcomes[i + 1]).toEqual({ code: 'TARGET', message: expect.stringContaining(said) as string })
})

test('options that JSON can’t hold, and common ones that are wrong, are refused where they are written', () => {
  expect(() => target('./a.ts', { hook: () => {} })).toThrow('target(): `hook` is a function: expected plain JSON')
  expect(() => target('./a.ts', { baseURL: 'nowhere' })).toThrow('`baseURL` is "nowhere": expected an http:// or https:// URL')
  expect(() => target('', {})).toThrow('target()')
  expect(target('./a.ts').baseURLs).toEqual([])
})
