import { expect, test } from 'vitest'
import { LlmBenchError } from '../../../src/errors.ts'
import { errorOf, workerError } from '../../../src/load/plan.ts'

const passedOn = (error: unknown): LlmBenchError => errorOf(structuredClone(workerError(error, 'chat: the load worker')))

test('an error on purpose arrives as it was', () => {
  const error = passedOn(new LlmBenchError('DATASET', 'no such file', { cause: new Error('ENOENT') }))
  expect(error).toMatchObject({ name: 'LlmBenchError', code: 'DATASET', message: 'no such file' })
  expect(error.cause).toBeUndefined()
})

test('a defect says which worker it was, and keeps the place where it happened, however often it is passed on', () => {
  const defect = new TypeError('x is not a function')
  const once = passedOn(defect)
  const twice = passedOn(once)
  for (const error of [once, twice]) {
    expect(error).toMatchObject({ code: 'RUN_FAILED', message: 'chat: the load worker failed: x is not a function' })
    expect((error.cause as Error).stack).toBe(defect.stack)
  }
})

test('what is thrown and no error is told all the same', () => {
  expect(passedOn('why')).toMatchObject({ code: 'RUN_FAILED', message: 'chat: the load worker failed: why' })
})
