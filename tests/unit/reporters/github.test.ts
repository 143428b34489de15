import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test as it } from 'vitest'
import { renderAnnotations } from '../../../reporters/github/annotations.ts'
import { appendToSummary } from '../../../reporters/github/step-summary.ts'
import type { TestModel } from '../../../reporters/model.ts'
import { breachError, clientMetrics, holding, model, requestMetrics, run, runError, test, undecided } from './fixtures.ts'

const annotations = (tests: TestModel[], thrown = true): string[] => renderAnnotations(model({ tests }), { thrown })
const failing = (over: Partial<TestModel> = {}): TestModel => test({ state: 'failed', errors: [breachError()], ...over })

describe('annotations', () => {
  it('mark the line of the assertion that failed, by its absolute path, all escaped', () => {
    expect(annotations([failing({ name: 'a, b: 100%', suites: [], errors: [breachError({ message: '50% of\r\n1 broken' })] })])).toEqual([
      '::error file=/home/me/project/benches/chat.bench.ts,line=12,col=15,title=a%2C b%3A 100%25::50%25 of%0A1 broken',
    ])
  })

  it('leave what was thrown to Vitest’s own reporter, and what is none of ours to others', () => {
    expect(annotations([failing()], false)).toEqual([])
    expect(annotations([failing({ errors: [runError({ cause: 'other' })] })])).toEqual([])
  })

  it('mark what could not be judged as an error too, at the test where no line is known', () => {
    const bound = runError({ code: 'CLIENT_BOUND', message: 'load is client-bound' })
    delete bound.at
    expect(annotations([failing({ errors: [bound] })])[0]).toMatch(
      /^::error file=\S+chat\.bench\.ts,line=9,title=.*::load is client-bound$/,
    )
  })

  it('warn of what is inconclusive, unless that counts as a pass, and of a client that disturbed the run', () => {
    const degraded = run({ metrics: requestMetrics({ client: clientMetrics({ validity: 'degraded', reasons: ['it was late'] }) }) })
    const warnings = annotations([test({ runs: [degraded], holdings: [holding([undecided()])] })], false)
    expect(warnings).toEqual([
      expect.stringMatching(/^::warning file=.*,line=9,title=.*::chat against .*: inconclusive%0Ae2e\.p99 .* 9 runs would settle it\.$/),
      expect.stringMatching(/::chat: the client disturbed the run: it was late$/),
    ])
    expect(annotations([test({ holdings: [holding([undecided()], { inconclusive: 'pass' })] })])).toEqual([])
  })

  it('are no more than GitHub shows, and say how many are left', () => {
    const many = annotations(Array.from({ length: 25 }, () => failing({ holdings: [holding([undecided()])] })))
    expect(many.filter((line) => line.startsWith('::error'))).toHaveLength(10)
    expect(many.filter((line) => line.startsWith('::warning'))).toHaveLength(10)
    expect(many.filter((line) => line.endsWith('::and 16 more, in report.md'))).toHaveLength(2)
  })
})

const MEBIBYTE = 1024 * 1024

/** A file of so many bytes; none where that is 0. */
async function summaryOf(bytes: number): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'llm-bench-summary-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  const path = join(folder, 'summary.md')
  if (bytes > 0) await writeFile(path, 'x'.repeat(bytes))
  return path
}

describe('the summary of a step', () => {
  it('is begun, or gone on with below what others wrote', async () => {
    const path = await summaryOf(0)
    expect(await appendToSummary(path, '# a\n')).toBeUndefined()
    expect(await appendToSummary(path, '# b\n')).toBeUndefined()
    expect(await readFile(path, 'utf8')).toBe('# a\n\n# b\n')
  })

  it('never grows beyond what GitHub shows, counted in bytes', async () => {
    const path = await summaryOf(MEBIBYTE - 4)
    expect(await appendToSummary(path, '❌❌')).toContain(`holds ${MEBIBYTE - 4} bytes`)
    expect((await stat(path)).size).toBe(MEBIBYTE - 4)
    expect(await appendToSummary(path, '❌')).toBeUndefined()
    expect((await stat(path)).size).toBe(MEBIBYTE)
  })

  it('that can not be written is said, and takes nothing from the run', async () => {
    expect(await appendToSummary(join(await summaryOf(0), 'no', 'folder'), 'x')).toContain('ENOENT')
  })
})
