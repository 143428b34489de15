// Run as a process of its own, since Node reads NODE_EXTRA_CA_CERTS only when it starts: asks an origin several times in turn.
import { startClock } from '../../../../src/metrics/clock.ts'
import { HttpClient } from '../../../../src/targets/wire/http.ts'

const [, , origin = '', count = '1'] = process.argv
const http = new HttpClient({ clock: startClock(), timeout: 10, idleTimeout: 10 })
const outcomes: { failure: unknown; opened: boolean; resent: boolean }[] = []
for (let i = 0; i < Number(count); i++) {
  const { failure, connectNs, resent } = await http.exchange(
    { method: 'GET', origin, path: '/', headers: [] },
    { form: 'stream', read: () => {} },
    new AbortController().signal,
  )
  outcomes.push({ failure: failure ?? null, opened: connectNs !== undefined, resent: resent === true })
}
process.stdout.write(JSON.stringify({ outcomes, unkept: http.unkept }))
await http.close()
