import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { ServerCredentials } from '@grpc/grpc-js'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { clock, usual } from './fixture.ts'
import { PplServer } from './server.ts'

const run = promisify(execFile)

const hasOpenSSL = await run('openssl', ['version']).then(
  () => true,
  () => false,
)

// Keys are made at the time of the test, so that none lies in the repository.
describe.skipIf(!hasOpenSSL)('ppl over TLS with a certificate of its own (made with openssl)', () => {
  let folder: string
  let server: PplServer

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'llm-bench-ppl-tls-'))
    const subject = ['-subj', '/CN=here', '-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1']
    const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-keyout', 'here.key']
    await run('openssl', ['req', '-x509', ...key, '-out', 'here.pem', '-days', '2', ...subject], { cwd: folder })
    const [privateKey, certificate] = await Promise.all([readFile(join(folder, 'here.key')), readFile(join(folder, 'here.pem'))])
    const credentials = ServerCredentials.createSsl(null, [{ private_key: privateKey, cert_chain: certificate }])
    server = await PplServer.start(clock, 'current', { credentials })
    server.play(...usual('current'))
  })

  afterAll(async () => {
    await server.close()
    await rm(folder, { recursive: true })
  })

  async function ask(
    trusted: 'by NODE_EXTRA_CA_CERTS' | 'by `ca`' | 'not',
  ): Promise<{ error?: { kind: string; message: string }; text: string }> {
    const { NODE_EXTRA_CA_CERTS: _, NODE_OPTIONS: __, ...env } = process.env
    const client = new URL('tls-client.ts', import.meta.url).pathname
    const { stdout } = await run(
      process.execPath,
      [client, `grpcs://localhost:${server.port}`, ...(trusted === 'by `ca`' ? [join(folder, 'here.pem')] : [])],
      {
        env: { ...env, ...(trusted === 'by NODE_EXTRA_CA_CERTS' ? { NODE_EXTRA_CA_CERTS: join(folder, 'here.pem') } : {}) },
      },
    )
    return JSON.parse(stdout) as Awaited<ReturnType<typeof ask>>
  }

  test.each(['by NODE_EXTRA_CA_CERTS', 'by `ca`'] as const)('it works where the certificate is trusted %s', async (trusted) => {
    expect(await ask(trusted)).toEqual({ text: 'Hello wörld 🙂!' })
  })

  test('it is a failure to connect where it is not, which names the way out', async () => {
    const before = server.calls.length
    const { error } = await ask('not')
    expect(error).toMatchObject({ kind: 'connect', message: expect.stringContaining('`ca`') as string })
    expect(server.calls).toHaveLength(before)
  })
})
