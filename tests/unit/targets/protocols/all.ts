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

/** What of a protocol reading an answer needs. */
type ReadProtocol = Pick<HttpProtocol, 'call' | 'decode' | 'framing' | 'sampleAnswer' | 'tellsFinish'>

/** Every protocol over HTTP: a further one is one line here. */
export const PROTOCOLS: readonly ReadProtocol[] = [
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
