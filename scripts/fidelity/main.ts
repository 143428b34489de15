/**
 * Shows what the load generator's figures are worth: its cost and its error against servers that know what they did, and with
 * `--validity` whether its judgement of itself can be trusted. Prints progress and a report, and writes the report as Markdown.
 * @module
 */
import { resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { messageOf } from '../../src/errors.ts'
import { writeReport } from '../report-file.ts'
import { campaign } from './campaign.ts'
import { fidelityJobs, fidelityReport } from './fidelity.ts'
import { machineLine } from './machine.ts'
import { validityJobs, validityReport } from './validity.ts'

const USAGE = `npm run bench:fidelity -- [options]

  --truthd PATH      an external ground-truth server beside the simulator: PATH PORT TTFT_MS ITL_MS JITTER_PCT LOGFILE, whose
                     log has a line "id received first last tokens" for each request (ns, monotonic clock) after SIGTERM
  --climit PATH      a client that is the physical limit, measured in the same run: PATH PORT REQUESTS CLIENTS TOKENS RAMP_S LOGFILE
  --streams LIST     numbers of streams (default: 100,200,400,800,1200,1600)
  --repeats N        runs of each case, of which the medians are shown (default: 3)
  --builds LIST      folders of builds to compare (default: dist)
  --validity         measure the judgement of runs in place of the load generator
  --runs N           with --validity: runs in all, at least (default: 120)
  --out FILE         where the report goes: between its lines <!-- measured --> and <!-- end -->, where it has them
  --results FILE     keeps each result; called again, goes on where it stood
  --minutes N        begins no run after so long (default: no limit)`

const OPTIONS = {
  truthd: { type: 'string' },
  climit: { type: 'string' },
  streams: { type: 'string', default: '100,200,400,800,1200,1600' },
  repeats: { type: 'string', default: '3' },
  builds: { type: 'string', default: 'dist' },
  validity: { type: 'boolean', default: false },
  runs: { type: 'string', default: '120' },
  out: { type: 'string' },
  results: { type: 'string' },
  minutes: { type: 'string', default: 'Infinity' },
  help: { type: 'boolean', default: false },
} as const

try {
  await main()
} catch (error) {
  process.stderr.write(`${messageOf(error)}\n`)
  process.exitCode = 1
}

async function main(): Promise<void> {
  const { values } = parseArgs({ options: OPTIONS })
  if (values.help) {
    process.stdout.write(`${USAGE}\n`)
    return
  }
  process.stdout.write(`${machineLine()}\n`)
  const common = { results: values.results, seconds: 60 * numberFrom(values.minutes, 'minutes') }
  const [truthd, climit] = [values.truthd, values.climit].map((path) => path && resolve(path))
  const builds = values.builds.split(',').map((path) => resolve(path))
  let report: string
  if (values.validity) {
    const jobs = validityJobs({ build: builds[0]!, truthd, runs: numberFrom(values.runs, 'runs') })
    report = validityReport(await campaign(jobs, common))
  } else {
    const options = {
      truthd,
      climit,
      builds,
      streams: values.streams.split(',').map((text) => numberFrom(text, 'streams')),
      repeats: numberFrom(values.repeats, 'repeats'),
    }
    report = fidelityReport(options, await campaign(fidelityJobs(options), common))
  }
  const text = `${new Date().toISOString().slice(0, 10)}; ${machineLine()}.\n\n${report}`
  process.stdout.write(`\n${text}`)
  if (values.out !== undefined) writeReport(values.out, text)
}

/** @throws {Error} where it is none, or not above 0 */
function numberFrom(text: string, option: string): number {
  const value = Number(text)
  if (text.trim() !== '' && value > 0) return value
  throw new Error(`--${option} is ${JSON.stringify(text)}: expected a number above 0`)
}
