import { describe, expect, test as it } from 'vitest'
import { errorModel } from '../../../reporters/build-errors.ts'

const root = '/project'

describe('an error as reports hold it', () => {
  it.each([
    'RUN_FAILED',
    'TARGET',
    'DATASET',
    'ENGINE',
    'SERVER',
    'TOKENIZER',
    'CANCELLED',
    'METRIC_ABSENT',
    'FEW_SAMPLES',
    'INVALID_THRESHOLD',
    'UNKNOWN_METRIC',
  ])('is of a run that could not be measured where its code is %s', (code) => {
    expect(errorModel({ name: 'LlmBenchError', message: 'x', code }, root).cause).toBe('run')
  })

  it('is of a threshold by its name, and of nothing of ours otherwise', () => {
    expect(errorModel({ name: 'SLOBreachError', message: 'x' }, root).cause).toBe('threshold')
    expect(errorModel({ name: 'Error', message: 'x', code: 'ENOENT' }, root).cause).toBe('other')
    expect(errorModel({ name: 'AssertionError', message: 'x' }, root).cause).toBe('other')
  })

  it('points to the first frame of the project, not of its dependencies or of Node', () => {
    const stacks = [
      { method: 'fail', file: '/project/node_modules/x/index.js', line: 1, column: 2 },
      { method: '', file: '/elsewhere/y.js', line: 3, column: 4 },
      { method: 'it', file: '/project/benches/a.bench.ts', line: 5, column: 6 },
    ]
    expect(errorModel({ name: 'E', message: 'x', stacks }, root)).toMatchObject({
      at: 'benches/a.bench.ts:5:6',
      stack: '    at fail (/project/node_modules/x/index.js:1:2)\n    at /elsewhere/y.js:3:4\n    at it (benches/a.bench.ts:5:6)',
    })
  })

  it('reads the stack itself where Vitest has not', () => {
    const stack = 'E: x\n    at fn (file:///project/benches/a.bench.ts:5:6)\n    at async /project/benches/b.bench.ts:7:8'
    expect(errorModel({ name: 'E', message: 'x', stack }, root).at).toBe('benches/a.bench.ts:5:6')
    expect(errorModel({ name: 'E', message: 'x', stack: 'no frames' }, root)).not.toHaveProperty('stack')
  })

  it('has a message and a name, whatever was thrown', () => {
    expect(errorModel({ message: '' }, root)).toEqual({ name: 'Error', message: 'Error', cause: 'other' })
    expect(errorModel({ name: 'E', message: '\u001B[31mred\u001B[39m\r\nline\u0000' }, root).message).toBe('red\nline')
  })
})
