import { homedir } from 'node:os'
import { join } from 'node:path'

/** Where files are kept that any run can make again: `LLM_BENCH_CACHE`, else `vitest-llm-bench` in the system's folder for caches. */
export function cacheFolder(): string {
  const { LLM_BENCH_CACHE, XDG_CACHE_HOME, LOCALAPPDATA } = process.env
  if (LLM_BENCH_CACHE) return LLM_BENCH_CACHE
  if (XDG_CACHE_HOME) return join(XDG_CACHE_HOME, 'vitest-llm-bench')
  if (process.platform === 'win32') return join(LOCALAPPDATA ?? join(homedir(), 'AppData', 'Local'), 'vitest-llm-bench', 'Cache')
  if (process.platform === 'darwin') return join(homedir(), 'Library', 'Caches', 'vitest-llm-bench')
  return join(homedir(), '.cache', 'vitest-llm-bench')
}
