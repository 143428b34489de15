import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'

const MODULE = new URL('../../src/tier-up.ts', import.meta.url).href

/** Calls of a function after which V8 says that it compiles it for good. */
async function callsUntilCompiled(when: string): Promise<number> {
  const code = `
    import { tierUp } from '${MODULE}'
    tierUp('${when}')
    function added(a, b) { let sum = 0; for (let i = 0; i < 10; i++) sum += a * b; return sum }
    let sum = 0
    for (let i = 1; i <= 100000; i++) { sum += added(i, 2); if (i % 50 === 0) process.stdout.write('calls ' + i + '\\n') }
  `
  const { stdout, stderr } = await promisify(execFile)(
    process.execPath,
    ['--trace-opt', '--no-use-osr', '--input-type=module', '-e', code],
    { maxBuffer: 2 ** 26 },
  )
  expect(stderr).toBe('')
  const lines = stdout.split('\n')
  const compiled = lines.findIndex((line) => line.includes('<JSFunction added') && line.includes('TURBOFAN'))
  expect(compiled).toBeGreaterThan(0)
  return Number(
    lines
      .slice(0, compiled)
      .findLast((line) => line.startsWith('calls'))
      ?.slice(6) ?? 0,
  )
}

test('a function is compiled after fewer calls while a load is rehearsed, and after more once it runs', async () => {
  const [early, usual, seldom] = await Promise.all(['early', 'usual', 'seldom'].map(callsUntilCompiled))
  expect(early).toBeLessThan(usual! / 2)
  expect(seldom).toBeGreaterThan(usual! * 2)
})
