import { expect, test } from 'vitest'
import { embedded } from '../../../src/dsl/targets.ts'
import type { RunningServer } from '../../../src/servers/server.ts'
import { speaksTo } from '../../../src/servers/start-server.ts'

test('the embedded server is reached like any other, with its key and its exact tokenizer', () => {
  const server = { baseURL: 'http://127.0.0.1:5/v1', model: 'tiny', tokenizer: '/cache/tokenizer.json' } as RunningServer
  expect(speaksTo(embedded({ apiKey: 'k', endpoint: 'completions' }), server)).toMatchObject({
    kind: 'openai',
    baseURLs: [server.baseURL],
    model: 'tiny',
    apiKeys: ['k'],
    endpoint: 'completions',
    tokenizer: server.tokenizer,
  })
})
