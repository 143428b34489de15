import { describe } from 'vitest'
import { describeEngine } from './engine-cases.ts'
import { llamaTiny } from './engines/llama.ts'
import { HAS_PYTHON, standIns } from './engines/stand-ins.ts'

// A further engine is one line here or in tests/real, and what is to be known of it in `engines/`.
describeEngine(llamaTiny)

describe.skipIf(!HAS_PYTHON)('drivers over stand-ins, which need Python 3.9 as `python3`', () => {
  for (const engine of standIns) describeEngine(engine)
})
