import { expect, test } from 'vitest'
import { withoutOwnFrames } from '../../../src/vitest/own-frames.ts'

const SOURCE = new URL('../../../src/vitest/matchers.ts', import.meta.url)

function withStack(...frames: string[]): Error {
  const error = new Error('broken')
  error.stack = ['Error: broken', ...frames].join('\n')
  return error
}

test('frames of this package go, so that the first one is the user’s', () => {
  const error = withStack(
    `    at toMeetSLO (${SOURCE.pathname}:1:1)`,
    `    at async ${SOURCE.href}:2:2`,
    '    at async /home/me/a.bench.ts:3:3',
  )
  expect(withoutOwnFrames(error).stack).toBe('Error: broken\n    at async /home/me/a.bench.ts:3:3')
})

test('a stack without any line of the user’s stays as it is', () => {
  const frames = [`    at toMeetSLO (${SOURCE.pathname}:1:1)`, '    at node:internal/timers:2:2', '    at /a/node_modules/vitest/x.js:1:1']
  expect(withoutOwnFrames(withStack(...frames)).stack).toBe(['Error: broken', ...frames].join('\n'))
})

test('an error without frames stays as it is', () => {
  expect(withoutOwnFrames(withStack()).stack).toBe('Error: broken')
})
