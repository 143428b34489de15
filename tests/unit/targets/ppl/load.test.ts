import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'

const run = promisify(execFile)

test.each(['@grpc/grpc-js', 'protobufjs/minimal.js'])('without %s the error says what to install', async (missing) => {
  const createTarget = new URL('../../../../src/targets/create-target.ts', import.meta.url).href
  const script = `
    import { registerHooks } from 'node:module'
    registerHooks({
      resolve(name, context, next) {
        if (name === ${JSON.stringify(missing)}) throw new Error("Cannot find package '" + name + "'")
        return next(name, context)
      },
    })
    const { createTarget } = await import(${JSON.stringify(createTarget)})
    const spec = { kind: 'ppl', baseURLs: ['grpc://127.0.0.1:1'], wire: 'current', apiKeys: [], headers: {}, timeout: 1, idleTimeout: 1 }
    await createTarget(spec, { onTokens: () => {} }).catch(({ code, message }) => console.log(code + ' ' + message))`
  const { stdout } = await run(process.execPath, ['--input-type=module', '--eval', script])
  expect(stdout).toContain('TARGET ppl() needs the packages @grpc/grpc-js and protobufjs')
  expect(stdout).toContain('npm install -D @grpc/grpc-js@1.14 protobufjs@7')
  expect(stdout).toContain(`Cannot find package '${missing}'`)
})
