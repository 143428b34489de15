import { execFile, spawnSync } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)

export const hasOpenSSL = spawnSync('openssl', ['version']).status === 0

/** A certificate and its private key. */
export interface KeyPair {
  readonly cert: Buffer
  readonly key: Buffer
}

export interface Certificates {
  /** Holds `ca.pem`, and `NAME.pem` and `NAME.key` of each certificate. */
  readonly folder: string
  pair(name: string): Promise<KeyPair>
  remove(): Promise<void>
}

/**
 * A private CA and certificates that it signed, made at the time of the test, so that no key lies in the repository.
 * @param names certificates by name, with what they are for, as in `IP:127.0.0.1`
 */
export async function makeCertificates(names: Readonly<Record<string, string>>): Promise<Certificates> {
  const folder = await mkdtemp(join(tmpdir(), 'llm-bench-tls-'))
  const openssl = (...args: string[]) => run('openssl', args, { cwd: folder })
  const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes']
  await openssl('req', '-x509', ...newKey, '-keyout', 'ca.key', '-out', 'ca.pem', '-days', '2', '-subj', '/CN=Private test CA')
  for (const [name, host] of Object.entries(names)) {
    await openssl('req', ...newKey, '-keyout', `${name}.key`, '-out', `${name}.csr`, '-subj', `/CN=${name}`)
    await writeFile(join(folder, `${name}.ext`), `subjectAltName=${host}\n`)
    const signing = ['-CA', 'ca.pem', '-CAkey', 'ca.key', '-CAcreateserial', '-extfile', `${name}.ext`]
    await openssl('x509', '-req', '-in', `${name}.csr`, ...signing, '-out', `${name}.pem`, '-days', '2')
  }
  return {
    folder,
    pair: async (name) => {
      const [cert, key] = await Promise.all([readFile(join(folder, `${name}.pem`)), readFile(join(folder, `${name}.key`))])
      return { cert, key }
    },
    remove: () => rm(folder, { recursive: true, force: true }),
  }
}
