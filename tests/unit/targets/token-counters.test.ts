import { expect, test } from 'vitest'
import { prometheusText as embeddedText } from '../../../src/servers/embedded/metrics.ts'
import { prometheusText as simulatorText } from '../../../src/servers/simulator/metrics.ts'
import { countedTokens } from '../../../src/targets/token-counters.ts'

const VLLM = `# HELP vllm:generation_tokens_total Number of generation tokens processed.
# TYPE vllm:generation_tokens_total counter
vllm:generation_tokens_total{engine="0",model_name="a \\"b\\" {c}"} 1.25e+03
vllm:generation_tokens_total{engine="1",model_name="m"} 50.0 1700000000000
vllm:generation_tokens_total_created{engine="0"} 1.7e9
# TYPE vllm:prompt_tokens_total counter
vllm:prompt_tokens_total{engine="0"} 7
vllm:prompt_tokens_total{engine="1"} 0
`

test('a counter is the sum over all engines and models', () => {
  expect(countedTokens(VLLM)).toEqual({ input: 7, output: 1300 })
})

test.for([
  ['SGLang', 'sglang:prompt_tokens_total{model_name="m"} 8.0\nsglang:generation_tokens_total{model_name="m"} 3.0\n'],
  ['llama.cpp', 'llamacpp:prompt_tokens_total 8\nllamacpp:tokens_predicted_total 3\n'],
  ['LMDeploy', 'lmdeploy:prompt_tokens_total{engine="0"} 8.0\nlmdeploy:generation_tokens_total{engine="0"} 3.0\n'],
  ['TGI', 'tgi_request_input_length_sum 8\ntgi_request_generated_tokens_sum 3\n'],
  ['Windows line ends', 'llamacpp:prompt_tokens_total 8\r\nllamacpp:tokens_predicted_total 3\r\n'],
] as const)('reads the counters of %s', ([, text]) => {
  expect(countedTokens(text)).toEqual({ input: 8, output: 3 })
})

test('reads those of our own servers', () => {
  const counts = { promptTokens: 8, kvCacheUsage: 0, running: 0, waiting: 0, generationTokens: 3, succeeded: { stop: 1, length: 0 } }
  expect(countedTokens(simulatorText('a "model"\n', counts))).toEqual({ input: 8, output: 3 })
  expect(countedTokens(embeddedText({ promptTokens: 8, predictedTokens: 3, processing: 0, deferred: 0 }))).toEqual({ input: 8, output: 3 })
})

test.for([
  ['nothing', ''],
  ['a page', '<html>vllm:generation_tokens_total</html>'],
  ['metrics of something else', 'process_cpu_seconds_total 3.5\n'],
  ['rounded counts, from a million on', 'llamacpp:prompt_tokens_total 8\nllamacpp:tokens_predicted_total 1.23457e+07\n'],
  ['one of the two alone', 'llamacpp:tokens_predicted_total 3\n'],
  ['a value that is no number', 'llamacpp:prompt_tokens_total 8\nllamacpp:tokens_predicted_total NaN\n'],
  ['a line that was cut off', 'llamacpp:tokens_predicted_total 3\nllamacpp:prompt_tokens_total'],
  ['labels that do not end', 'llamacpp:prompt_tokens_total 8\nllamacpp:tokens_predicted_total{a="b 3\n'],
] as const)('has no count where there is %s', ([, text]) => {
  expect(countedTokens(text)).toBeUndefined()
})
