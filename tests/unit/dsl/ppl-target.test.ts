import { describe, expect, test } from 'vitest'
import { launch } from '../../../src/dsl/launch.ts'
import { ppl } from '../../../src/dsl/ppl-target.ts'
import { clients } from '../../../src/dsl/workloads.ts'
import { WORKLOAD } from '../../../src/dsl/workload.ts'

describe('ppl()', () => {
  test('is plain data with the defaults, its address with or without a scheme', () => {
    expect(ppl({ baseURL: ' 127.0.0.1:23333 ' })).toEqual({
      kind: 'ppl',
      baseURLs: ['grpc://127.0.0.1:23333'],
      wire: 'current',
      apiKeys: [],
      headers: {},
      timeout: 600,
      idleTimeout: 120,
    })
    expect(ppl({ baseURLs: ['grpcs://host:1', '[::1]:2', 'grpc://host:3/'], wire: 'legacy' })).toMatchObject({
      baseURLs: ['grpcs://host:1', 'grpc://[::1]:2', 'grpc://host:3/'],
      wire: 'legacy',
    })
  })

  test.each(['http://host:1', 'host', 'grpc://host', 'grpc://host:1/v1', 'grpc://user:pw@host:1', 'grpc://host:1?a=b', ':1', ''])(
    'refuses the address %s and says what is expected',
    (baseURL) => {
      expect(() => ppl({ baseURL })).toThrow('expected "host:port", "grpc://host:port", or "grpcs://host:port" for TLS')
    },
  )

  test('refuses no address, two kinds of them, an unknown wire and an unknown option', () => {
    expect(() => ppl({})).toThrow('expected exactly one of `baseURL` and `baseURLs`')
    expect(() => ppl({ baseURL: 'a:1', baseURLs: ['a:1'] })).toThrow('expected exactly one of `baseURL` and `baseURLs`')
    expect(() => ppl({ baseURL: 'a:1', wire: 'old' as 'legacy' })).toThrow(`ppl(): \`wire\` is "old": expected 'current' or 'legacy'`)
    expect(() => ppl({ baseURL: 'a:1', extraBody: {} } as object)).toThrow('ppl() has no option `extraBody`')
  })

  test('TLS needs an address of TLS', () => {
    expect(() => ppl({ baseURL: 'a:1', ca: 'ca.pem' })).toThrow('ppl(): `ca` is "ca.pem": applies to grpcs:// URLs only')
    expect(ppl({ baseURL: 'grpcs://a:1', ca: 'ca.pem' }).ca).toBe('ca.pem')
  })

  test('is a target of a launched server, which is ready when its port is open', () => {
    const command = { command: 'ppl_llama_server', args: ['--port', '{port}'] }
    expect(launch({ ...command, target: ppl({ baseURL: '127.0.0.1:{port}' }) })).toMatchObject({ ready: { port: '{port}' } })
    expect(launch({ command: 'ppl_llama_server', target: ppl({ baseURL: '127.0.0.1:23333' }) })).toMatchObject({ ready: { port: 23_333 } })
  })

  test('is a target of a workload', () => {
    const target = ppl({ baseURL: 'a:1' })
    expect(clients({ n: 1, target })[WORKLOAD].spec).toMatchObject({ target })
  })
})
