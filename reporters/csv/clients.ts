import { csvRow } from '../../src/files/csv.ts'
import type { Distribution } from '../../src/metrics/summary-types.ts'
import { fixed3, perSecond, runName, totalTokens, type RequestRun } from './cells.ts'

const STATISTICS = ['min', 'max', 'mean', 'median', 'std', 'p90', 'p99'] as const satisfies readonly (keyof Distribution)[]
const LATENCIES = ['ttft', 'tpot', 'e2e', 'itl'] as const

const COLUMNS =
  'name,num_clients,request_rate,completed,success_rate,qps,total_inlen,total_outlen,avg_inlen,avg_outlen,max_inlen,max_outlen,o_tps,io_tps'
const HEADER = [COLUMNS, ...LATENCIES.flatMap((latency) => STATISTICS.map((statistic) => `${statistic}_${latency}`))].join(',')

/**
 * `clients.csv`: llm.perf's columns, a row for each run, with what tells the runs apart before them. Latencies are in ms. Every
 * figure is the computed one, however small the sample; where nothing completed, statistics are empty.
 */
export function renderClientsCsv(runs: readonly RequestRun[]): string {
  return [HEADER, ...runs.map((run) => csvRow(cells(run)))].map((line) => `${line}\n`).join('')
}

function cells(run: RequestRun): (string | number | undefined)[] {
  const { metrics, workload } = run
  return [
    runName(run),
    workload.kind === 'clients' ? workload.n : undefined,
    workload.kind === 'requestRate' ? workload.rate : undefined,
    metrics.completed,
    shareText(metrics.successRate),
    fixed3(perSecond(metrics.completed, metrics)),
    metrics.inputTokens,
    metrics.outputTokens,
    fixed3(metrics.inputLength?.mean),
    fixed3(metrics.outputLength?.mean),
    metrics.inputLength?.max,
    metrics.outputLength?.max,
    fixed3(perSecond(metrics.outputTokens, metrics)),
    fixed3(perSecond(totalTokens(metrics), metrics)),
    ...LATENCIES.flatMap((latency) => STATISTICS.map((statistic) => fixed3(metrics[latency]?.[statistic]))),
  ]
}

/** Three decimals, or more where three would say that all or none completed though that is not so. */
function shareText(share: number): string {
  for (let decimals = 3; decimals < 9; decimals++) {
    const text = share.toFixed(decimals)
    if ((Number(text) === 1) === (share === 1) && (Number(text) === 0) === (share === 0)) return text
  }
  return String(share)
}
