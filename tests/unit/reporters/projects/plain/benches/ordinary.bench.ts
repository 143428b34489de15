import { test } from 'vitest'
import { run } from '../../../fixtures.ts'
import { leave } from '../record.ts'

const quick = { iterations: 3, time: 0, warmup: false }

test('ordinary', async ({ bench }) => {
  await bench('parse', () => JSON.parse('{}')).run(quick)
})

test('mixed', async ({ bench, task }) => {
  await leave(task, run({ bench: 'ours' }), [])
  await bench.compare(
    bench('ours', () => {}),
    bench('theirs', () => {}),
    quick,
  )
})
