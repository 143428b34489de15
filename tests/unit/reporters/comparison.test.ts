import { expect, test } from 'vitest'
import { renderComparisonMarkdown } from '../../../reporters/markdown/comparison.ts'
import { renderComparisonText } from '../../../reporters/terminal/comparison.ts'
import { createStyle } from '../../../reporters/terminal/style.ts'
import { checkHold } from '../../../src/verdict/check-hold.ts'
import { compareSides } from '../../../src/verdict/compare-sides.ts'
import type { SidesComparison } from '../../../src/verdict/compare-sides.ts'
import type { RunSample } from '../../../src/verdict/run-sample.ts'
import { runsOf } from '../verdict/samples.ts'

const FIGURES = { 'ttft.p50': 100, outputTokensPerSecond: 1000 }
const bench = (name: string): Partial<RunSample> => ({ bench: { file: 'chat.bench.ts', test: 'users', name } })

const compared = (old: RunSample[], now: RunSample[], asked: object = {}): SidesComparison =>
  compareSides({ name: 'old', runs: old }, { name: 'new', runs: now }, { hold: checkHold(asked, 'compare') })

/** A bench of each outcome, and one on each side alone. */
const mixed = compared(
  [
    ...runsOf(FIGURES, 4, bench('slower')),
    ...runsOf(FIGURES, 4, bench('same')),
    ...runsOf(FIGURES, 2, bench('few')),
    ...runsOf(FIGURES, 4, bench('moved')),
    ...runsOf(FIGURES, 4, bench('gone')),
  ],
  [
    ...runsOf({ ...FIGURES, 'ttft.p50': 150 }, 4, bench('slower')),
    ...runsOf(FIGURES, 4, bench('same')),
    ...runsOf(FIGURES, 2, bench('few')),
    ...runsOf(FIGURES, 4, { ...bench('moved'), cohort: { workload: 'other' } }),
    ...runsOf(FIGURES, 4, bench('added')),
  ],
)

test('the terminal shows a table for each bench, why what is open is open, and the count of each outcome', () => {
  const lines = renderComparisonText(mixed, createStyle(false)).split('\n')
  const states = lines.filter((line) => line.includes('chat.bench.ts > users')).map((line) => line.replace(' chat.bench.ts > users', ''))
  expect(states).toEqual(['slower   regressed', 'same   held', 'few   inconclusive', 'moved   not compared', '  gone ', '  added '])
  expect(lines).toEqual(expect.arrayContaining([expect.stringMatching(/^ {2}ttft\.p50 +99\.\d\d ms +1\d\d\.\d ms +\+50% .* regressed$/)]))
  expect(lines.join('\n')).toContain('Fewer than 3 runs say too little of how runs differ')
  expect(lines.join('\n')).toContain('They are of different cohorts and are not compared: engine.version 1, now unknown')
  expect(lines.at(-2)).toBe('1 regressed · 1 inconclusive · 1 not compared, or in part · 1 held')
})

test('Markdown shows the verdict first and folds what held', () => {
  const markdown = renderComparisonMarkdown(mixed)
  expect(markdown).toMatch(/^## ❌ Performance regressed\n\n\*\*Regressed:\*\* `ttft\.p50` of `slower` \(\+50%\)\./)
  expect(markdown.indexOf('`slower` ·')).toBeLessThan(markdown.indexOf('`few` ·'))
  expect(markdown.indexOf('<details>')).toBeLessThan(markdown.indexOf('`same` ·'))
  expect(markdown).toContain('**Only in `old`:** `gone` of `chat.bench.ts`.')
  expect(markdown).toContain('**Only in `new`:** `added` of `chat.bench.ts`.')
})

test('a figure that one side lacks is named, and the bench is compared in part', () => {
  const without = runsOf({ outputTokensPerSecond: 1000 }, 4)
  const text = renderComparisonText(
    compared(runsOf(FIGURES, 4), without, { 'ttft.p50': '5%', outputTokensPerSecond: '5%' }),
    createStyle(false),
  )
  expect(text).toMatch(/^chat {2}chat\.bench\.ts > users {2}compared in part$/m)
  expect(text).toMatch(/ttft\.p50 .* not compared$/m)
})

test('Markdown of many benches stays below the limit of a comment', () => {
  const names = Array.from({ length: 400 }, (_, i) => `bench ${i}`)
  const many = compared(
    names.flatMap((name) => runsOf(FIGURES, 3, bench(name))),
    names.flatMap((name) => runsOf({ ...FIGURES, 'ttft.p50': 150 }, 3, bench(name))),
  )
  const markdown = renderComparisonMarkdown(many)
  expect(markdown.length).toBeLessThan(60_000)
  expect(markdown).toContain('Compare again with `--format json` for all of them.')
})
