// Real processes: a server is launched, found ready, and ended with all that it started, whoever dies first.
import { spawn } from 'node:child_process'
import { copyFile, readFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest'
import type { LaunchTargetSpec } from '../../../../src/dsl/launch.ts'
import { lightllm } from '../../../../src/dsl/native-targets.ts'
import { openai } from '../../../../src/dsl/targets.ts'
import { hasOpenSSL, makeCertificates } from '../../../contract/certificates.ts'
import type { Certificates } from '../../../contract/certificates.ts'
import { processesUsing } from '../../../e2e/processes.ts'
import { PATIENCE_MS } from '../../../patience.ts'
import { standIn, started, temporaryFolder } from './stand-in.ts'

/** Children in the group, in a session of their own, and one whose parent is gone, too. */
const FAMILY = ['child', 'session', 'orphan']
const SIZE = 4

const gone = (folder: string): Promise<unknown> => vi.waitFor(async () => expect(await processesUsing(folder)).toEqual([]), PATIENCE_MS)
/** Servers of the family, and the process that has launched it where that is another one. */
const complete = (folder: string, size = SIZE): Promise<unknown> =>
  vi.waitFor(async () => expect(await processesUsing(folder)).toHaveLength(size), PATIENCE_MS)

describe('ready', () => {
  test('when the list of models answers, by default: on a free port, with its log in a file', async () => {
    const folder = temporaryFolder()
    const server = await started(folder, standIn(['slow=200'], { env: { STAND_IN_NAME: 'me' } }))
    const [baseURL] = server.target.baseURLs
    expect(baseURL).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/v1$/)
    expect((await fetch(`${baseURL}/models`)).ok).toBe(true)
    const log = await readFile(join(folder, 'server.log'), 'utf8')
    expect(log).toMatch(/^serving as me, .*\n.*startup complete\n$/)
    await server.close()
    await gone(folder)
  })

  test.for<[string, LaunchTargetSpec['ready'] | { log: string | RegExp }]>([
    ['a line holds a text', { log: 'startup complete' }],
    ['a line matches', { log: /INFO.*startup/i }],
    ['its port is open', { port: '{port}' }],
    ['a URL answers', { url: 'http://127.0.0.1:{port}/version' }],
  ])('when %s', async ([, ready]) => {
    const folder = temporaryFolder()
    const server = await started(folder, standIn([], { ready: ready as never }))
    await vi.waitFor(async () => expect((await fetch(`${server.target.baseURLs[0]}/models`)).ok).toBe(true), PATIENCE_MS)
  })

  test('never: the error names the time-out, what was waited for and the end of the output', async () => {
    const folder = temporaryFolder()
    // A shell has said all that it will long before its time is over, on a busy machine too.
    const script = 'echo serving as nobody; sleep 86400 & echo loading weights; wait'
    const spec = standIn([], { command: 'sh', args: ['-c', script, 'server', 'port={port}'], ready: { timeout: 2 } })
    await expect(started(folder, spec)).rejects.toMatchObject({
      code: 'SERVER',
      message: expect.stringMatching(
        /^stand-in was not ready within 2 seconds \(`ready\.timeout`\): http:\S+\/v1\/models was asked for, in vain: connection refused.*; started as: sh -c .* server port=\d+.*\n {2}the end of its output:\n {2}serving as nobody\n {2}loading weights\n {2}Its whole output is in \S+server\.log$/s,
      ) as string,
    })
    expect(await processesUsing(folder)).toEqual([])
  })

  test.for([
    ['die=3', 'ended with exit code 3 before it was ready'],
    ['die=0', 'ended with exit code 0 (the command must stay in the foreground) before it was ready'],
  ])('a server that dies while it starts says how: %s', async ([word, how]) => {
    const folder = temporaryFolder()
    await expect(started(folder, standIn([word!, 'session']))).rejects.toMatchObject({
      code: 'SERVER',
      message: expect.stringContaining(`stand-in ${how}`) as string,
    })
    expect(await processesUsing(folder)).toEqual([])
  })

  test.for<[string, object, RegExp]>([
    ['no such command', { command: 'no-such-server' }, /`command` is "no-such-server".*there is no such program/],
    ['no such folder', { cwd: 'nowhere' }, /`cwd` is "nowhere": there is no folder/],
  ])('%s', async ([, options, message]) => {
    const folder = temporaryFolder()
    await expect(started(folder, standIn([], options))).rejects.toMatchObject({
      code: 'SERVER',
      message: expect.stringMatching(message) as string,
    })
  })

  test('a port where somebody else answers is refused, or that server would be measured', async () => {
    const other = createServer((_, response) => response.end('{"data":[{"id":"other"}]}'))
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve))
    onTestFinished(() => void other.close())
    const { port } = other.address() as AddressInfo
    const folder = temporaryFolder()
    const spec = standIn([], { baseURL: `http://127.0.0.1:${port}` })
    await expect(started(folder, spec)).rejects.toThrow(`somebody answers on 127.0.0.1:${port} already`)
  })
})

