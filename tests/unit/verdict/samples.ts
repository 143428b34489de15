import type { FigureSample, RunSample } from '../../../src/verdict/run-sample.ts'

/** A run of `chat`, with these figures. */
function runSample(figures: Readonly<Record<string, number>>, over: Partial<RunSample> = {}): RunSample {
  const values = Object.entries(figures).map(([name, value]): [string, FigureSample] => [name, { value }])
  return {
    version: 1,
    bench: { file: 'chat.bench.ts', test: 'users', name: 'chat' },
    startedAt: '2026-01-31T09:30:00.000Z',
    cohort: { workload: 'w', target: 'openai', 'engine.version': '1' },
    partial: false,
    validity: 'valid',
    figures: Object.fromEntries(values),
    ...over,
  }
}

/** Runs of a figure of one mean whose values differ by a share of it, the same in every test. */
export function runsOf(
  figures: Readonly<Record<string, number>>,
  count: number,
  over: Partial<RunSample> = {},
  spread = 0.004,
): RunSample[] {
  return Array.from({ length: count }, (_, i) => {
    const factor = 1 + spread * (((i * 7) % 5) / 2 - 1)
    return runSample(Object.fromEntries(Object.entries(figures).map(([name, value]) => [name, value * factor])), over)
  })
}
