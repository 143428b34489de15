// Sends one request to the address that is its argument, trusting the file of its second, and prints the answer's error kind and text. A process of its own:
// certificates that are trusted are read at its start.
import { ppl } from '../../../src/dsl/ppl-target.ts'
import { startClock } from '../../../src/metrics/clock.ts'
import { createTarget } from '../../../src/targets/create-target.ts'

const [baseURL, ca] = process.argv.slice(2)
const target = await createTarget(ppl({ baseURL: baseURL!, ...(ca === undefined ? {} : { ca }) }), {
  clock: startClock(),
  onTokens: () => {},
})
const { error, choices } = await target.send(
  { messages: [{ role: 'user', content: 'Hello' }], maxTokens: 3, n: 1, stream: true, keepText: true },
  new AbortController().signal,
)
await target.close()
process.stdout.write(JSON.stringify({ error, text: choices[0]?.text }))
