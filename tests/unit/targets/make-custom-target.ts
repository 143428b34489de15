// Makes the targets of modules as the load worker does, with Node's own import, and prints what became of each.
import { target } from '../../../src/dsl/custom-target.ts'
import { startClock } from '../../../src/metrics/clock.ts'
import { createTarget } from '../../../src/targets/create-target.ts'

const [root, ...modules] = process.argv.slice(2)
const outcomes = await Promise.all(
  modules.map(async (module) => {
    const spec = target(module, { baseURL: 'http://a', apiKey: 'k', model: 'm', flavour: { of: ['vanilla'] } })
    try {
      const made = await createTarget(spec, { clock: startClock(), onTokens: () => {}, root })
      return { info: await made.prepare(new AbortController().signal) }
    } catch (error) {
      return { code: (error as { code?: string }).code, message: (error as Error).message }
    }
  }),
)
process.stdout.write(JSON.stringify(outcomes))
