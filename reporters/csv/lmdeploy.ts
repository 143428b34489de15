import type { ClientsSpec, OfflineSpec, RequestRateSpec } from '../../src/dsl/workload-spec.ts'
import { csvRow } from '../../src/files/csv.ts'
import { fixed3, perSecond, totalTokens, type RequestRun } from './cells.ts'

/** A run of one of the workloads that LMDeploy's profilers have. */
export type LmdeployRun = RequestRun & { workload: ClientsSpec | RequestRateSpec | OfflineSpec }

const TODAY =
  'backend,bs,dataset_name,sharegpt_output_len,random_input_len,random_output_len,random_range_ratio,num_prompts,completed,' +
  'total_input_tokens,total_output_tokens,duration,request_throughput,input_throughput,output_throughput,' +
  'mean_e2e_latency_ms,mean_ttft_ms,mean_tpot_ms,mean_itl_ms'

/**
 * `throughput.csv`: the form that LMDeploy's profilers append to today, a row for each run. `random_range_ratio` is theirs: the
 * shortest of the synthetic lengths as a share of the length asked for.
 */
export function renderThroughputCsv(runs: readonly LmdeployRun[]): string {
  return render(TODAY, runs, ({ metrics, target, workload }) => {
    const { dataset, outputLength } = workload
    const random = dataset.kind === 'synthetic' ? dataset : undefined
    return [
      target.kind,
      concurrencyOf(workload),
      dataset.kind === 'sharegpt' ? 'sharegpt' : random === undefined ? metrics.dataset.name : 'random',
      dataset.kind === 'sharegpt' && typeof outputLength === 'number' ? outputLength : undefined,
      random?.inputTokens,
      random?.outputTokens,
      random === undefined ? undefined : Number((1 - random.spread).toFixed(6)),
      metrics.requests,
      metrics.completed,
      metrics.inputTokens,
      metrics.outputTokens,
      fixed3(metrics.wallSeconds),
      fixed3(perSecond(metrics.completed, metrics)),
      fixed3(perSecond(metrics.inputTokens, metrics)),
      fixed3(perSecond(metrics.outputTokens, metrics)),
      fixed3(metrics.e2e?.mean),
      fixed3(metrics.ttft?.mean),
      fixed3(metrics.tpot?.mean),
      fixed3(metrics.itl?.mean),
    ]
  })
}

const DOCUMENTED =
  'batch,num_prompts,RPS,RPM,FTL(ave)(s),FTL(min)(s),FTL(max)(s),50%(s),75%(s),95%(s),99%(s),' +
  'throughput(out tok/s),throughput(total tok/s)'

/** `profile_throughput.csv`: the form that LMDeploy's guide documents. First-token latencies are `-` where answers are not streamed. */
export function renderProfileThroughputCsv(runs: readonly LmdeployRun[]): string {
  return render(DOCUMENTED, runs, ({ metrics, workload }) => {
    const rps = perSecond(metrics.completed, metrics)
    const { ttft } = metrics
    const streamed = workload.kind === 'offline' ? ttft !== undefined : workload.stream
    const latencies = [ttft?.mean, ttft?.min, ttft?.max, ttft?.p50, ttft?.p75, ttft?.p95, ttft?.p99]
    return [
      concurrencyOf(workload),
      metrics.requests,
      fixed3(rps),
      fixed3(rps === undefined ? undefined : rps * 60),
      ...latencies.map((ms) => (streamed ? fixed3(ms === undefined ? undefined : ms / 1000) : '-')),
      fixed3(perSecond(metrics.outputTokens, metrics)),
      fixed3(perSecond(totalTokens(metrics), metrics)),
    ]
  })
}

/** The most requests that the load has in flight at once; absent where nothing limits it. */
function concurrencyOf(workload: LmdeployRun['workload']): number | undefined {
  if (workload.kind === 'clients') return workload.n
  if (workload.kind === 'requestRate') return workload.maxConcurrency
  return workload.mode === 'naive' ? 1 : (workload.concurrency ?? workload.maxBatchSize ?? workload.requests)
}

/** LMDeploy writes through Python's csv module, whose lines end in CRLF. */
function render(header: string, runs: readonly LmdeployRun[], cells: (run: LmdeployRun) => (string | number | undefined)[]): string {
  return [header, ...runs.map((run) => csvRow(cells(run)))].map((line) => `${line}\r\n`).join('')
}
