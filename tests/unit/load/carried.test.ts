import { expect, test } from 'vitest'
import { specOf } from '../../../src/dsl/workload.ts'
import type { Workload } from '../../../src/dsl/workload.ts'
import type { ServedWorkloadSpec } from '../../../src/dsl/workload-spec.ts'
import { clients, rollout } from '../../../src/dsl/workloads.ts'
import { checkCarried, seedNotes } from '../../../src/load/carried.ts'
import type { RequestOption } from '../../../src/targets/target.ts'

const rows = [{ messages: [], userTurns: [], outputTokens: [5] }]
const check = (workload: Workload, ...options: RequestOption[]): string[] =>
  checkCarried(specOf(workload) as ServedWorkloadSpec, { lacks: { call: 'tgi()', options } }, { rows })

test.each<[string, Workload, RequestOption[], string]>([
  ['minTokens', clients({ n: 1, minTokens: 4 }), ['minTokens'], '`minTokens`'],
  ['ignoreEos', clients({ n: 1, ignoreEos: true }), ['ignoreEos'], '`ignoreEos`'],
  ['topK', clients({ n: 1, topK: 20 }), ['topK'], '`topK`'],
  ['a forced length', clients({ n: 1, outputLength: 20 }), ['minTokens', 'ignoreEos'], '`outputLength`'],
  ['several answers in one request', rollout({ batch: 1, n: 4, nPerRequest: true }), ['n'], '`nPerRequest`'],
])('%s that was asked for and can’t be carried is refused by name', (_, workload, options, named) => {
  const name = specOf(workload)!.kind
  expect(() => check(workload, ...options)).toThrow(
    expect.objectContaining({
      code: 'INVALID_OPTION',
      message: `${name}(): tgi() can't carry ${named}: its requests have no such field; leave it out`,
    }),
  )
  expect(check(workload)).toEqual([])
})

test('what means nothing is not refused', () => {
  const workload = clients({ n: 1, minTokens: 0, ignoreEos: false, topK: 0, topP: 1, outputLength: 'free', doSample: false })
  expect(check(workload, 'minTokens', 'ignoreEos', 'topK', 'topP', 'n', 'seed')).toEqual([])
})

test("lengths of the dataset that can't be forced are told", () => {
  expect(check(clients({ n: 1 }), 'minTokens', 'ignoreEos')).toEqual([expect.stringContaining("tgi() can't force a length")])
  expect(check(clients({ n: 1 }), 'ignoreEos')).toEqual([])
  expect(check(clients({ n: 1 }), 'minTokens')).toEqual([])
})

test('a seed that nobody takes is told where answers are sampled', () => {
  expect(check(rollout({ batch: 1, n: 2 }), 'seed')).toEqual([expect.stringContaining('takes no seed')])
  expect(check(clients({ n: 1, temperature: 0 }), 'seed')).toEqual([])
  expect(seedNotes({ temperature: 1, seed: 0 }, 'SGLang heeds no seed')).toEqual([
    'SGLang heeds no seed: sampled answers differ from run to run.',
  ])
  expect(seedNotes({ temperature: 1, doSample: false, seed: 0 }, 'SGLang heeds no seed')).toEqual([])
})
