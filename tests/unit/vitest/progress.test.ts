import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import type { DefaultReporter, Vitest } from 'vitest/node'
import type { Progress } from '../../../src/metrics/progress.ts'
import { ProgressBoard } from '../../../src/vitest/progress.ts'

const at = (completed: number): Progress => ({
  phase: 'running',
  started: 10,
  completed,
  failed: 0,
  total: 10,
  unit: 'requests',
  outputTokens: 100,
  elapsedSeconds: 2,
})

function board(): { board: ProgressBoard; lines: string[] } {
  const lines: string[] = []
  const vitest = { logger: { log: (line: string) => lines.push(line) } } as unknown as Vitest
  return { board: new ProgressBoard(vitest), lines }
}

describe('where nothing can be redrawn', () => {
  beforeEach(() => vi.useFakeTimers({ toFake: ['Date'] }))
  afterEach(() => vi.useRealTimers())

  test('a long run says how far it is every ten seconds, a short one nothing', () => {
    const { board: progress, lines } = board()
    for (let second = 0; second <= 25; second++) {
      progress.show('chat', at(second % 10))
      vi.advanceTimersByTime(1000)
    }
    expect(lines).toHaveLength(2)
    expect(lines[0]).toContain('chat')
    expect(lines[0]).toContain('0/10 requests')
  })

  test('the next run of the same name starts anew', () => {
    const { board: progress, lines } = board()
    progress.show('chat', at(1))
    vi.advanceTimersByTime(9000)
    progress.show('chat', undefined)
    vi.advanceTimersByTime(9000)
    progress.show('chat', at(1))
    expect(lines).toEqual([])
  })
})

describe('in the live window of Vitest’s reporter', () => {
  test('the running benches stand above the summary, and no line is printed', () => {
    const { board: progress, lines } = board()
    const summary = {
      own: 'summary',
      createSummary(): string[] {
        return [this.own]
      },
    }
    progress.joinWindow({ summary } as unknown as DefaultReporter)
    expect(summary.createSummary()).toEqual(['summary'])
    progress.show('chat', at(4))
    expect(summary.createSummary()).toEqual([expect.stringContaining('4/10 requests'), 'summary'])
    progress.show('chat', undefined)
    expect(summary.createSummary()).toEqual(['summary'])
    expect(lines).toEqual([])
  })

  test.for([{}, { summary: undefined }, { summary: {} }, { summary: { createSummary: 1 } }])(
    'a reporter of another shape is left alone: %j',
    (reporter) => {
      expect(() => board().board.joinWindow(reporter as unknown as DefaultReporter)).not.toThrow()
    },
  )
})
