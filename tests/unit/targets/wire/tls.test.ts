import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TLSSocket } from 'node:tls'
import { createServer } from 'node:tls'
import { promisify } from 'node:util'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'

const run = promisify(execFile)
const OK = 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok'

const hasOpenSSL = await run('openssl', ['version']).then(
  () => true,
  () => false,
)

interface Report {
  readonly outcomes: readonly { failure: { kind: string; message: string } | null; opened: boolean; resent: boolean }[]
  readonly unkept: readonly string[]
}

// Keys are made at the time of the test, so that none lies in the repository.
describe.skipIf(!hasOpenSSL)('TLS with a private CA (made with openssl)', () => {
  let folder: string
  let close: (() => Promise<void>) | undefined

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'llm-bench-tls-'))
    const openssl = (...args: string[]) => run('openssl', args, { cwd: folder })
    const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes']
    await openssl('req', '-x509', ...newKey, '-keyout', 'ca.key', '-out', 'ca.pem', '-days', '2', '-subj', '/CN=Private test CA')
    for (const [name, host] of [
      ['here', 'IP:127.0.0.1'],
      ['elsewhere', 'DNS:elsewhere.example'],
    ] as const) {
      await openssl('req', ...newKey, '-keyout', `${name}.key`, '-out', `${name}.csr`, '-subj', `/CN=${name}`)
      await writeFile(join(folder, `${name}.ext`), `subjectAltName=${host}\n`)
      const signing = ['-CA', 'ca.pem', '-CAkey', 'ca.key', '-CAcreateserial', '-extfile', `${name}.ext`]
      await openssl('x509', '-req', '-in', `${name}.csr`, ...signing, '-out', `${name}.pem`, '-days', '2')
    }
  })

  afterEach(async () => {
    await close?.()
    close = undefined
  })

  afterAll(() => rm(folder, { recursive: true, force: true }))

  async function serve(name: 'here' | 'elsewhere', answer: (socket: TLSSocket) => void): Promise<string> {
    const [key, cert] = await Promise.all([readFile(join(folder, `${name}.key`)), readFile(join(folder, `${name}.pem`))])
    const sockets = new Set<TLSSocket>()
    const server = createServer({ key, cert }, (socket) => {
      sockets.add(socket)
      socket.on('error', () => {}).on('data', () => answer(socket))
    })
    await new Promise<void>((resolve) => {
      server.listen(0, '127.0.0.1', resolve)
    })
    close = async () => {
      for (const socket of sockets) socket.destroy()
      await new Promise((resolve) => {
        server.close(resolve)
      })
    }
    return `https://127.0.0.1:${(server.address() as AddressInfo).port}`
  }

  async function ask(origin: string, options: { trusted: boolean; count?: number }): Promise<Report> {
    const { NODE_EXTRA_CA_CERTS: _, NODE_OPTIONS: __, ...env } = process.env
    const client = new URL('tls-client.ts', import.meta.url).pathname
    const { stdout } = await run(process.execPath, [client, origin, String(options.count ?? 1)], {
      env: { ...env, ...(options.trusted ? { NODE_EXTRA_CA_CERTS: join(folder, 'ca.pem') } : {}) },
    })
    return JSON.parse(stdout) as Report
  }

  test('a certificate that is not trusted is a failure to connect, which names the way out', async () => {
    const origin = await serve('here', (socket) => socket.write(OK))
    const { outcomes } = await ask(origin, { trusted: false })
    expect(outcomes).toMatchObject([{ failure: { kind: 'connect', message: expect.stringContaining('NODE_EXTRA_CA_CERTS') as string } }])
  })

  test('the CA being named in NODE_EXTRA_CA_CERTS, it works, on one connection', async () => {
    const origin = await serve('here', (socket) => socket.write(OK))
    const { outcomes, unkept } = await ask(origin, { trusted: true, count: 3 })
    expect(outcomes).toEqual([true, false, false].map((opened) => ({ failure: null, opened, resent: false })))
    expect(unkept).toEqual([])
  })

  test('a certificate for another host says so', async () => {
    const origin = await serve('elsewhere', (socket) => socket.write(OK))
    const { outcomes } = await ask(origin, { trusted: true })
    expect(outcomes).toMatchObject([{ failure: { kind: 'connect', message: expect.stringContaining('another host name') as string } }])
  })

  test('a server that closes unannounced fails no request', async () => {
    const origin = await serve('here', (socket) => socket.end(OK))
    const { outcomes, unkept } = await ask(origin, { trusted: true, count: 6 })
    expect(outcomes.map(({ failure }) => failure)).toEqual(Array.from({ length: 6 }, () => null))
    expect(unkept).toEqual([origin])
  })
})
