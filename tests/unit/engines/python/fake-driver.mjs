// Stands in for an interpreter: speaks the protocol of drivers, well or badly, as its first argument says.
import { appendFileSync, existsSync, writeFileSync } from 'node:fs'
import { createInterface } from 'node:readline'

const [how] = process.argv.slice(2)
const send = (message) => process.stdout.write(`${JSON.stringify(message)}\n`)
const hello = { type: 'hello', protocol: 1, python: '3.9.0', nowNs: String(process.hrtime.bigint()) }
const loaded = {
  type: 'loaded',
  version: '1.0',
  device: 'none',
  contextLength: 100,
  streams: true,
  outputLength: null,
  noSeed: null,
  noOneBatch: null,
}

if (how === 'silent') {
  process.stderr.write('this is why\n')
  process.exit(3)
}
if (how === 'rubbish') console.log('Loading weights: 100%')
else send({ ...hello, ...(how === 'old' && { protocol: 0 }), ...(how === 'clock' && { nowNs: '17' }) })

let cases = 0
createInterface({ input: process.stdin }).on('line', (line) => {
  const commands = JSON.parse(line)
  process.stderr.write(`commands: ${commands.map(({ type }) => type)}\n`)
  for (const command of commands) obey(command)
})

function obey(message) {
  const { type, id } = message
  if (type === 'load') {
    process.stderr.write(`loading ${JSON.stringify(message.spec)}\n`)
    if (how === 'missing')
      send({ type: 'error', kind: 'missing', module: 'torch', install: 'pip install torch', python: '/usr/bin/python3' })
    else if (how === 'leaks') {
      const { HF_TOKEN, WANDB_API_KEY, SERVICE_KEY } = process.env
      process.stderr.write(`its environment: ${HF_TOKEN} ${WANDB_API_KEY}\n${SERVICE_KEY}\n`)
      send({ type: 'error', kind: 'load', message: `${HF_TOKEN} is refused` })
    } else if (how === 'unloadable') send({ type: 'error', kind: 'load', message: 'no such model' })
    else if ((how === 'lost' || how === 'stalls') && !isFirst('loaded')) {
      appendFileSync('loads', 'x')
      if (how === 'lost') send({ type: 'error', kind: 'load', message: 'no memory is left' })
    } else if (how !== 'stuck') send(loaded)
  } else if (type === 'generate') {
    if (['dies', 'lost', 'stalls'].includes(how)) process.kill(process.pid, 'SIGKILL')
    if (how === 'babbles') process.stdout.write('{"type": "answer", "id"\n')
    else
      for (const index of message.requests.keys()) {
        const error = how === 'tells' ? { error: `rejected: ${process.env.HF_TOKEN}` } : {}
        const answer = { ...error, promptTokens: 3, outputTokens: 2, sentNs: 5, tokens: null }
        const times = how === 'whole' ? { firstNs: null, gapsNs: [], endNs: 30 } : { firstNs: 10, gapsNs: [20] }
        send({ type: 'tokens', id, count: 2 })
        send({ type: 'answer', id, index, text: 'a b', finishReason: 'length', ...answer, ...times })
      }
  } else if (type === 'oneBatch') {
    const { HF_TOKEN } = process.env
    if (how === 'tells') send({ type: 'case', id, [message.batch > 8 ? 'error' : 'skipped']: `no room for ${HF_TOKEN}` })
    else if (how === 'lost') process.kill(process.pid, 'SIGKILL')
    // The first process dies of its large batch; whoever comes after it has to be another one.
    else if (message.batch > 8) process.exit(137)
    else send({ type: 'case', id, prefillNs: 7, decodeNs: Array(message.outputLength - 1).fill(1), sequences: [++cases] })
  } else if (type === 'close' && how !== 'stubborn') {
    process.exit(0)
  }
}

/** Whether no process has asked so before in this folder. */
function isFirst(name) {
  if (existsSync(name)) return false
  writeFileSync(name, '')
  return true
}
