import { execFileSync } from 'node:child_process'
import { getPriority } from 'node:os'
import { expect, test } from 'vitest'

const MODULE = new URL('../../src/helper-threads.ts', import.meta.url).href

/** The priorities of all threads of a process that has called it, by their names. */
const PROGRAM = `
  import { readdirSync, readFileSync } from 'node:fs'
  import { getPriority } from 'node:os'
  import { yieldHelperThreads } from '${MODULE}'
  yieldHelperThreads()
  const threads = readdirSync('/proc/self/task').map((id) => [readFileSync('/proc/self/task/' + id + '/comm', 'utf8').trim(), getPriority(Number(id))])
  console.log(JSON.stringify(threads))
`

test.runIf(process.platform === 'linux')("V8's own threads yield to the one that runs JavaScript, which stays as it is", () => {
  const output = execFileSync(process.execPath, ['--input-type=module', '-e', PROGRAM], { encoding: 'utf8' })
  const threads = JSON.parse(output) as [name: string, priority: number][]
  const of = (name: string): number[] => threads.filter(([each]) => each === name).map(([, priority]) => priority)
  expect(of('V8Worker').length).toBeGreaterThan(0)
  expect(new Set(of('V8Worker'))).toEqual(new Set([19]))
  expect(of('MainThread')).toEqual([getPriority()])
})
