import { homedir, tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { cacheFolder } from '../../../src/cache-folder.ts'
import { withoutPlaces } from '../../../src/vitest/machine-paths.ts'

const ROOT = '/srv/checkout-1234'

test('paths below the root become relative', () => {
  expect(withoutPlaces(`serve ${ROOT}/models/a.gguf --chat=${ROOT}/t.jinja in ${ROOT}`, ROOT)).toBe(
    'serve ./models/a.gguf --chat=./t.jinja in .',
  )
})

test('of paths in temporary and cache folders only the last name stays', () => {
  expect(withoutPlaces(`--model ${join(tmpdir(), 'x-8f2a', 'a.gguf')} -t 1`, ROOT)).toBe('--model …/a.gguf -t 1')
  expect(withoutPlaces(join(cacheFolder(), 'tiny', 'b.gguf'), ROOT)).toBe('…/b.gguf')
})

test('the home folder is ~', () => {
  expect(withoutPlaces(join(homedir(), 'models', 'qwen'), ROOT)).toBe('~/models/qwen')
})

test('other paths, and folders that only begin alike, stay', () => {
  for (const text of ['/models/qwen', `${ROOT}5/models`, '/tmpfs/model', 'models/tmp/x', '/data/tmp/x', 'Qwen/Qwen2.5-7B']) {
    expect(withoutPlaces(text, ROOT)).toBe(text)
  }
})
