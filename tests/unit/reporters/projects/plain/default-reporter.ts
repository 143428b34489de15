export { LlmBenchDefaultReporter as default } from '../../../../../reporters/terminal.ts'
