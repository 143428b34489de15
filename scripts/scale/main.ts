/**
 * Measures what large and long runs take: memory and time.
 *
 *     npm run bench:scale                                  runs of 200,000 × 128 and 1,000,000 × 6 tokens, made in memory
 *     npm run bench:scale -- --real [URL] [REQUESTS TOKENS]  a run through Vitest against a server (default: the simulator)
 *     npm run bench:scale -- --soak MINUTES [STREAMS]      a long run against the simulator, to see what grows
 *
 * Runs made in memory go through the code of real ones: columns, hand-over from the load process, figures,
 * `requests.parquet`, Vitest's result and reports. Peaks are a process's (VmHWM; Linux), each size in a process of its own.
 * `--real` runs `vitest bench` on the build and tells the peaks of its processes: Vitest's own, the test worker, the load process.
 * Our simulator writes 20,000 tokens/s: for a run of 25.6 million name a faster server.
 */
import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { simulator } from '../../src/dsl/simulator.ts'
import { startSimulator } from '../../src/servers/simulator/start.ts'
import { measureReal } from './real.ts'
import { soak } from './soak.ts'

const [mode, ...args] = process.argv.slice(2)
if (mode === '--soak') await withSimulator((url) => soak(url, Number(args[0] ?? 60), Number(args[1] ?? 50)))
else if (mode === '--real') await real(args)
else inMemory()

function inMemory(): void {
  for (const [requests, tokens] of [
    [200_000, 128],
    [1_000_000, 6],
  ] as const) {
    const script = fileURLToPath(new URL('synthetic.ts', import.meta.url))
    execFileSync(process.execPath, [script, '--size', String(requests), String(tokens)], { stdio: 'inherit' })
  }
}

async function real([first, ...rest]: string[]): Promise<void> {
  const url = first?.startsWith('http') ? first : undefined
  const [requests, tokens] = (url === undefined && first !== undefined ? [first, ...rest] : rest).map(Number)
  const size = { requests: requests ?? 10_000, tokens: tokens ?? 128 }
  if (url === undefined) await withSimulator((own) => measureReal(own, size))
  else await measureReal(url, size)
}

async function withSimulator(run: (baseURL: string) => Promise<void>): Promise<void> {
  const server = await startSimulator(simulator({ ttft: 50, itl: 20 }), { root: process.cwd() })
  try {
    await run(server.baseURL)
  } finally {
    await server.close()
  }
}
