import { describe, expect, test as it } from 'vitest'
import { benchRuns, isUnfinished, judgedRun } from '../../../reporters/bench-runs.ts'
import { renderClientsCsv } from '../../../reporters/csv/clients.ts'
import type { RequestRun } from '../../../reporters/csv/cells.ts'
import { renderJUnit } from '../../../reporters/junit/render.ts'
import { createStyle } from '../../../reporters/terminal/style.ts'
import { renderTest } from '../../../reporters/terminal/test.ts'
import { specOf } from '../../../src/dsl/workload.ts'
import { clients, oneBatch } from '../../../src/dsl/workloads.ts'
import type { RunReport } from '../../../src/files/run-report.ts'
import { batchRun, clientMetrics, distribution, model, requestMetrics, run, test, verdict } from './fixtures.ts'
import { readCases } from './xml.ts'

const workload = specOf(clients({ n: 16, rampUp: 1.6, requests: 1000, repeats: 3 }))!

function repeat(index: number, outputTokensPerSecond: number, over: Partial<RunReport> = {}): RunReport {
  const metrics = requestMetrics({ outputTokensPerSecond, ttft: distribution(40 + index) })
  return run({ workload, metrics, repeat: { index }, folder: `bench-results/now/chat${index === 0 ? '' : `-${index + 1}`}`, ...over })
}

const three = [repeat(0, 1300), repeat(1, 1200), repeat(2, 1280)]
const other = (index: number, throughput: number): RunReport => repeat(index, throughput, { bench: 'other' })
const plain = createStyle(false)
const lines = (runs: readonly RunReport[]): string[] =>
  renderTest(runs, { verdicts: [verdict({ median: { runs: 3, repeat: 1 } })], holdings: [] }, plain).filter((line) => line !== '')

describe('the runs of a test', () => {
  it('stand together where they repeat each other, also when benches took turns', () => {
    const benches = benchRuns([three[0]!, other(0, 1), other(1, 2), three[1]!, three[2]!, run({ bench: 'once' })])
    expect(benches.map(({ runs, standing }) => [standing.bench, runs.length])).toEqual([
      ['chat', 3],
      ['other', 2],
      ['once', 1],
    ])
    expect(benches[0]!.standing).toBe(three[2])
  })

  it('are apart where a bench is run anew, in one attempt or in the next', () => {
    const again = three.map((report) => ({ ...report, attempt: 1 }))
    expect(benchRuns([...three, ...three, ...again]).map(({ runs }) => runs.length)).toEqual([3, 3, 3])
    expect(benchRuns([run(), run()])).toHaveLength(2)
  })

  it('are not stood for by one that was cut short', () => {
    const cut = [three[0]!, repeat(1, 1290, { partial: true })]
    expect(benchRuns(cut)[0]!.standing).toBe(three[0])
    expect(isUnfinished(benchRuns(cut)[0]!)).toBe(true)
    expect(isUnfinished(benchRuns(three.slice(0, 2))[0]!)).toBe(true)
    expect(isUnfinished(benchRuns(three)[0]!)).toBe(false)
    expect(isUnfinished(benchRuns([run()])[0]!)).toBe(false)
  })

  it('have one that a verdict is about', () => {
    expect(judgedRun(three, verdict({ median: { runs: 3, repeat: 1 } }))).toBe(three[1])
    expect(judgedRun(three, verdict())).toBe(three[2])
    expect(judgedRun(three, verdict({ attempt: 1 }))).toBeUndefined()
  })
})

describe('repeats on the terminal', () => {
  it('are one table of figures, a line each, and how far they lie apart', () => {
    const shown = lines(three)
    expect(shown[0]).toBe('chat  3 runs, run 3 shown (median throughput)')
    expect(shown.filter((line) => line.startsWith('  TTFT '))).toHaveLength(1)
    const at = shown.findIndex((line) => line.includes('output tok/s'))
    expect(shown.slice(at, at + 5)).toEqual([
      '            output tok/s  req/s  TTFT p50  TPOT p50  E2E p50',
      '    run 1          1,300  20.00     40.00     12.00    800.0',
      '    run 2          1,200  20.00     41.00     12.00    800.0',
      '  > run 3          1,280  20.00     42.00     12.00    800.0',
      '    spread         7.94%     0%     4.88%        0%       0%',
    ])
    expect(shown).toContain('  ✓ ttft.p99 <= 200ms  120 ms (median of 3 runs) (+40%)')
    expect(shown.at(-1)).toBe('  files    chat, chat-2, chat-3')
  })

  it('name the ones that were disturbed or cut short, and how many are missing', () => {
    const client = clientMetrics({ validity: 'degraded', reasons: ['it was late'] })
    const disturbed = repeat(0, 1300, { metrics: requestMetrics({ client }) })
    const shown = lines([disturbed, repeat(1, 1200, { partial: true })])
    expect(shown[0]).toBe('chat  2 of 3 runs, run 1 shown (median throughput)  PARTIAL  DEGRADED')
    expect(shown.some((line) => /run 1 .*degraded$/.test(line))).toBe(true)
    expect(shown.some((line) => /run 2 .*partial$/.test(line))).toBe(true)
    expect(lines([run({ workload, repeat: { index: 0 } })])[0]).toBe('chat  1 of 3 runs  PARTIAL')
  })

  it('of a static batch show all tokens over the time of all cases', () => {
    const spec = specOf(oneBatch({ batch: [8, 512], inputLength: 1024, outputLength: [1, 64], repeats: 2 }))!
    const shown = renderTest(
      [0, 1].map((index) => batchRun({ workload: spec, repeat: { index } })),
      { verdicts: [], holdings: [] },
      plain,
    )
    expect(shown.some((line) => line.includes('overall tok/s') && !line.includes('prefill'))).toBe(true)
  })
})

describe('repeats in files', () => {
  it('have unique properties in JUnit: the figures of the one that stands for all, and what each comes to', () => {
    const [own, threshold] = readCases(
      renderJUnit(model({ tests: [test({ runs: three, verdicts: [verdict({ median: { runs: 3, repeat: 1 } })] })] })),
    )
    const names = Object.keys(own!.properties)
    expect(own!.properties).toMatchObject({
      runs: '3',
      run: '3',
      outputTokensPerSecond: '1280',
      'run1/outputTokensPerSecond': '1300',
      'run2/ttft.median_ms': '41',
      'run3/folder': 'bench-results/now/chat-3',
      'run3/state': 'valid',
    })
    expect(names.filter((name) => name.endsWith('outputTokensPerSecond'))).toHaveLength(4)
    expect(threshold!.properties).toMatchObject({ medianOf: '3', folder: 'bench-results/now/chat-2' })
  })

  it('have a row each in tables', () => {
    const rows = renderClientsCsv(three as RequestRun[])
      .trimEnd()
      .split('\n')
    expect(rows.slice(1).map((row) => row.split(',')[0])).toEqual(['chat (run 1)', 'chat (run 2)', 'chat (run 3)'])
  })
})
