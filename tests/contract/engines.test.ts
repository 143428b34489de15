import { describeEngine } from './engine-cases.ts'
import { llamaTiny } from './engines/llama.ts'

// A further engine is one line here, and what is to be known of it in `engines/`.
describeEngine(llamaTiny)