const version = (baseURL: string) => ({ version: { url: `${baseURL}/version`, path: 'engine.version' } })

describe('the way to it is its target’s', () => {
  test('over a Unix socket', async () => {
    const folder = temporaryFolder()
    const baseURL = 'http://localhost'
    const options = { target: openai({ baseURL, socketPath: 'server.sock' }), ...version(baseURL) }
    expect(await started(folder, standIn(['socket=server.sock'], options))).toMatchObject({ version: '1.2.3', notes: [] })
    await expect(started(folder, standIn(['socket=server.sock'], options))).rejects.toThrow(
      `somebody answers on ${folder}/server.sock already`,
    )
    // Of a target that has no list of models, the socket's being open is the sign.
    const other = lightllm({ baseURL, socketPath: 'other.sock' })
    expect(await started(folder, standIn(['socket=other.sock', 'slow=200'], { target: other }))).toMatchObject({ notes: [] })
  })

  describe.skipIf(!hasOpenSSL)('over TLS', () => {
    let certificates: Certificates
    beforeAll(async () => {
      certificates = await makeCertificates({ server: 'IP:127.0.0.1' })
    })
    afterAll(() => certificates.remove())

    test('with a CA of its own', async () => {
      const baseURL = 'https://127.0.0.1:{port}'
      const words = [`tls=${certificates.folder}/server`]
      const target = openai({ baseURL, ca: 'ca.pem' })
      const folder = temporaryFolder()
      // As where the server makes its certificate itself, while it starts.
      setTimeout(() => void copyFile(join(certificates.folder, 'ca.pem'), join(folder, 'ca.pem')), 300)
      const server = await started(folder, standIn(words, { target, ...version(baseURL) }))
      expect(server).toMatchObject({ version: '1.2.3', notes: [] })
      // A sign of readiness on another port of the same server is asked for over the same TLS.
      const elsewhere = { target: openai({ baseURL: 'https://127.0.0.1:1', ca: 'ca.pem' }), ready: { url: `${baseURL}/version` } }
      await started(folder, standIn(words, elsewhere))
    })

    test('a certificate that nobody vouches for is not taken', async () => {
      const target = openai({ baseURL: 'https://127.0.0.1:{port}' })
      // Listens at once, so that there is a certificate to be asked about whatever else the machine has to do.
      const pair = ['-cert', `${certificates.folder}/server.pem`, '-key', `${certificates.folder}/server.key`]
      const args = ['s_server', '-accept', '{port}', ...pair, '-quiet']
      const spec = standIn([], { command: 'openssl', args, target, ready: { timeout: 2 } })
      await expect(started(temporaryFolder(), spec)).rejects.toThrow(/\/v1\/models was asked for, in vain: .*certificate/)
    })
  })
})

describe('version', () => {
  test.for<[string, LaunchTargetSpec['version'], string]>([
    ['a text', '0.9.1', '0.9.1'],
    ['a field of a document', { url: 'http://127.0.0.1:{port}/version', path: 'engine.version' }, '1.2.3'],
    ['the last line of a command', { command: 'sh', args: ['-c', 'echo warning; echo "$STAND_IN_NAME 5"'] }, 'me 5'],
  ])('%s', async ([, version, expected]) => {
    const folder = temporaryFolder()
    const server = await started(folder, standIn([], { version: version as never, env: { STAND_IN_NAME: 'me' } }))
    expect(server).toMatchObject({ version: expected, notes: [] })
  })

  test('one that can not be had is left out, and a note says why', async () => {
    const folder = temporaryFolder()
    const server = await started(folder, standIn([], { version: { command: 'sh', args: ['-c', 'echo no module >&2; exit 1'] } }))
    expect(server.version).toBeUndefined()
    expect(server.notes).toEqual(['The version of stand-in could not be found: sh ended with exit code 1: no module.'])
  })
})

