// PaddleNLP llm/benchmark/rl: rollouts on an API, on PaddlePaddle and on PyTorch.
import { expect, test } from 'vitest'
import { paddle, rollout, vllm } from 'vitest-llm-bench'
import { engineModel, questions, runsOn, served, tokenizer } from './subject.ts'

test('online API', async ({ bench }) => {
  const run = await bench(
    'api_serve',
    rollout({
      batch: 8,
      n: 8,
      topP: 1,
      temperature: 0.7,
      maxTokens: served ? 8192 : 24,
      limit: served ? 512 : 16,
      ...questions,
      ...tokenizer,
    }),
  ).run()
  expect(run).toMeetSLO({ successRate: '>= 99%' })
})

test.skipIf(!runsOn('paddle'))('offline, PaddlePaddle', async ({ bench }) => {
  const engine =
    engineModel === undefined
      ? {}
      : {
          engine: paddle({
            model: engineModel,
            dtype: 'bfloat16',
            tensorParallelSize: 4,
            devices: [4, 5, 6, 7],
            maxSourceLength: 2048,
            minDecodeLength: 32,
            maxDecodeLength: 30_720,
            maxSequences: 24,
            env: {
              FLAGS_set_to_1d: 'False',
              NVIDIA_TF32_OVERRIDE: '0',
              FLAGS_dataloader_use_file_descriptor: 'False',
              HF_DATASETS_DOWNLOAD_TIMEOUT: '1',
              FLAGS_gemm_use_half_precision_compute_type: 'False',
              FLAGS_force_cublaslt_no_reduced_precision_reduction: 'True',
              FLAGS_custom_allreduce: '0',
              FLAGS_mla_use_tensorcore: '0',
              FLAGS_cascade_attention_max_partition_size: '2048',
            },
          }),
        }
  const run = await bench('paddle_infer', rollout({ ...offline(640), ...engine })).run()
  expect(run).toMeetSLO({ successRate: '>= 99%' })
})

test.skipIf(!runsOn('vllm'))('offline, PyTorch', async ({ bench }) => {
  const engine =
    engineModel === undefined
      ? {}
      : {
          engine: vllm({
            model: engineModel,
            dtype: 'bfloat16',
            tensorParallelSize: 4,
            devices: [4, 5, 6, 7],
            maxSourceLength: 2048,
            gpuMemoryUtilization: 0.8,
          }),
        }
  const run = await bench('torch_infer', rollout({ ...offline(640), ...engine })).run()
  expect(run).toMeetSLO({ successRate: '>= 99%' })
})

/** What both offline scripts ask for. */
function offline(rows: number) {
  const full = engineModel !== undefined
  return {
    batch: 4,
    n: 8,
    topP: 1,
    temperature: 1,
    minTokens: full ? 32 : 8,
    maxTokens: full ? 30_720 : 24,
    limit: full ? rows : 8,
    ...questions,
  }
}
