import { expect, test, vi } from 'vitest'
import * as servers from '../../../src/dsl/servers.ts'

const { fastdeployServer, lightllmServer, llamaServer, lmdeployServer, pplServer, sglangServer, transformersServer, vllmServer } = servers

test('vLLM, as its own documents start it', () => {
  const spec = vllmServer({
    model: '/models/llama-7b',
    tensorParallelSize: 2,
    devices: [2, 3],
    maxModelLen: 4096,
    prefixCaching: false,
    enforceEager: true,
    args: ['--swap-space', 16],
  })
  expect([spec.command, ...spec.args].join(' ')).toBe(
    'python3 -m vllm.entrypoints.openai.api_server --model /models/llama-7b --host 127.0.0.1 --port {port} ' +
      '--tensor-parallel-size 2 --max-model-len 4096 --no-enable-prefix-caching --enforce-eager --swap-space 16',
  )
  expect(spec).toMatchObject({
    name: 'vllm',
    env: { CUDA_VISIBLE_DEVICES: '2,3', PYTHONUNBUFFERED: '1' },
    ready: { url: 'http://127.0.0.1:{port}/health' },
    target: { kind: 'openai', baseURLs: ['http://127.0.0.1:{port}'] },
  })
})

test.for([
  [
    sglangServer({ model: 'm', tensorParallelSize: 4 }),
    'python3 -m sglang.launch_server --model-path m --host 127.0.0.1 --port {port} --tp-size 4',
  ],
  [
    lmdeployServer({ model: 'm', backend: 'turbomind', maxNumSeqs: 64 }),
    'python3 -m lmdeploy serve api_server m --server-name 127.0.0.1 --server-port {port} --backend turbomind --max-batch-size 64',
  ],
  [
    fastdeployServer({ model: 'm', quantization: 'wint4' }),
    'python3 -m fastdeploy.entrypoints.openai.api_server --model m --host 127.0.0.1 --port {port} --metrics-port {port2} ' +
      '--engine-worker-queue-port {port3} --cache-queue-port {port4} --quantization wint4',
  ],
  [
    lightllmServer({ model: 'm', dtype: 'bfloat16', maxTotalTokens: 150_000 }),
    'python3 -m lightllm.server.api_server --model_dir m --host 127.0.0.1 --port {port} --nccl_port {port2} --data_type bf16 ' +
      '--max_total_token_num 150000 --tokenizer_mode fast',
  ],
  [
    llamaServer({ model: 'm.gguf', parallel: 8, gpuLayers: 0 }),
    'llama-server --model m.gguf --host 127.0.0.1 --port {port} --parallel 8 --n-gpu-layers 0',
  ],
  [
    transformersServer({ model: 'm', device: 'cpu', continuousBatching: true }),
    'transformers serve m --host 127.0.0.1 --port {port} --device cpu --continuous-batching',
  ],
] as const)('%j', ([spec, line]) => {
  expect([spec.command, ...spec.args].join(' ')).toBe(line)
})

test('each is ready when its health is, asks for its version, and takes what launch() takes', () => {
  const { pplServer: _, ...others } = servers
  for (const server of Object.values(others)) {
    const spec = server({ model: 'm', port: 9000, target: { timeout: 5 }, exclusive: true, ready: { timeout: 60 } })
    expect(spec).toMatchObject({
      ready: { url: 'http://127.0.0.1:9000/health' },
      readyTimeout: 60,
      exclusive: true,
      target: { baseURLs: ['http://127.0.0.1:9000'], timeout: 5 },
    })
    expect(spec.args).toContain('9000')
  }
})

test('ppl.llm.serving is reached by gRPC, and ready when its port is open', () => {
  const spec = pplServer({ model: '/opmx/llama_7b', tokenizerPath: '/hf/tokenizer.model', tensorParallelSize: 2 })
  expect([spec.command, ...spec.args].join(' ')).toBe(
    'ppl_llm_server --model-dir /opmx/llama_7b --model-param-path /opmx/llama_7b/params.json --tokenizer-path /hf/tokenizer.model ' +
      '--tensor-parallel-size 2 --top-p 0.0 --top-k 1 --max-tokens-scale 0.94 --max-input-tokens-per-request 4096 ' +
      '--max-output-tokens-per-request 4096 --max-total-tokens-per-request 8192 --max-running-batch 1024 --max-tokens-per-step 8192 ' +
      '--host 127.0.0.1 --port {port}',
  )
  expect(spec).toMatchObject({ ready: { port: '{port}' }, target: { kind: 'ppl', baseURLs: ['grpc://127.0.0.1:{port}'] } })
})

test('each is spoken to by the target of its own, or by the OpenAI API where it has both', () => {
  expect(fastdeployServer({ model: 'm', target: { training: true } }).target).toMatchObject({ kind: 'fastdeploy', training: true })
  expect(lightllmServer({ model: 'm' }).target.kind).toBe('lightllm')
  for (const [server, native] of [
    [sglangServer, 'sglang'],
    [lmdeployServer, 'lmdeploy'],
    [llamaServer, 'llamacpp'],
  ] as const) {
    expect(server({ model: 'm', target: { endpoint: 'completions' } }).target).toMatchObject({ kind: 'openai', endpoint: 'completions' })
    expect(server({ model: 'm', protocol: 'native' }).target.kind).toBe(native)
  }
  expect(() => sglangServer({ model: 'm', protocol: 'native', target: { endpoint: 'completions' } })).toThrow(
    'sglang() has no option `endpoint`',
  )
})

test('two versions are two interpreters', () => {
  const [a, b] = ['/a/bin/python', '/b/bin/python'].map((python) => sglangServer({ model: 'm', python }))
  expect(a).toMatchObject({ command: '/a/bin/python', version: { command: '/a/bin/python' } })
  expect(b!.command).toBe('/b/bin/python')
  vi.stubEnv('LLM_BENCH_PYTHON', '/c/run python')
  expect(vllmServer({ model: 'm' })).toMatchObject({ command: '/c/run', args: expect.arrayContaining(['python', '-m']) as string[] })
  vi.unstubAllEnvs()
})

test('other words may start it, and take the same options', () => {
  const spec = transformersServer({ model: 'm', command: ['/opt/run', 'transformers', 'serve'] })
  expect([spec.command, ...spec.args.slice(0, 3)]).toEqual(['/opt/run', 'transformers', 'serve', 'm'])
  expect(spec.version).toEqual({ command: '/opt/run', args: ['transformers', 'version'] })
})

test('a bad option is named', () => {
  expect(() => vllmServer({ model: 'm', tensorParalelSize: 2 } as never)).toThrow(
    'vllmServer() has no option `tensorParalelSize`: did you mean `tensorParallelSize`?',
  )
  expect(() => sglangServer({ model: 'm', gpuMemoryUtilization: 90 })).toThrow('`gpuMemoryUtilization` is 90')
})
