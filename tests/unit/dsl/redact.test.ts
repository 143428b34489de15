import { expect, test } from 'vitest'
import { redact, redactURL } from '../../../src/dsl/redact.ts'
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
