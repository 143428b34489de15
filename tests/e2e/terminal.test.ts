// What a person sees in a terminal that can be redrawn; `script` gives the run one.
import { execFileSync, spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { stripVTControlCharacters } from 'node:util'
import { expect, test } from 'vitest'
import { project, REPOSITORY } from './run-vitest.ts'

const hasScript = spawnSync('script', ['--version']).status === 0

test.skipIf(!hasScript)('the live window shows how far a run is, and the table stays when it has ended', async () => {
  const folder = await project({
    'long.bench.ts': `
      import { test } from 'vitest'
      import { clients } from 'vitest-llm-bench'
      test('t', async ({ bench }) => {
        await bench('chat', clients({ n: 2, rampUp: 0, duration: 4, maxTokens: 8 })).run()
      })
    `,
  })
  const command = `${process.execPath} ${join(REPOSITORY, 'node_modules/vitest/vitest.mjs')} bench --run`
  const output = execFileSync('script', ['-qec', command, '/dev/null'], {
    cwd: folder,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { PATH: process.env['PATH'], HOME: process.env['HOME'], TERM: 'xterm', COLUMNS: '100' },
  })
  const seen = stripVTControlCharacters(output)
  expect(seen).toMatch(/⏳ chat {2}running {2}\ds of 4s · \d+ requests/)
  expect(seen).toContain('TTFT')
  expect(seen).toContain('1 passed')
})
