import { expect, test } from 'vitest'
import { redact, redactURL, secretsIn } from '../../../src/dsl/redact.ts'
import { openai } from '../../../src/dsl/targets.ts'

test('keys, secret headers and credentials of a target are replaced, all else is kept', () => {
  const spec = openai({
    baseURL: 'https://user:password@host/v1?key=abc',
    apiKeys: ['sk-1', 'sk-2'],
    headers: {
      Authorization: 'Bearer abc',
      'X-Api-Key': 'abc',
      'Ocp-Apim-Subscription-Key': 'abc',
      'x-auth-token': 'abc',
      'X-Trace': 'on',
    },
    extraBody: { accessKey: 'abc', guided_json: { secret: 'abc' } },
  })
  const redacted = redact(spec)
  expect(JSON.stringify(redacted)).not.toMatch(/abc|sk-|password/)
  expect(redacted).toMatchObject({
    baseURLs: ['https://***@host/v1?***'],
    apiKeys: ['***', '***'],
    headers: { 'X-Trace': 'on' },
    timeout: 600,
  })
})

test.for([{ maxTokens: 5, minTokens: 1 }, { tokenizer: 'tokenizer.json' }, { author: 'me' }, { monkey: 'yes' }, { token: 5 }])(
  '%j holds no secret',
  (value) => {
    expect(redact(value)).toEqual(value)
  },
)

test('a prompt that begins with a URL stays as it is', () => {
  const prompt = 'https://example.com/?q=1 What does this page say?'
  expect(redactURL(prompt)).toBe(prompt)
})

test('a URL without secrets stays as it is', () => {
  expect(redactURL('http://127.0.0.1:8000/v1')).toBe('http://127.0.0.1:8000/v1')
})

test('the original is not changed', () => {
  const spec = { apiKey: 'sk-1' }
  redact(spec)
  expect(spec.apiKey).toBe('sk-1')
})

test.for<[string[], string[]]>([
  [
    ['--api-key', 'sk-1', '--port', '80'],
    ['--api-key', '***', '--port', '80'],
  ],
  [
    ['--api-key=sk-1', 'HF_TOKEN=hf_1'],
    ['--api-key=***', 'HF_TOKEN=***'],
  ],
  [
    ['-c', "HF_TOKEN='h f' serve --api-key sk-1 --max-tokens 5"],
    ['-c', 'HF_TOKEN=*** serve --api-key *** --max-tokens 5'],
  ],
  [
    ['--download', 'https://user:pass@host/m?sig=1'],
    ['--download', 'https://***@host/m?***'],
  ],
  [
    ['--trust-remote-code', 'model', '--api-key', '--verbose'],
    ['--trust-remote-code', 'model', '--api-key', '--verbose'],
  ],
])('the arguments of a command: %j', ([args, shown]) => {
  expect(redact({ args })).toEqual({ args: shown })
})

test('what is taken out can be had, to take it out of other texts', () => {
  const spec = {
    args: ['--api-key', 'sk-1', '-c', 'HF_TOKEN="hf 1"'],
    env: { OPENAI_API_KEY: 'sk-2', HOME: '/home/me' },
    apiKeys: ['sk-3'],
    url: 'https://me:p%40ss@host/?sig=abc',
  }
  expect(secretsIn(spec).toSorted()).toEqual(['abc', 'hf 1', 'me', 'p%40ss', 'p@ss', 'sk-1', 'sk-2', 'sk-3'])
})
