import { expect, test } from 'vitest'
import { launch } from '../../../src/dsl/launch.ts'
import { lightllm } from '../../../src/dsl/native-targets.ts'
import { fillPorts, portPlaceholders } from '../../../src/dsl/ports.ts'
import { ppl } from '../../../src/dsl/ppl-target.ts'
import { openai } from '../../../src/dsl/targets.ts'
import { clients } from '../../../src/dsl/workloads.ts'

const args = ['--port', '{port}']

test('a command that is told its port is enough', () => {
  expect(launch({ command: '/opt/bin/vllm', args })).toEqual({
    kind: 'launch',
    name: 'vllm',
    command: '/opt/bin/vllm',
    args,
    env: {},
    ready: { url: 'http://127.0.0.1:{port}/v1/models' },
    readyTimeout: 1800,
    stopTimeout: 10,
    exclusive: false,
    target: openai({ baseURL: 'http://127.0.0.1:{port}/v1' }),
  })
})

test('a spec is plain data, a regular expression too', () => {
  const spec = launch({
    command: 'serve',
    args: [8000],
    env: { THREADS: 4, OLD: null },
    baseURL: 'http://127.0.0.1:8000',
    ready: { log: /up/gi },
  })
  expect(JSON.parse(JSON.stringify(spec))).toEqual(spec)
  expect(spec).toMatchObject({ args: ['8000'], env: { THREADS: '4', OLD: null }, ready: { log: { source: 'up', flags: 'i' } } })
})

test.for([
  [lightllm({ baseURL: 'http://127.0.0.1:{port}' }), args, { port: '{port}' }],
  [ppl({ baseURL: '127.0.0.1:23333' }), [], { port: 23_333 }],
] as const)('of a server without the OpenAI API an open port is the sign: %j', ([target, told, ready]) => {
  expect(launch({ command: 'serve', args: [...told], target }).ready).toEqual(ready)
})

test('true is the port of the arguments', () => {
  expect(launch({ command: 'serve', args, ready: { port: true, timeout: '2m' } })).toMatchObject({
    ready: { port: '{port}' },
    readyTimeout: 120,
  })
})

test.for<[object, RegExp]>([
  [{}, /was called without options|needs `command`|`command` is missing/],
  [{ command: 'serve' }, /nothing tells the server its port: put '\{port\}' into `args` or `env`/],
  [{ command: 'serve', args, baseURL: 'http://127.0.0.1:{port2}' }, /put '\{port2\}' into/],
  [{ command: 'serve', args, ready: { url: 'http://h/x', log: 'up' } }, /expected one of \{ url \}, \{ log \} and \{ port \}/],
  [{ command: 'serve', args, ready: { port: 0 } }, /expected a port/],
  [{ command: 'serve', args, baseURL: 'http://h', target: openai({ baseURL: 'http://h' }) }, /expected one of `baseURL` and `target`/],
  [{ command: 'serve', args, target: { kind: 'embedded' } }, /expected a target of a live server/],
  [{ command: 'serve', args, version: { url: 'http://h' } }, /expected a text, \{ command, args \}, or \{ url, path \}/],
  [{ command: 'serve', args, environment: {} }, /no option `environment`/],
])('%j is refused', ([options, message]) => {
  expect(() => launch(options as never)).toThrow(message)
})

test('a placeholder without a launch is refused where the target is used', () => {
  const target = openai({ baseURL: 'http://127.0.0.1:{port}/v1' })
  expect(() => clients({ n: 1, target })).toThrow('only launch({ target }) finds a port')
  expect(() => clients({ n: 1, target: launch({ command: 'serve', args, target }) })).not.toThrow()
})

test('ports are filled in wherever their placeholder stands', () => {
  const spec = { a: ['{port}', 'x={port}:{port2}'], b: { c: 'http://h:{port}' }, n: 1, none: null }
  expect(portPlaceholders(spec)).toEqual(['{port2}', '{port}'])
  expect(fillPorts(spec, { '{port}': 80, '{port2}': 81 })).toEqual({ a: ['80', 'x=80:81'], b: { c: 'http://h:80' }, n: 1, none: null })
})
