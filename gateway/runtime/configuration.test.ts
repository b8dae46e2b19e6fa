import { randomBytes } from 'node:crypto'
import { expect, test } from 'vitest'
import { keysFile, testConfig, testKey, testServer } from '../../e2e/wire/gateway.ts'
import { AuditLog } from '../observe/audit.ts'
import { Metrics } from '../observe/metrics.ts'
import { compileContext } from './compile.ts'
import { Configuration } from './configuration.ts'
import { OpenCalls } from './open-calls.ts'

const alice = testKey('alice', { uid: 'u1', generation: 1 })

function configured() {
  const guard = randomBytes(32)
  const audit = { write: () => undefined, stalled: () => false, close: () => Promise.resolve() }
  const log = { info: () => undefined, warn: () => undefined, error: () => undefined }
  const metrics = new Metrics()
  const services = { audit: new AuditLog(audit, 'test', 'start'), calls: new OpenCalls(Date.now), log, metrics }
  const texts = (...names: string[]) => ({
    gateway: JSON.stringify(testConfig(names.map(name => testServer(name, 'http://127.0.0.1:1/mcp')))),
    keys: JSON.stringify(keysFile(alice)),
  })
  const options = {
    texts: texts('one'),
    readSecret: () => Buffer.alloc(0),
    guard: () => [guard] as const,
    instance: 'test',
    client: [],
    audit,
    log,
  }
  const configuration = new Configuration(services, compileContext(options, []))
  expect(configuration.first(options.texts)).toEqual([])
  return { configuration, texts, metrics }
}

test('the same texts are applied once, and refused ones again at every look', () => {
  const { configuration, texts, metrics } = configured()
  const { runtime } = configuration
  expect([configuration.apply(texts('one')), configuration.runtime === runtime]).toMatchObject([{ issues: [] }, true])
  const refused = { ...texts('one'), gateway: '{' }
  for (const issues of [configuration.apply(refused).issues, configuration.apply(refused).issues])
    expect(issues).toHaveLength(1)
  expect(configuration.apply(texts('one', 'two'))).toMatchObject({ issues: [], keys: true })
  expect(Object.fromEntries(metrics.reloads.values)).toEqual({ unchanged: 1, refused: 2, applied: 1 })
})

test('once the gateway ends, no file and no withdrawal changes anything or opens anything', async () => {
  const { configuration, texts } = configured()
  const { runtime } = configuration
  await configuration.close()
  configuration.withdraw([{ uid: 'u1' }])
  expect([configuration.apply(texts('one', 'two')).hash, configuration.runtime]).toEqual([runtime.hash, runtime])
})
