import { expect, test } from 'vitest'
import { parsePluginOptions } from '../../../src/dsl/plugin-options.ts'

test('baselines have a folder, a number of runs and no axis that is ignored, where nothing is said of them', () => {
  const defaults = { folder: 'benchmarks/baselines', keep: 10, ignore: [] }
  expect(parsePluginOptions({}).baselines).toEqual(defaults)
  expect(parsePluginOptions({ baselines: { keep: 3, ignore: ['cpu'] } }).baselines).toEqual({ ...defaults, keep: 3, ignore: ['cpu'] })
})

test.for([
  [{ baselines: { keep: 0 } }, 'llmBench(): `baselines.keep` is 0: expected a whole number from 1'],
  [{ baselines: { folder: '' } }, '`baselines.folder` is ""'],
  [{ baselines: { ignore: 'cpu' as never } }, '`baselines.ignore` is "cpu": expected a list'],
  [{ baselines: { fodler: 'x' } as never }, 'llmBench() has no option `baselines.fodler`: did you mean `folder`?'],
] as const)('%j is refused by name', ([options, message]) => {
  expect(() => parsePluginOptions(options)).toThrow(message)
})
