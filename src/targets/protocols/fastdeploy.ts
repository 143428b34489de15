import type { FastDeployTargetSpec } from '../../dsl/native-targets.ts'
import type { HttpProtocol } from '../http-protocol.ts'
import { openaiProtocol } from './openai/protocol.ts'
import { probeOpenAI } from './openai/probe.ts'
import { requestOpenAI } from './openai/request.ts'

/** FastDeploy's OpenAI API, which has no `ignore_eos`. */
export const fastdeployProtocol: HttpProtocol<FastDeployTargetSpec> = {
  ...openaiProtocol,
  call: 'fastdeploy()',
  lacks: ['ignoreEos'],
  probe: probeOpenAI,
  request(asked, spec, model) {
    const { path, body } = requestOpenAI(asked, spec, model)
    return { path, body: { ...body, metadata: spec.training ? { training: true } : undefined } }
  },
}
