import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { requireNode } from '../../../src/vitest/node-version.ts'

test.for(['20.20.2', '22.18.9', '18.0.0'])('Node %s is refused with the way out', (version) => {
  expect(() => requireNode(version)).toThrow(`this is ${version}`)
  expect(() => requireNode(version)).toThrow('npm install --save-dev node@24')
})

test.for(['22.19.0', '22.20.1', '23.0.0', '24.21.0'])('Node %s will do', (version) => {
  expect(() => requireNode(version)).not.toThrow()
})

test('package.json asks for the same', () => {
  const { engines } = JSON.parse(readFileSync(new URL('../../../package.json', import.meta.url), 'utf8')) as { engines: { node: string } }
  const oldest = engines.node.replace('>=', '')
  expect(() => requireNode(`${oldest}.0`)).not.toThrow()
  const [major, minor] = oldest.split('.').map(Number)
  expect(() => requireNode(`${major}.${minor! - 1}.0`)).toThrow()
})