describe('secrets', () => {
  test('stand in no log and no message, whether they came by the environment, the arguments or the target', async () => {
    const folder = temporaryFolder()
    const words = ['print=token hf_12345 key sk-67890 half sk-678', '--api-key', 'sk-67890', 'die=1']
    const target = openai({ baseURL: 'http://127.0.0.1:{port}', apiKey: 'target-key' })
    const spec = standIn(words, { env: { HF_TOKEN: 'hf_12345', STAND_IN_NAME: 'target-key' }, target })
    const error = await started(folder, spec).then(
      () => undefined,
      (thrown: unknown) => thrown as Error,
    )
    const log = await readFile(join(folder, 'server.log'), 'utf8')
    expect(log).toContain('token *** key *** half')
    expect(error?.message).toContain('--api-key *** die=1')
    for (const text of [log, error!.message]) expect(text).not.toMatch(/hf_12345|sk-67890|target-key/)
  })
})

describe('nothing is left', () => {
  test('when it is closed: no child, whatever session it made for itself', async () => {
    const folder = temporaryFolder()
    const server = await started(folder, standIn(FAMILY))
    await complete(folder)
    await server.close()
    expect(await processesUsing(folder)).toEqual([])
  })

  test('when it takes no notice of SIGTERM: it is killed after its time', async () => {
    const folder = temporaryFolder()
    const server = await started(folder, standIn([...FAMILY, 'stubborn'], { stopTimeout: 0.3 }))
    await complete(folder)
    await server.close()
    expect(await processesUsing(folder)).toEqual([])
    expect(await readFile(join(folder, 'server.log'), 'utf8')).toContain('SIGTERM? not me')
  })

  test('when the start is given up', async () => {
    const folder = temporaryFolder()
    const cancel = new AbortController()
    const starting = started(folder, standIn(['slow=never', ...FAMILY]), cancel.signal)
    const refused = expect(starting).rejects.toMatchObject({ code: 'CANCELLED' })
    await complete(folder)
    cancel.abort()
    await refused
    expect(await processesUsing(folder)).toEqual([])
  })

  test('when the server dies by itself: its end is told, with the last of its output, and its children end', async () => {
    const folder = temporaryFolder()
    const server = await started(folder, standIn(['die=7@tokens', ...FAMILY]))
    await complete(folder)
    await fetch(`${server.target.baseURLs[0]}/chat/completions`, { method: 'POST', body: '{}' })
      .then((response) => response.text())
      .catch(() => {})
    expect(await server.exited).toMatchObject({ code: 7, signal: null })
    expect((await server.exited).log.at(-1)).toBe('CUDA error: an illegal memory access was encountered')
    await gone(folder)
  })

  test('when the server is killed', async () => {
    const folder = temporaryFolder()
    const server = await started(folder, standIn(FAMILY))
    await complete(folder)
    process.kill(server.pid, 'SIGKILL')
    expect(await server.exited).toMatchObject({ code: null, signal: 'SIGKILL' })
    await gone(folder)
  })

  test('when its supervisor is killed', async () => {
    const folder = temporaryFolder()
    const server = await started(folder, standIn(FAMILY))
    await complete(folder)
    process.kill(await parentOf(server.pid), 'SIGKILL')
    await server.exited
    expect(await processesUsing(folder)).toEqual([])
  })

  test.for(['starting', 'ready', 'stopping'])('when the process that launched it is killed: %s', async (stage) => {
    const folder = temporaryFolder()
    const words = [...FAMILY, ...(stage === 'starting' ? ['slow=never'] : []), ...(stage === 'stopping' ? ['stubborn'] : [])]
    const spec = standIn(words, { stopTimeout: 1 })
    const parent = spawn(process.execPath, [fileURLToPath(new URL('./launch-parent.ts', import.meta.url)), JSON.stringify(spec), folder], {
      stdio: ['ignore', 'pipe', 'inherit'],
      detached: true,
    })
    onTestFinished(() => void parent.kill('SIGKILL'))
    for await (const line of createInterface({ input: parent.stdout })) if (stage === 'starting' || line.startsWith('ready')) break
    await complete(folder, SIZE + 1)
    if (stage === 'stopping') {
      parent.kill('SIGTERM')
      await vi.waitFor(async () => expect(await readFile(join(folder, 'server.log'), 'utf8')).toContain('SIGTERM? not me'), PATIENCE_MS)
    }
    // As `kill -9 -PGID` does it: whatever shares its group dies with it.
    try {
      process.kill(-parent.pid!, 'SIGKILL')
    } catch (error) {
      // While it is stopping, it may be through with that.
      if (stage !== 'stopping' || (error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
    }
    await gone(folder)
  })
})

/** Parent of a process. Linux only. */
async function parentOf(id: number): Promise<number> {
  return Number(/^PPid:\t(\d+)$/m.exec(await readFile(`/proc/${id}/status`, 'utf8'))![1])
}
