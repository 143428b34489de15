import { expect, test } from 'vitest'
import { AnswerBuilder } from '../../../../src/targets/answer.ts'
import type { HttpProtocol } from '../../../../src/targets/http-protocol.ts'
import { amsv2Protocol } from '../../../../src/targets/protocols/amsv2.ts'
import { fastdeployProtocol } from '../../../../src/targets/protocols/fastdeploy.ts'
import { lightllmProtocol } from '../../../../src/targets/protocols/lightllm.ts'
import { llamacppProtocol } from '../../../../src/targets/protocols/llamacpp.ts'
import { lmdeployProtocol } from '../../../../src/targets/protocols/lmdeploy.ts'
import { ollamaProtocol } from '../../../../src/targets/protocols/ollama.ts'
import { openaiProtocol } from '../../../../src/targets/protocols/openai/protocol.ts'
import { sglangProtocol } from '../../../../src/targets/protocols/sglang.ts'
import { tgiProtocol } from '../../../../src/targets/protocols/tgi.ts'
import { tritonProtocol } from '../../../../src/targets/protocols/triton.ts'
import { StreamReader } from '../../../../src/targets/readers.ts'

type Sampled = Pick<HttpProtocol, 'call' | 'decode' | 'framing' | 'sampleAnswer' | 'tellsFinish'>
const protocols: Sampled[] = [
  openaiProtocol,
  fastdeployProtocol,
  lightllmProtocol,
  amsv2Protocol,
  sglangProtocol,
  lmdeployProtocol,
  tgiProtocol,
  tritonProtocol,
  llamacppProtocol,
  ollamaProtocol,
]

test.each(protocols)('the sample answer of $call is a whole one', ({ tellsFinish, sampleAnswer, ...form }) => {
  const answer = new AnswerBuilder(1, true, true, tellsFinish)
  const reader = new StreamReader(form, answer, () => {})
  const bytes = Buffer.from(sampleAnswer)
  reader.read(bytes, 0, bytes.length, 1)
  reader.end()
  const { error, choices } = answer.build({ endNs: 1 }, '', true)
  expect(error).toBeUndefined()
  expect(choices[0]).toMatchObject({ chunks: 4, text: expect.stringMatching(/^Hello there, you/) as string })
})
