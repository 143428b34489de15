import { writeFile } from 'node:fs/promises'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import type { TlsOptions, TLSSocket } from 'node:tls'
import { createServer } from 'node:tls'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import type { ConnectionSpec } from '../../../../src/dsl/connection.ts'
import { LlmBenchError } from '../../../../src/errors.ts'
import { startClock } from '../../../../src/metrics/clock.ts'
import type { Exchange } from '../../../../src/targets/wire/http.ts'
import { HttpClient } from '../../../../src/targets/wire/http.ts'
import { routeOf } from '../../../../src/targets/wire/route.ts'
import type { Certificates } from '../../../contract/certificates.ts'
import { hasOpenSSL, makeCertificates } from '../../../contract/certificates.ts'

const OK = 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok'

describe.skipIf(!hasOpenSSL)('TLS with a private CA (made with openssl)', () => {
  let certificates: Certificates
  let close: (() => Promise<void>) | undefined

  beforeAll(async () => {
    certificates = await makeCertificates({ here: 'IP:127.0.0.1', elsewhere: 'DNS:elsewhere.example', client: 'DNS:client.example' })
  })
  afterAll(() => certificates.remove())
  afterEach(async () => {
    await close?.()
    close = undefined
  })

  async function serve(name: string, answer: (socket: TLSSocket) => void, options: TlsOptions = {}): Promise<string> {
    const sockets = new Set<TLSSocket>()
    const server = createServer({ ...(await certificates.pair(name)), ...options }, (socket) => {
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

  async function ask(origin: string, spec: ConnectionSpec, count = 1): Promise<{ outcomes: Exchange[]; unkept: readonly string[] }> {
    const route = routeOf(spec, 'openai()', certificates.folder)
    const http = new HttpClient({ clock: startClock(), timeout: 10, idleTimeout: 10, route })
    const outcomes: Exchange[] = []
    for (let i = 0; i < count; i++) {
      const request = { method: 'GET', origin, path: '/', headers: [] } as const
      outcomes.push(await http.exchange(request, { form: 'stream', read: () => {} }, new AbortController().signal))
    }
    const { unkept } = http
    await http.close()
    return { outcomes, unkept }
  }

  test('a certificate that is not trusted is a failure to connect, which names the way out', async () => {
    const origin = await serve('here', (socket) => socket.write(OK))
    const { outcomes } = await ask(origin, {})
    expect(outcomes[0]!.failure).toMatchObject({
      kind: 'connect',
      message: expect.stringContaining('name the file of its CA in `ca`') as string,
    })
  })

  test('the CA being named, it works, on one connection', async () => {
    const origin = await serve('here', (socket) => socket.write(OK))
    const { outcomes, unkept } = await ask(origin, { ca: 'ca.pem' }, 3)
    expect(outcomes.map(({ failure }) => failure)).toEqual([undefined, undefined, undefined])
    expect(outcomes.map(({ connectNs }) => connectNs !== undefined)).toEqual([true, false, false])
    expect(unkept).toEqual([])
  })

  test('a certificate is taken unseen where that was asked for', async () => {
    const origin = await serve('elsewhere', (socket) => socket.write(OK))
    const { outcomes } = await ask(origin, { rejectUnauthorized: false })
    expect(outcomes[0]!.failure).toBeUndefined()
  })

  test('a certificate for another host says so', async () => {
    const origin = await serve('elsewhere', (socket) => socket.write(OK))
    const { outcomes } = await ask(origin, { ca: 'ca.pem' })
    expect(outcomes[0]!.failure).toMatchObject({ kind: 'connect', message: expect.stringContaining('another host name') as string })
  })

  test('a server that closes unannounced fails no request', async () => {
    const origin = await serve('here', (socket) => socket.end(OK))
    const { outcomes, unkept } = await ask(origin, { ca: 'ca.pem' }, 6)
    expect(outcomes.every(({ failure }) => failure === undefined)).toBe(true)
    expect(unkept).toEqual([origin])
  })

  test('a server that wants to know its clients is shown a certificate', async () => {
    const seen: string[] = []
    const origin = await serve(
      'here',
      (socket) => {
        seen.push(socket.getPeerCertificate().subject.CN as string)
        socket.write(OK)
      },
      { requestCert: true, ca: (await certificates.pair('client')).cert, rejectUnauthorized: false },
    )
    const { outcomes } = await ask(origin, { ca: 'ca.pem', cert: 'client.pem', key: 'client.key' })
    expect(outcomes[0]!.failure).toBeUndefined()
    expect(seen).toEqual(['client'])
  })

  test('files that are none, hold nothing of use or do not fit are refused by the name of their option', async () => {
    await writeFile(join(certificates.folder, 'empty.pem'), 'nothing here\n')
    const refused = (spec: ConnectionSpec, message: RegExp): void => {
      expect(() => routeOf(spec, 'openai()', certificates.folder)).toThrow(LlmBenchError)
      expect(() => routeOf(spec, 'openai()', certificates.folder)).toThrow(message)
    }
    refused({ ca: 'none.pem' }, /openai\(\): `ca` is "none.pem": the file can't be read \(ENOENT\)/)
    refused({ ca: 'empty.pem' }, /`ca` is "empty.pem": the file holds no certificate in PEM form/)
    refused({ cert: 'client.pem', key: 'client.pem' }, /`key` is "\*\*\*": the file holds no private key in PEM form/)
    refused({ cert: 'client.pem', key: 'here.key' }, /TLS does not take the files of `cert` and `key`/)
  })
})
