import { expect, test } from 'vitest'
import { embedded, openai } from '../../../src/dsl/targets.ts'
import { clients } from '../../../src/dsl/workloads.ts'

test('one URL and one key become lists of one', () => {
  expect(openai({ baseURL: ' http://127.0.0.1:8000/v1 ', apiKey: 'k' })).toEqual({
    kind: 'openai',
    baseURLs: ['http://127.0.0.1:8000/v1'],
    apiKeys: ['k'],
    endpoint: 'chat',
    headers: {},
    extraBody: {},
    timeout: 600,
    idleTimeout: 120,
  })
})

test('several URLs and keys are kept in order', () => {
  const spec = openai({ baseURLs: ['http://a', 'http://b'], apiKeys: ['1', '2'], timeout: '90s', idleTimeout: '500ms' })
  expect(spec).toMatchObject({ baseURLs: ['http://a', 'http://b'], apiKeys: ['1', '2'], timeout: 90, idleTimeout: 0.5 })
})

test.for(['localhost:8000', 'ftp://host', 'http://', 'host/v1', '', 5, undefined])('%j is no base URL', (baseURL) => {
  expect(() => openai({ baseURL: baseURL as never })).toThrow(/expected/)
})

test.for(['/v1/chat/completions', '/v1/completions/', '/prefix/chat/completions?key=1'])(
  'the URL of an endpoint is no base URL: %s',
  (path) => {
    expect(() => openai({ baseURL: `http://127.0.0.1:8000${path}` })).toThrow(/`baseURL` is ".*": the base URL ends at \/v1$/)
  },
)

test('exactly one of a URL and a list of URLs is taken', () => {
  expect(() => openai({})).toThrow('expected exactly one of `baseURL` and `baseURLs`')
  expect(() => openai({ baseURL: 'http://a', baseURLs: ['http://b'] })).toThrow('expected exactly one of `baseURL` and `baseURLs`')
  expect(() => openai({ baseURL: 'http://a', apiKey: '1', apiKeys: ['2'] })).toThrow('expected at most one of `apiKey` and `apiKeys`')
})

test('the embedded target has defaults for all', () => {
  expect(embedded()).toEqual({ kind: 'embedded', gpu: false, parallel: 8, endpoint: 'chat' })
  expect(() => embedded({ parallel: 0 })).toThrow('embedded(): `parallel` is 0: expected a whole number from 1')
})

test('a target that is none is refused by the workload', () => {
  expect(() => clients({ n: 1, target: openai as never })).toThrow('`target` is a function: expected a target such as openai({ baseURL })')
})
