import { glob } from 'node:fs/promises'
import { RESULTS_FOLDER } from '../../dsl/plugin-options.ts'
import { LlmBenchError } from '../../errors.ts'
import { readBaseline, readBaselines } from '../../files/baselines.ts'
import { LATEST } from '../../files/results.ts'
import { readSamples } from '../../files/samples.ts'
import { samplesOf } from '../../verdict/baseline.ts'
import type { Side } from '../../verdict/hold-runs.ts'
import type { RunSample } from '../../verdict/run-sample.ts'

const PATTERN = /[*?[{]/

/**
 * The runs of one side: a path, or several with commas between, each of which may be a pattern (`bench-results/2026-11-2*`).
 * `latest` is the newest results.
 * @throws {LlmBenchError} `RESULTS`, `BASELINE` where there is nothing to read
 */
export async function readSide(operand: string, command: string): Promise<Side> {
  const places = (await Promise.all(operand.split(',').map(placesOf))).flat()
  const runs = (await Promise.all(places.map(runsIn))).flat()
  if (runs.length > 0) return { name: operand, runs }
  throw new LlmBenchError(
    'RESULTS',
    `${command}: ${operand} holds no run: expected a results folder such as ${RESULTS_FOLDER}/${LATEST}, the folder of one bench in it, or baselines`,
  )
}

async function runsIn(place: string): Promise<RunSample[]> {
  if (place.endsWith('.json')) return samplesOf(await readBaseline(place))
  const samples = await readSamples(place)
  return samples.length > 0 ? samples : (await readBaselines(place)).flatMap(({ baseline }) => samplesOf(baseline))
}

async function placesOf(operand: string): Promise<string[]> {
  const path = operand.trim() === LATEST ? `${RESULTS_FOLDER}/${LATEST}` : operand.trim()
  if (!PATTERN.test(path)) return [path]
  const found: string[] = []
  for await (const match of glob(path)) found.push(match)
  return found.toSorted()
}
