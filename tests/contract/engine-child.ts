/** Uses an engine for all it can do, closes it, twice, and must then end by itself. */
import type { EngineSpec } from '../../src/dsl/engines.ts'
import { loadEngine } from '../../src/engines/load-engine.ts'

const spec = JSON.parse(process.argv[2]!) as EngineSpec
const closeWhen = process.argv[3] as 'done' | 'generating' | 'in a batch' | 'killed'
const engine = await loadEngine(
  spec,
  { use: closeWhen === 'in a batch' ? 'oneBatch' : 'generate', batch: 2, contextLength: 1024 },
  { root: process.cwd() },
)
const { signal } = new AbortController()
const request = { messages: [{ role: 'user', content: 'question' }], maxTokens: 800, ignoreEos: true, seed: 0 }
const batch = { batch: 2, inputLength: 16, outputLength: 1000, seed: 0 }

if (closeWhen === 'done') {
  const { outputLength, noOneBatch } = engine.info
  const short = { ...request, maxTokens: outputLength ?? 4 }
  await engine.generate([short, short, short], { originNs: 0n, signal })
  if (noOneBatch === undefined) await engine.oneBatch({ ...batch, outputLength: 4 }, signal)
} else if (closeWhen === 'killed') {
  const answers = engine.generate([{ ...request, maxTokens: engine.info.outputLength ?? 800 }], { originNs: 0n, signal })
  console.log('running')
  await answers
  // Whoever started this ends it; nothing here does.
  await new Promise((resolve) => setTimeout(resolve, 600_000))
} else if (closeWhen === 'generating') {
  const { promise: started, resolve } = Promise.withResolvers<void>()
  const answers = engine.generate([request, request, request], { originNs: 0n, signal, onTokens: () => resolve() })
  await started
  await engine.close()
  for (const { error } of await answers) if (error === undefined) throw new Error('an answer outlived its engine')
} else {
  const running = engine.oneBatch(batch, signal).then(
    () => 'whole',
    () => 'cut',
  )
  await new Promise((resolve) => setTimeout(resolve, 50))
  await engine.close()
  if ((await running) !== 'cut') throw new Error('a batch outlived its engine')
}
await Promise.all([engine.close(), engine.close()])
await engine.close()
