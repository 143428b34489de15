import type { FigureSample, RunSample } from '../../../../src/verdict/run-sample.ts'

/** A run with the given figures. */
export function runWith(figures: Record<string, number | FigureSample>): RunSample {
  return {
    version: 1,
    bench: { file: 'chat.bench.ts', test: 'chat', name: 'chat' },
    startedAt: '2026-03-01T12:00:00.000Z',
    cohort: {},
    partial: false,
    figures: Object.fromEntries(
      Object.entries(figures).map(([name, figure]) => [name, typeof figure === 'number' ? { value: figure } : figure]),
    ),
  }
}

/** Runs that differ in one figure. */
export function runsWith(metric: string, ...values: (number | FigureSample)[]): RunSample[] {
  return values.map((value) => runWith({ [metric]: value }))
}
