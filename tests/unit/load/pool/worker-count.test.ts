import { describe, expect, test } from 'vitest'
import type { ServedWorkloadSpec } from '../../../../src/dsl/workload-spec.ts'
import { WORKLOAD } from '../../../../src/dsl/workload.ts'
import type { Workload } from '../../../../src/dsl/workload.ts'
import { clients, requestRate, rollout } from '../../../../src/dsl/workloads.ts'
import { workerCount } from '../../../../src/load/pool/worker-count.ts'

const count = (workload: Workload<ServedWorkloadSpec>, cores: number, sharesMachine = false): number =>
  workerCount(workload[WORKLOAD].spec, sharesMachine, cores)

describe('auto', () => {
  test.for<[string, Workload<ServedWorkloadSpec>, number]>([
    ['few clients', clients({ n: 256 }), 1],
    ['clients beyond what one worker carries', clients({ n: 257 }), 2],
    ['many clients', clients({ n: 1600 }), 7],
    ['more than there are cores for', clients({ n: 100_000 }), 15],
    ['a low rate', requestRate({ rate: 250 }), 1],
    ['a high rate', requestRate({ rate: 1000 }), 4],
    ['a high rate with few in flight', requestRate({ rate: 1000, maxConcurrency: 300 }), 2],
    ['a small batch', rollout({ batch: 8, n: 8 }), 1],
    ['a large batch', rollout({ batch: 128, n: 8, maxConcurrency: 10_000 }), 4],
    ['a large batch with few in flight', rollout({ batch: 128, n: 8, maxConcurrency: 100 }), 1],
    ['a batch of few requests', rollout({ batch: 128, n: 8, nPerRequest: true, maxConcurrency: 10_000 }), 1],
  ])('%s', ([, workload, expected]) => {
    expect(count(workload, 16)).toBe(expected)
  })

  test('leaves a core to the others, and has one worker at least', () => {
    expect([1, 2, 3, 4].map((cores) => count(clients({ n: 5000 }), cores))).toEqual([1, 1, 2, 3])
  })

  test('takes no core from a server on the same machine', () => {
    expect(count(clients({ n: 5000 }), 16, true)).toBe(1)
  })
})

test('a number is a number, whatever the cores and the server', () => {
  expect(count(clients({ n: 5000, workers: 3 }), 1, true)).toBe(3)
})

test('no worker is started that would have nothing to send', () => {
  expect(count(clients({ n: 2, workers: 8 }), 16)).toBe(2)
  expect(count(requestRate({ rate: 1000, requests: 3, workers: 8 }), 16)).toBe(3)
  expect(count(rollout({ batch: 2, n: 2, workers: 8 }), 16)).toBe(4)
})
