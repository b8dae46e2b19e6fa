import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { randomBytes } from 'node:crypto'
import { afterAll, describe, expect, test } from 'vitest'
import { main } from './main.ts'

const folder = mkdtempSync(join(tmpdir(), 'lint-'))
afterAll(() => rmSync(folder, { recursive: true }))

async function lint(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  const said = { out: '', err: '' }
  const io = { env: {}, now: () => 0, random: randomBytes }
  const code = await main(['lint', ...args], {
    ...io,
    out: text => (said.out += text),
    err: text => (said.err += text),
  })
  return { code, ...said }
}

let count = 0
function file(text: string, name = `${count++}.yaml`): string {
  const path = join(folder, name)
  writeFileSync(path, text)
  return path
}

const object = (kind: string, name: string, spec: string): string =>
  `apiVersion: mcp.gateway.io/v1\nkind: ${kind}\nmetadata: {name: ${name}}\nspec: ${spec}\n`

describe('lint names the place and what to do when', () => {
  test.each([
    [
      'a field is misspelled',
      object('MCPServer', 'a', '{imge: x}'),
      ['4:8 spec.imge: unknown field: did you mean image?', '4:7 spec: set exactly one of image and url'],
    ],
    [
      'a deep field is misspelled',
      object('MCPServer', 'a', '\n  image: x\n  toolPolicy:\n    mode: allowlist\n    allowedTool: [x]'),
      ['8:5 spec.toolPolicy.allowedTool: unknown field: did you mean allowedTools?'],
    ],
    ['a value has the wrong type', object('MCPServer', 'a', '\n  image: x\n  port: "80"'), ['6:9 spec.port: ']],
    [
      'an entry of a list is wrong',
      object('APIKey', 'a', '{allowedServers: ["*"], digests: [sha256:12]}'),
      ['4:41 spec.digests[0]: must be sha256: and 64 hexadecimal digits'],
    ],
    [
      'a required field is missing',
      object('APIKey', 'a', '{generate: {secretName: a}}'),
      ['4:1 spec.allowedServers: is required'],
    ],
    [
      'the name is not possible',
      object('MCPServer', 'Big', '{image: x}'),
      ['3:18 metadata.name: must consist of lowercase letters'],
    ],
    [
      'two fields exclude each other',
      object('MCPServer', 'a', '{image: x, url: "http://10.0.0.1"}'),
      ['4:7 spec: set exactly one of image and url'],
    ],
    [
      'a variable is set twice',
      object('MCPServer', 'a', '{command: [x], env: [{name: A, value: b}, {name: A, value: c}]}'),
      ['4:27 spec.env: the variable A is set twice; remove one of them'],
    ],
    [
      'the transport does not go with the server',
      object('MCPServer', 'a', '{command: [x], transport: StreamableHTTP}'),
      ['4:33 spec.transport: a child process is spoken to over stdio; remove transport'],
    ],
    [
      'a Secret lacks the key that is asked for',
      `${object('MCPServer', 'a', '{command: [x], secrets: [{name: s, envVar: A, key: b}]}')}---
apiVersion: v1
kind: Secret
metadata: {name: s}
stringData: {c: d}
`,
      ['3:18 metadata.name: Secret s has no key b (it has c)'],
    ],
    ['a key stands twice', object('MCPServer', 'a', '{image: x, image: y}'), ['4:18 Map keys must be unique']],
  ])('%s', async (_, text, lines) => {
    const path = file(text)
    const { code, out } = await lint(path)
    expect(code).toBe(1)
    expect(out.trimEnd().split('\n')).toHaveLength(lines.length)
    for (const line of lines) expect(out).toContain(`${path}:${line}`)
  })
})

test('lint reads a folder in order, several documents and JSON, and is content with what is right', async () => {
  const dir = join(folder, 'good')
  mkdirSync(dir)
  writeFileSync(
    join(dir, 'a.yaml'),
    object('MCPServer', 'a', '{image: x}') + '---\n' + object('MCPGateway', 'default', '{}'),
  )
  writeFileSync(
    join(dir, 'b.json'),
    JSON.stringify({ apiVersion: 'v1', kind: 'Secret', metadata: { name: 's' }, stringData: { a: '${UNSET}' } }),
  )
  writeFileSync(join(dir, 'notes.txt'), '{]')
  writeFileSync(join(dir, '.hidden.yaml'), '{]')
  expect(await lint(dir)).toEqual({ code: 0, out: '', err: '2 objects in 2 files: 0 problems\n' })
})

test('lint shows problems of all files, however broken one of them is', async () => {
  const broken = file('{]')
  const wrong = file(object('APIKey', 'a', '{}'))
  const { out } = await lint(broken, wrong)
  expect(out).toContain(broken)
  expect(out).toContain(`${wrong}:4:1 spec.allowedServers: is required`)
})

test.each([
  [[], 2, 'name the files or folders to read'],
  [['/not/there.yaml'], 1, '/not/there.yaml: no such file or folder'],
  [[join(folder, 'empty')], 1, 'no *.yaml, *.yml or *.json in this folder'],
  [['--strict'], 2, 'unknown option --strict'],
])('lint %j ends with %i', async (args, expected, says) => {
  mkdirSync(join(folder, 'empty'), { recursive: true })
  const { code, err } = await lint(...args)
  expect(code).toBe(expected)
  expect(err).toContain(says)
})

test('lint --help teaches', async () =>
  expect(await lint('--help')).toMatchObject({
    code: 0,
    err: '',
    out: expect.stringContaining('file:line:column') as string,
  }))

test('lint is also called validate', async () => {
  const good = file(object('MCPServer', 'a', '{image: x}'))
  const said: string[] = []
  const io = { env: {}, now: () => 0, random: randomBytes, out: () => 1, err: (text: string) => said.push(text) }
  expect(await main(['validate', good], io)).toBe(0)
  expect(said).toEqual(['1 object in 1 file: 0 problems\n'])
})
